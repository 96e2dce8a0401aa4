import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createApiClient } from '../../../src/cluster/api-client.ts';
import { loadKubeConfig } from '../../../src/cluster/kube-config.ts';
import { listPods } from '../../../src/cluster/live-pods.ts';
import type { VolumeTerms } from '../../../src/decision/volume-terms.ts';
import type { EmbodiedPerVcpu } from '../../../src/energy/embodied.ts';
import type { AuditItem, Workload } from '../../../src/questions/audit/audited-workload.ts';
import { type LiveWorkloads, readLiveWorkloads } from '../../../src/questions/audit/live-workloads.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { type PodApi, type PodApiOptions, startPodApi } from './pod-api.ts';

const MACHINES: Readonly<Record<string, EmbodiedPerVcpu>> = {
  'node-north': { gramsPerHour: 0.4, basis: 'looked-up', how: 'embedded table' },
  'node-east': { gramsPerHour: 1, basis: 'looked-up', how: 'own table' },
};
const UNKNOWN_MACHINE: EmbodiedPerVcpu = { gramsPerHour: 0.5, basis: 'estimated', how: 'default' };
const REGIONS: Readonly<Record<string, string>> = { 'node-north': 'eu-north-1', 'node-east': 'us-east-1' };

interface PodParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly owner?: { readonly kind: string; readonly name: string; readonly apiVersion?: string };
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly phase?: string;
  readonly createdAt?: string;
  readonly deletedAt?: string;
  readonly spec?: object;
}

