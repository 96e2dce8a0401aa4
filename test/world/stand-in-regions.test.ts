import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { namespaceYaml, regionYaml, writeDocuments } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';

const LABEL = 'topology.kubernetes.io/region';
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'c' }] } };
const NODES = ['eu-west-1', 'us-east-1'].map((region) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: `in-${region}`, labels: { [LABEL]: region } } }),
);
const ALL =
  /^gridgate: no Regions are given: the yearly averages of all \d+ known regions of public clouds stand in; name yours with --regions$/m;
const OF_NODES =
  /^gridgate: no Regions are given \(--regions\): yearly averages of the regions of the nodes stand in$/m;

function writeAll(test: TestContext, documents: readonly string[]): string {
  return writeDocuments(
    join(makeTemporaryDirectory(test), 'in.yaml'),
    documents.map((text) => `${text}\n`),
  );
}

describe('without --regions files are enough', { timeout: 60_000 }, () => {
  it('audit: those of the nodes in the input stand in, no others', async (test) => {
    const input = writeAll(test, [JSON.stringify(POD), ...NODES]);
    const { code, stdout, stderr } = await runCommand(['audit', '-f', input, '-o', 'json']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, OF_NODES);
    assert.deepEqual(
      new Set(stdout.match(/\b(?:eu|us)-(?:west|east|north)-\d\b/g)),
      new Set(['eu-west-1', 'us-east-1']),
    );
  });

  it('audit: Regions of the input count, and nothing stands in', async (test) => {
    const input = writeAll(test, [JSON.stringify(POD), regionYaml('mars', { gramsPerKwh: 7 })]);
    const { stdout, stderr } = await runCommand(['audit', '-f', input]);
    assert.match(stdout, /pod\/web .*mars/);
    assert.doesNotMatch(stderr, /stand in/);
  });

  it('audit: all known regions where nothing else is known', async (test) => {
    const { code, stderr } = await runCommand(['audit', '-f', writeAll(test, [JSON.stringify(POD)])]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, ALL);
  });

  it('admit: all known regions, or those of the nodes beside the namespaces', async (test) => {
    const pod = join(makeTemporaryDirectory(test), 'pod.json');
    writeFileSync(pod, JSON.stringify(POD));
    const shop = namespaceYaml('default', { mode: 'enforce' });
    const admit = (documents: readonly string[]) =>
      runCommand(['admit', '-f', pod, '--namespaces', writeAll(test, documents)]);
    const all = await admit([shop]);
    assert.match(all.stderr, ALL);
    assert.equal(all.code, 0, all.stderr);
    const ofNodes = await admit([shop, ...NODES]);
    assert.match(ofNodes.stderr, OF_NODES);
    assert.match(ofNodes.stdout, /eu-west-1/);
  });

  it('regions: all known ones with their yearly averages, cleanest first', async () => {
    const { code, stdout, stderr } = await runCommand(['regions']);
    assert.equal(code, 0);
    assert.match(stderr, ALL);
    assert.match(stdout, /^eu-north-1 +SE-SE3 +20 .*embedded/m);
  });

  it('what feeds runbooks and routers names its regions: nothing stands in', async () => {
    for (const args of [['weights'], ['regions', '--format', 'shell']]) {
      const { code, stdout, stderr } = await runCommand(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /--regions \(GRIDGATE_REGIONS\): is missing/);
    }
  });
});
