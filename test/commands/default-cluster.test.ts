import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';
import { type Stored, startApi, worldOf } from '../questions/explain/explain-api.ts';
import { NAMESPACES, NODE, REGIONS, writeDocuments } from './world-files.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: { containers: [{ name: 'c' }] },
};
const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: POD.spec };
const DEPLOYMENT = {
  metadata: { name: 'web', uid: 'd' },
  spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: TEMPLATE },
};

/** A cluster whose kubeconfig is the default one of `home`, with `shop` as the namespace of its context. */
async function startDefault(test: TestContext) {
  const pods = [{ ...POD, status: { phase: 'Pending' } } as Stored];
  const api = await startApi(test, {
    ...worldOf(),
    '/api/v1/pods': pods,
    '/api/v1/namespaces/shop/pods': pods,
    '/apis/apps/v1/namespaces/shop/deployments': [DEPLOYMENT as Stored],
    '/apis/apps/v1/namespaces/shop/replicasets': [],
    '/api/v1/nodes': [NODE],
    '/api/v1/persistentvolumeclaims': [],
  });
  const config = JSON.parse(readFileSync(api.kubeconfig, 'utf8'));
  config.contexts[0].context.namespace = 'shop';
  writeFileSync(api.kubeconfig, JSON.stringify(config));
  const home = makeTemporaryDirectory(test);
  mkdirSync(join(home, '.kube'));
  copyFileSync(api.kubeconfig, join(home, '.kube', 'config'));
  return { ...api, home };
}

describe('the cluster that kubectl would ask', { timeout: 300_000 }, () => {
  const meant: readonly [line: string, says: RegExp][] = [
    ['explain pod web', /web.*shop|shop.*web/s],
    ['explain deployments.apps/web', /web.*shop|shop.*web/s],
    ['explain deploy/web -o json', /"kind": "Deployment"/],
    ['audit --live', /web/],
    ['audit --live -A -n nowhere -o json', /"name": "web"/],
    ['regions', /eu-north .*50/],
    ['regions -o yaml', /name: eu-north/],
    ['weights -o table', /eu-north +50\.00/],
    ['preflight --target-version 1.33', /1\.33/],
  ];
  for (const [line, says] of meant)
    it(`is asked by ${line}`, async (test) => {
      const { home, kubeconfig, asked } = await startDefault(test);
      for (const env of [{ HOME: home }, { KUBECONFIG: `/nowhere/config:${kubeconfig}` }]) {
        const { code, stdout, stderr } = await runCommand(line.split(' '), { env });
        assert.ok(code === 0 || code === 1, `${code} ${stderr}`);
        assert.match(stdout, says);
        assert.ok(asked.splice(0).length > 0);
      }
    });

  it("is asked by admit, in its context's namespace where the pod names none", async (test) => {
    const { home, asked } = await startDefault(test);
    const pod = join(makeTemporaryDirectory(test), 'pod');
    writeFileSync(pod, JSON.stringify({ ...POD, metadata: { name: 'web' } }));
    const { code, stdout, stderr } = await runCommand(['admit', '-f', pod], { env: { HOME: home } });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Pod\/web in namespace shop$/m);
    assert.ok(asked.includes('/api/v1/nodes'));
  });

  const ofFiles = [
    'audit -f @pod',
    'audit -f @pod --regions @regions',
    'admit -f @pod --regions @regions --namespaces @namespaces',
    'regions --regions @regions',
    'weights --regions @regions',
    'weights --lbs-per-mwh a=1000',
    'preflight -f @nodes',
    'explain pod web --regions @regions',
    'audit --live --regions @regions',
    'spillover --region us-west-2 --to eu-central-1 --bytes 1e12',
  ];
  for (const line of ofFiles)
    it(`is not asked by ${line}`, async (test) => {
      const { home, asked } = await startDefault(test);
      const directory = makeTemporaryDirectory(test);
      writeDocuments(join(directory, 'regions'), REGIONS);
      writeDocuments(join(directory, 'namespaces'), NAMESPACES);
      writeFileSync(join(directory, 'pod'), JSON.stringify(POD));
      writeFileSync(join(directory, 'nodes'), JSON.stringify(NODE));
      const args = line.split(' ').map((word) => word.replace(/^@/, `${directory}/`));
      const { stderr } = await runCommand(args, { env: { HOME: home } });
      assert.deepEqual(asked, [], stderr);
    });

  it('is asked beside files where it is named', async (test) => {
    const { kubeconfig, asked } = await startDefault(test);
    const directory = makeTemporaryDirectory(test);
    writeFileSync(join(directory, 'pod'), JSON.stringify(POD));
    const { stderr } = await runCommand(['audit', '-f', join(directory, 'pod'), '--kubeconfig', kubeconfig]);
    assert.ok(asked.includes('/api/v1/nodes'), stderr);
  });

  it('is named with all ways to name it, where it is missing', async () => {
    for (const line of ['explain pod web', 'audit --live', 'preflight']) {
      const { code, stderr } = await runCommand(line.split(' '), { env: { HOME: '/nowhere' } });
      assert.equal(code, 2);
      assert.match(stderr, /--kubeconfig \(GRIDGATE_KUBECONFIG\) or KUBECONFIG, or have a ~\/\.kube\/config$/m);
    }
    const beside = await runCommand(['audit', '--live', '--regions', 'package.json'], { env: { HOME: '/nowhere' } });
    assert.match(beside.stderr, /beside --regions neither KUBECONFIG nor ~\/\.kube\/config is read/);
  });

  it('-A means nothing for files', async () => {
    const { code, stderr } = await runCommand(['audit', '-f', 'package.json', '-A']);
    assert.equal(code, 2);
    assert.match(stderr, /--all-namespaces: needs --live/);
  });
});