function livePod(parts: PodParts): object {
  const { name = 'web-1', namespace = 'shop', owner, labels, annotations, node, phase = 'Running', spec } = parts;
  const { createdAt = '2026-11-22T08:00:00Z', deletedAt } = parts;
  return {
    metadata: {
      name,
      namespace,
      creationTimestamp: createdAt,
      ...(deletedAt && { deletionTimestamp: deletedAt }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(owner && { ownerReferences: [{ apiVersion: 'apps/v1', controller: true, uid: 'x', ...owner }] }),
    },
    spec: {
      ...(node && { nodeName: node }),
      containers: [{ name: 'main', image: 'x', resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
      ...spec,
    },
    status: { phase },
  };
}

async function serve(
  test: TestContext,
  options: Partial<PodApiOptions> & Pick<PodApiOptions, 'pods'>,
): Promise<PodApi> {
  const api = await startPodApi({ ...options, directory: makeTemporaryDirectory(test) });
  test.after(api.stop);
  return api;
}

function depsFor(test: TestContext, { kubeconfig }: PodApi, parts: Partial<LiveWorkloads> = {}): LiveWorkloads {
  const api = createApiClient(loadKubeConfig({ file: kubeconfig }));
  test.after(api.close);
  return {
    api,
    regionOf: (node) => REGIONS[node],
    machineOf: (node) => MACHINES[node] ?? UNKNOWN_MACHINE,
    volumesOf: () => [],
    progress: { show() {}, end() {} },
    ...parts,
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function readAll(deps: LiveWorkloads): Promise<readonly AuditItem[]> {
  return all(readLiveWorkloads(deps));
}

async function readPods(test: TestContext, pods: readonly PodParts[], parts?: Partial<LiveWorkloads>) {
  const api = await serve(test, { pods: { count: pods.length, at: (index) => livePod(pods[index] ?? {}) } });
  return readAll(depsFor(test, api, parts));
}

function workloadsOf(items: readonly AuditItem[]): readonly Workload[] {
  return items.flatMap((item) => (item.type === 'workload' ? [item.workload] : []));
}

function named({ namespace, kind, name }: Workload): string {
  return `${namespace}/${kind}/${name}`;
}

const FORBIDDEN = 'pods is forbidden: User "dev" cannot list resource "pods" in API group "" at the cluster scope';

describe('the workloads of running pods', () => {
  const hashed = { 'pod-template-hash': '7d4b9c' };
  const owners: readonly { readonly what: string; readonly pod: PodParts; readonly expected: string }[] = [
    { what: 'a bare pod', pod: {}, expected: 'shop/Pod/web-1' },
    {
      what: 'a Deployment, by the hash of its template',
      pod: { owner: { kind: 'ReplicaSet', name: 'web-7d4b9c' }, labels: hashed },
      expected: 'shop/Deployment/web',
    },
    {
      what: 'a ReplicaSet of nobody',
      pod: { owner: { kind: 'ReplicaSet', name: 'web-7d4b9c' } },
      expected: 'shop/ReplicaSet/web-7d4b9c',
    },
    {
      what: 'a CronJob, by the minute its Job is due',
      pod: { owner: { kind: 'Job', name: 'nightly-29384040', apiVersion: 'batch/v1' } },
      expected: 'shop/CronJob/nightly',
    },
    {
      what: 'a Job of its own',
      pod: { owner: { kind: 'Job', name: 'import-2024', apiVersion: 'batch/v1' } },
      expected: 'shop/Job/import-2024',
    },
    { what: 'a StatefulSet', pod: { owner: { kind: 'StatefulSet', name: 'db' } }, expected: 'shop/StatefulSet/db' },
    {
      what: "somebody's own kind",
      pod: { owner: { kind: 'RayCluster', name: '__proto__', apiVersion: 'ray.io/v1' } },
      expected: 'shop/RayCluster/__proto__',
    },
  ];
  for (const { what, pod, expected } of owners)
    it(`are named for ${what}`, async (test) => {
      assert.deepEqual(workloadsOf(await readPods(test, [pod])).map(named), [expected]);
    });

  it('count their pods by the region of their nodes, and those without one apart', async (test) => {
    const owner = { kind: 'StatefulSet', name: 'db' };
    const nodes = ['node-north', 'node-north', 'node-east', 'node-of-nowhere', undefined];
    const pods = nodes.map((node, index) => ({ owner, name: `db-${index}`, ...(node && { node }) }));
    const [workload, ...others] = workloadsOf(await readPods(test, pods));
    assert.equal(others.length, 0);
    assert.equal(workload?.pods, 5);
    assert.deepEqual(Object.fromEntries(workload.runsIn ?? []), { 'eu-north-1': 2, 'us-east-1': 1, '': 2 });
  });

  it('have the mean of the machines of their nodes, as well known as the worst', async (test) => {
    const owner = { kind: 'StatefulSet', name: 'db' };
    const machineOf = async (nodes: readonly (string | undefined)[]) => {
      const pods = nodes.map((node, index) => ({ owner, name: `db-${index}`, ...(node && { node }) }));
      return workloadsOf(await readPods(test, pods))[0]?.machine;
    };
    const known = await machineOf(['node-north', 'node-north', 'node-east', undefined]);
    // (2 * 0.4 + 1) / 3
    assert.deepEqual(known, { gramsPerHour: 0.6, basis: 'looked-up', how: 'embedded table, own table' });
    assert.equal((await machineOf(['node-north', 'node-of-nowhere']))?.basis, 'estimated');
    assert.equal(await machineOf([undefined]), undefined);
  });

  it('are kept apart by namespace, kind and name', async (test) => {
    const pods = [
      { owner: { kind: 'StatefulSet', name: 'db' } },
      { owner: { kind: 'DaemonSet', name: 'db' } },
      { namespace: 'other', owner: { kind: 'StatefulSet', name: 'db' } },
    ];
    assert.deepEqual(workloadsOf(await readPods(test, pods)).map(named), [
      'shop/StatefulSet/db',
      'shop/DaemonSet/db',
      'other/StatefulSet/db',
    ]);
  });

  it('are judged by the newest pod, wherever it stands in the list', async (test) => {
    const owner = { kind: 'StatefulSet', name: 'db' };
    const pods = ['08', '10', '09'].map((hour) => ({
      owner,
      createdAt: `2026-11-22T${hour}:00:00Z`,
      spec: { nodeSelector: { hour } },
    }));
    const [workload] = workloadsOf(await readPods(test, pods));
    assert.deepEqual(workload?.pod.spec?.nodeSelector, { hour: '10' });
  });

  it('leave pods that ended out, and say how many', async (test) => {
    const mirror = { 'kubernetes.io/config.mirror': 'x' };
    const items = await readPods(test, [
      { phase: 'Succeeded' },
      { phase: 'Failed' },
      { phase: 'Failed' },
      { name: 'static', annotations: mirror, owner: { kind: 'Node', name: 'node-north', apiVersion: 'v1' } },
      { name: 'leaving', deletedAt: '2026-11-22T09:00:00Z' },
    ]);
    const passed = items.flatMap((item) => (item.type === 'passed-over' ? [item.kind] : []));
    assert.deepEqual(passed, ['Pod (succeeded)', 'Pod (failed)', 'Pod (failed)']);
    assert.deepEqual(workloadsOf(items).map(named), ['shop/Pod/static', 'shop/Pod/leaving']);
  });

  it('tells labels that should be annotations', async (test) => {
    const labels = { 'gridgate.dev/class': 'flexible', app: 'web' };
    const [workload] = workloadsOf(await readPods(test, [{ node: 'node-east', labels }]));
    assert.deepEqual(workload?.misplaced, [
      'gridgate.dev/class: is a label here, which has no effect; write it as an annotation',
    ]);
  });

  it('are as their authors wrote them: bound to no node, with no record of ours', async (test) => {
    const annotations = { 'gridgate.dev/decision': '{"reason":"steered"}', 'gridgate.dev/region': 'eu-north-1' };
    const [workload] = workloadsOf(await readPods(test, [{ node: 'node-east', annotations }]));
    assert.equal(workload?.pod.spec?.nodeName, undefined);
    assert.deepEqual(workload?.pod.metadata?.annotations, { 'gridgate.dev/region': 'eu-north-1' });
    assert.equal(workload?.pod.metadata?.name, 'web-1');
  });

  it('keep their requests and the volumes that hold them', async (test) => {
    const held: readonly VolumeTerms[] = [{ volume: 'pv-1', claim: 'data', terms: [] }];
    const asked: string[] = [];
    const volumesOf: LiveWorkloads['volumesOf'] = (namespace, { spec }) => {
      asked.push(`${namespace} ${spec?.volumes?.[0]?.persistentVolumeClaim?.claimName}`);
      return held;
    };
    const spec = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }] };
    const [workload] = workloadsOf(await readPods(test, [{ spec }], { volumesOf }));
    assert.deepEqual(asked, ['shop data-db-0']);
    assert.equal(workload?.volumes, held);
    assert.deepEqual(workload?.resources.containers?.[0]?.resources?.requests, { cpu: '500m', memory: '1Gi' });
  });

  it('survive pods that hardly are some', async (test) => {
    const api = await serve(test, { pods: { count: 2, at: (index) => ({ metadata: { name: `odd-${index}` } }) } });
    assert.deepEqual(workloadsOf(await readAll(depsFor(test, api))).map(named), ['/Pod/odd-0', '/Pod/odd-1']);
  });
});

describe('listing pods', () => {
  const owned = (index: number) => livePod({ name: `web-${index}`, owner: { kind: 'StatefulSet', name: 'web' } });
  const pods = { count: 1_200, at: owned };

  it('goes page by page and says how far it is', async (test) => {
    const shown: string[] = [];
    const progress = { show: (text: string) => void shown.push(text), end: () => void shown.push('end') };
    const api = await serve(test, { pods });
    const [workload] = workloadsOf(await readAll(depsFor(test, api, { progress })));
    assert.equal(workload?.pods, 1_200);
    assert.deepEqual(
      api.asked.map((url) => new URL(url, api.url).searchParams.get('continue')),
      [null, 'from-500', 'from-1000'],
    );
    assert.deepEqual(
      shown.map((text) => text.replace(/^\[.*\] /, '')),
      ['41% of 1200 pods', '83% of 1200 pods', '100% of 1200 pods', 'end'],
    );
  });

  it('counts what came where the API server does not say how many there are', async (test) => {
    const shown: string[] = [];
    const progress = { show: (text: string) => void shown.push(text), end() {} };
    await readAll(depsFor(test, await serve(test, { pods, counts: false }), { progress }));
    assert.deepEqual(shown, ['500 pods', '1000 pods', '1200 pods']);
  });

  it('asks for one namespace alone', async (test) => {
    const api = await serve(test, { pods: { count: 1, at: owned } });
    await readAll(depsFor(test, api, { namespace: 'shop' }));
    assert.deepEqual(api.asked, ['/api/v1/namespaces/shop/pods?limit=500']);
  });

  it('goes on where it was when the list grew too old', async (test) => {
    const body = { kind: 'Status', reason: 'Expired', message: 'too old', metadata: { continue: 'from-500' } };
    const refuse = (start: number, attempt: number) =>
      start === 500 && attempt === 1 ? { status: 410, body } : undefined;
    const [workload] = workloadsOf(await readAll(depsFor(test, await serve(test, { pods, refuse }))));
    assert.equal(workload?.pods, 1_200);
  });

  it('gives up on a list that is always too old', async (test) => {
    const body = { kind: 'Status', reason: 'Expired', message: 'too old', metadata: { continue: 'from-500' } };
    const refuse = (start: number) => (start === 500 ? { status: 410, body } : undefined);
    const deps = depsFor(test, await serve(test, { pods, refuse }));
    await assert.rejects(readAll(deps), /^Error: cannot read the pods: .* 410 Expired: too old$/);
  });

  const passing = [
    { what: 'a busy API server', answer: { status: 429, headers: { 'retry-after': '7' } }, waits: 7_000 },
    { what: 'a proxy without a server behind it', answer: { status: 502, body: '<html></html>' }, waits: 1_000 },
    { what: 'a connection that breaks in the middle of a page', answer: 'cut', waits: 1_000 },
  ] as const;
  for (const { what, answer, waits } of passing)
    it(`outlives ${what}`, async (test) => {
      const refuse = (start: number, attempt: number) => (start === 500 && attempt < 4 ? answer : undefined);
      const { api } = depsFor(test, await serve(test, { pods, refuse }));
      const waited: number[] = [];
      const pause = async (ms: number) => void waited.push(ms);
      const pages = await all(listPods(api, { pause }));
      assert.deepEqual(
        pages.map(({ pods }) => pods.length),
        [500, 500, 200],
      );
      assert.deepEqual(waited, [waits, waits, waits]);
    });

  it('gives up on an API server that stays away', async (test) => {
    const { api } = depsFor(test, await serve(test, { pods, refuse: () => ({ status: 503, body: 'no endpoints' }) }));
    await assert.rejects(all(listPods(api, { pause: async () => {} })), /503: no endpoints/);
  });

  it('names -n to a caller who may not read all namespaces, and only there', async (test) => {
    const body = { kind: 'Status', reason: 'Forbidden', message: FORBIDDEN };
    const api = await serve(test, { pods, refuse: () => ({ status: 403, body }) });
    await assert.rejects(readAll(depsFor(test, api)), /: you \(dev\) may not list pods; name a namespace .* with -n$/);
    await assert.rejects(
      readAll(depsFor(test, api, { namespace: 'shop' })),
      /^Error: cannot read the pods of namespace shop: you \(dev\) may not list pods in namespace shop$/,
    );
    assert.equal(api.asked.length, 2, 'a refusal is final');
  });
});
