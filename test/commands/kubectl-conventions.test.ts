import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import type { Finished } from '../process/finished.ts';
import { runCommand } from '../process/run-command.ts';
import { type Stored, startApi, worldOf } from '../questions/explain/explain-api.ts';
import { wordsOf } from './command-lines.ts';

async function run(test: TestContext, line: string): Promise<Finished> {
  return runCommand(await wordsOf(test, line));
}

describe('-o', () => {
  it('name prints what kubectl would, and takes', async (test) => {
    const regions = await run(test, 'regions --regions @regions -o name');
    const names = ['eu-west', 'eu-north', 'us-west', 'eu-central'].map((name) => `region.gridgate.dev/${name}\n`);
    assert.deepEqual([regions.code, regions.stdout.split(/(?<=\n)/).sort()], [0, names.sort()]);
    const outages = await run(test, 'outage list --kubeconfig @cluster -o name');
    assert.match(outages.stdout, /^(region\.gridgate\.dev\/(eu-north|us-west|us-east)\n){3}$/);
  });

  it('name prints of an audit what its exit code 1 is about', async (test) => {
    const pinned = await run(test, 'audit -f @pinned --regions @regions --namespaces @namespaces -o name');
    assert.deepEqual([pinned.code, pinned.stdout], [1, 'pod/web\n']);
    const free = await run(test, 'audit -f @free --regions @regions --namespaces @namespaces -o name');
    assert.deepEqual([free.code, free.stdout], [0, '']);
    const input = JSON.stringify(wronglyAnnotated('Deployment', 'apps/v1'));
    const args = await wordsOf(test, 'audit -f - --regions @regions --namespaces @namespaces -o name');
    assert.equal((await runCommand(args, { input })).stdout, 'deployment.apps/agent\n');
  });

  it('wide says more of regions, and of an audit cuts nothing', async (test) => {
    const { stdout } = await run(test, 'regions --regions @regions -o wide');
    assert.match(stdout, /^NAME .* AGE +FRESHNESS +SIGNAL +MEASURED +OUTAGE SAYS\n/);
    assert.match(stdout, /^eu-west .*DOWN: power loss .*fresh +average-lifecycle +\S+ +manual$/m);
    const args = await wordsOf(test, 'audit -f @pinned --regions @regions --namespaces @namespaces');
    const narrow = await runCommand(args, { env: { COLUMNS: '80' } });
    const wide = await runCommand([...args, '-o', 'wide'], { env: { COLUMNS: '80' } });
    assert.doesNotMatch(narrow.stdout, / PODS /);
    assert.match(wide.stdout, /^WORKLOAD +PODS +DECISION /m);
  });

  const REFUSED: Readonly<Record<string, RegExp>> = {
    'preflight -f @nodes --regions @regions -o name':
      /--output: "name" is not allowed; give one of table, json, yaml$/m,
    'outage list --kubeconfig @cluster -o wide': /"wide" is not allowed; give one of table, name, json, yaml$/m,
    'weights --regions @regions -o wide': /"wide" is not allowed; give one of table, json, yaml$/m,
    'regions -o sarif': /"sarif" is not allowed; give one of table, wide, name, json, yaml$/m,
    'regions --regions @regions --check -o name': /beside --check give one of table, json, yaml$/m,
  };
  for (const [line, says] of Object.entries(REFUSED))
    it(`is refused with what there is: ${line}`, async (test) => {
      const { code, stdout, stderr } = await run(test, line);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
});

describe('-l', () => {
  const pod = (name: string, app: string): Stored =>
    ({
      metadata: { name, namespace: 'shop', labels: { app } },
      spec: { containers: [{ name: 'c' }] },
      status: { phase: 'Pending' },
    }) as unknown as Stored;

  it('audits the pods whose labels fit', async (test) => {
    const pods = [pod('web-1', 'web'), pod('db-1', 'db')];
    const { kubeconfig } = await startApi(test, { ...worldOf(), '/api/v1/pods': pods });
    const named = async (...more: readonly string[]) => {
      const { stdout } = await runCommand(['audit', '--live', '--kubeconfig', kubeconfig, '-o', 'json', ...more]);
      return JSON.parse(stdout).workloads.map(({ name }: { name: string }) => name);
    };
    assert.deepEqual(await named(), ['web-1', 'db-1']);
    assert.deepEqual(await named('-l', 'app=web'), ['web-1']);
  });

  it('counts the nodes whose labels fit, and says where none does', async (test) => {
    const node = (name: string, pool: string): Stored =>
      ({
        metadata: { name, labels: { [REGION_LABEL]: 'eu-north', pool } },
        status: { nodeInfo: { kubeletVersion: 'v1.33.0', architecture: 'arm64' } },
      }) as unknown as Stored;
    const nodes = [node('n1', 'web'), node('n2', 'batch'), node('n3', 'batch')];
    const { kubeconfig } = await startApi(test, { ...worldOf(), '/api/v1/nodes': nodes });
    const preflight = (selector: string) =>
      runCommand(['preflight', '--kubeconfig', kubeconfig, '--assume-policy', 'none', '-o', 'json', '-l', selector]);
    assert.equal(JSON.parse((await preflight('pool=batch')).stdout).total.nodes, 2);
    const none = await preflight('pool=gpu');
    assert.equal(none.code, 2);
    assert.match(none.stderr, /--selector: no node has labels that fit pool=gpu$/m);
  });

  const REFUSED: Readonly<Record<string, RegExp>> = {
    'audit -f @free -l app=web': /--selector: needs --live/,
    'audit --live --report --kubeconfig @cluster -l app=web': /--selector: means nothing beside --report/,
    'preflight -f @nodes --regions @regions -l a=b': /--selector: means nothing beside --filename/,
    'audit --live --kubeconfig @cluster -l app=web,': /--selector: "app=web," is not allowed; give a label selector/,
  };
  for (const [line, says] of Object.entries(REFUSED))
    it(`is refused: ${line}`, async (test) => {
      const { code, stderr } = await run(test, line);
      assert.equal(code, 2);
      assert.match(stderr, says);
    });
});

describe('-w', () => {
  const REFUSED: Readonly<Record<string, RegExp>> = {
    'regions -w --regions @regions': /--watch: means nothing beside --regions/,
    'regions -w --check --format shell': /--watch: means nothing beside --check, --format/,
    'regions -w': /--watch: follows the Regions of a cluster, and none is named: give --kubeconfig/,
    'outage clear eu-north -w --kubeconfig @cluster': /outage clear takes no --watch/,
  };
  for (const [line, says] of Object.entries(REFUSED))
    it(`is refused: ${line}`, async (test) => {
      const { code, stderr } = await run(test, line);
      assert.equal(code, 2);
      assert.match(stderr, says);
    });

  it('ends where the cluster cannot be read at first', async (test) => {
    for (const line of ['regions -w --kubeconfig @away', 'outage list -w --kubeconfig @away'])
      assert.equal((await run(test, line)).code, 3);
  });
});

function wronglyAnnotated(kind: string, apiVersion: string): object {
  const metadata = { labels: { app: 'agent' }, annotations: { 'gridgate.dev/class': 'criticl' } };
  const template = { metadata, spec: { containers: [{ name: 'c' }] } };
  return { apiVersion, kind, metadata: { name: 'agent', namespace: 'shop' }, spec: { template } };
}
