/**
 * `npm run bench-scaling`: 200 RegionalAutoscalers of 1,000 Deployments and 500 carbon budgets over 10,000 pods on a real API server: how long
 * one loop of each controller takes, how long it keeps others waiting, and how many writes a minute it takes while load and grid change a little.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { readPodUsages } from '../../src/cluster/pod-metrics.ts';
import { createCarbonBudgets } from '../../src/controllers/carbon-budgets/controller.ts';
import type { Controller } from '../../src/controllers/manager.ts';
import { type Clock, MONOTONIC } from '../../src/controllers/pace.ts';
import { createRegionalAutoscaler } from '../../src/controllers/regional-autoscaler/controller.ts';
import { createWorkloads, type Workloads } from '../../src/controllers/workloads.ts';
import { createPodPower } from '../../src/replica/pod-power.ts';
import { inParallel } from '../../src/units/in-parallel.ts';
import { makeNode, makePolicy, makeSnapshot } from '../builders.ts';
import { applyObjects } from '../cluster/controllers-account.ts';
import { ofKind, renderWith } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { type Figure, keepsLimit, median, report } from './figures.ts';

const AUTOSCALERS = 200;
const REGIONS = ['a', 'b', 'c', 'd', 'e'];
const BUDGETS = 500;
const PODS = 10_000;
const NODES = 500;
const NAMESPACES = 20;
const AT_ONCE = 32;
/** So much faster go the clocks of the controllers: their loops of 30 s come each 3 s. */
const FASTER = 10;
const SETTLE_MS = 15_000;
const MEASURED_MS = 60_000;
const DEFAULTS = {
  loopMs: 30_000,
  cooldownMs: 300_000,
  holdCycles: 3,
  stepLimit: 1,
  min: 1,
  max: 10,
  scaleUp: 70,
  scaleDown: 30,
};
const LOG = pino({ level: 'silent' });
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly pods: number;
  readonly region: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const namespaceOf = (index: number) => `team-${index % NAMESPACES}`;
const targets = Array.from({ length: AUTOSCALERS * REGIONS.length }, (_, index): Workload => {
  const [autoscaler, region] = [Math.floor(index / REGIONS.length), index % REGIONS.length];
  return { namespace: namespaceOf(autoscaler), name: `web-${autoscaler}-${REGIONS[region]}`, pods: 5, region };
});
const budgeted = Array.from(
  { length: BUDGETS },
  (_, index): Workload => ({
    namespace: namespaceOf(index),
    name: `batch-${index}`,
    pods: (PODS - targets.length * 5) / BUDGETS,
    region: index % REGIONS.length,
    annotations: { 'gridgate.dev/carbon-budget': '1', 'gridgate.dev/min-replicas': '1' },
  }),
);

const figures: Figure[] = [];
if (skip) process.stdout.write('skipped: no control plane here; make control-plane builds one\n');
else {
  await using controlPlane = await startControlPlane({ workers: [] });
  await fill(controlPlane);
  await measure(controlPlane);
  process.exitCode = figures.some((figure) => !keepsLimit(figure)) ? 1 : 0;
}

async function fill(controlPlane: ControlPlane): Promise<void> {
  const crds = ofKind(await renderWith(controlPlane, 'base', ['regional-autoscaler']), 'CustomResourceDefinition');
  await applyObjects(controlPlane, crds);
  const create = async (path: string, object: object) => {
    const { status, body } = await controlPlane.request('POST', path, object);
    if (status !== 201) throw new Error(`POST ${path} answers ${status}: ${JSON.stringify(body)}`);
  };
  for (let index = 0; index < NAMESPACES; index++)
    await create('/api/v1/namespaces', { metadata: { name: namespaceOf(index) } });
  await inParallel([...targets, ...budgeted], AT_ONCE, async (one) => {
    const path = `/apis/apps/v1/namespaces/${one.namespace}/deployments`;
    await create(path, deployment(one));
    const status = { replicas: one.pods, readyReplicas: one.pods };
    await controlPlane.request('PATCH', `${path}/${one.name}/status`, { status }, MERGE_PATCH);
  });
  const pods = [...targets, ...budgeted].flatMap((one) => Array.from({ length: one.pods }, (_, i) => pod(one, i)));
  await inParallel(pods, AT_ONCE, async (one) => {
    const path = `/api/v1/namespaces/${one.metadata.namespace}/pods`;
    await create(path, one);
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await controlPlane.request('PATCH', `${path}/${one.metadata.name}/status`, { status }, MERGE_PATCH);
  });
  const resource = '/apis/gridgate.dev/v1alpha1';
  await controlPlane.waitFor('the RegionalAutoscaler resource', async () => {
    const { status } = await controlPlane.request('GET', `${resource}/regionalautoscalers`);
    return status === 200 || undefined;
  });
  await inParallel(
    Array.from({ length: AUTOSCALERS }, (_, i) => i),
    AT_ONCE,
    (index) => create(`${resource}/namespaces/${namespaceOf(index)}/regionalautoscalers`, autoscaler(index)),
  );
}

function deployment({ name, pods, annotations }: Workload) {
  const labels = { app: name };
  const template = {
    metadata: { labels, annotations: { 'gridgate.dev/class': 'flexible' } },
    spec: { containers: [container()] },
  };
  return { metadata: { name, annotations }, spec: { replicas: pods, selector: { matchLabels: labels }, template } };
}

function container() {
  return { name: 'main', image: 'nginx', resources: { requests: { cpu: '500m', memory: '512Mi' } } };
}

function pod({ namespace, name, region }: Workload, index: number) {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: `${name}-5d4`,
    uid: `uid-${name}`,
    controller: true,
  };
  return {
    metadata: {
      namespace,
      name: `${name}-5d4-${index}`,
      labels: { app: name, 'pod-template-hash': '5d4' },
      ownerReferences: [owner],
    },
    spec: {
      nodeName: `node-${region + REGIONS.length * (index % (NODES / REGIONS.length))}`,
      containers: [container()],
    },
  };
}

function autoscaler(index: number) {
  const all = REGIONS.map((region) => ({ region, deployment: `web-${index}-${region}`, min: 1, max: 20 }));
  return {
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'RegionalAutoscaler',
    metadata: { name: `web-${index}` },
    spec: { targets: all, rebalance: true },
  };
}

/** metrics.k8s.io as its clients see it: load around half of what is requested, another each time. */
async function serveMetrics() {
  const names = [...targets, ...budgeted].flatMap(({ namespace, name, pods }) =>
    Array.from({ length: pods }, (_, index) => ({ namespace, name: `${name}-5d4-${index}` })),
  );
  const server = createServer((_, response) => {
    const timestamp = new Date().toISOString();
    const items = names.map((metadata, index) => {
      const cpu = `${Math.round(250 + 50 * Math.sin(index + Date.now() / 20_000))}m`;
      return { metadata, timestamp, window: '15s', containers: [{ name: 'main', usage: { cpu, memory: '300Mi' } }] };
    });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', items }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  config.loadFromClusterAndUser(
    { name: 'metrics', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'bench' },
  );
  const api = createApiClient(config);
  let asked = 0;
  return {
    async usages(signal: AbortSignal) {
      const reading = await readPodUsages(api, { signal });
      if (!('usages' in reading) || reading.usages.size !== PODS) throw new Error('not all usages were read');
      asked += 1;
      return reading;
    },
    asked: () => asked,
    stop() {
      api.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function measure(controlPlane: ControlPlane): Promise<void> {
  const api = createApiClient(loadKubeConfig({ file: controlPlane.kubeconfig }));
  const metrics = await serveMetrics();
  const nodes = Array.from({ length: NODES }, (_, i) => makeNode(`node-${i}`, `${REGIONS[i % REGIONS.length]}/1`));
  const startedAt = Date.now();
  const now = () => startedAt + (Date.now() - startedAt) * FASTER;
  /** The grids go up and down by a tenth within an hour, all alike: no move pays. */
  const grams = () => 100 + 10 * Math.sin(now() / 600_000);
  const snapshot = () => makeSnapshot(Object.fromEntries(REGIONS.map((name) => [name, grams()])), { nodes });
  let writes = 0;
  const real = createApiWriter({ api, mayWrite: () => void writes++ });
  const base = createWorkloads({ api, log: LOG });
  const workloads: Workloads = { ...base, usages: metrics.usages };
  const parts = { api, writer: real, workloads, instance: 'bench', now, log: LOG, snapshot, mode: () => 'on' as const };
  const [regionalClock, budgetClock] = [createRoundClock(), createRoundClock()];
  const controllers: readonly Controller[] = [
    base,
    createRegionalAutoscaler({
      ...parts,
      ownNamespace: 'gridgate-system',
      clock: regionalClock.clock,
      wouldRunIn: () => true,
      defaults: DEFAULTS,
    }),
    createCarbonBudgets({
      ...parts,
      clock: budgetClock.clock,
      namespaces: () =>
        Array.from({ length: NAMESPACES }, (_, i) => ({ name: namespaceOf(i), labels: {}, annotations: {} }) as never),
      ownNamespace: 'gridgate-system',
      policyOf: () => makePolicy({}),
      settings: () => ({ holdCycles: 3, loopMs: 30_000 }),
      readPower: createPodPower({
        energy: () => ({}) as never,
        env: {},
        workloads,
        topology: () => snapshot().topology,
        now: Date.now,
      }),
    }),
  ];
  for (const one of controllers) one.start();
  try {
    await until(() => workloads.synced() && [...workloads.pods()].length === PODS);
    await pause(SETTLE_MS);
    const settled = writes;
    for (const one of [regionalClock, budgetClock]) one.rounds.length = 0;
    const before = metrics.asked();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = process.cpuUsage();
    await pause(MEASURED_MS);
    delay.disable();
    const used = process.cpuUsage(cpu);
    if (metrics.asked() === before) throw new Error('nobody asked what pods use');
    const share = (100 * (used.user + used.system)) / 1_000 / MEASURED_MS;
    const blocked = `the event loop waited ${(delay.max / 1e6).toFixed(0)} ms at most, ${(delay.percentile(99) / 1e6).toFixed(0)} in 99 of 100; ${share.toFixed(0)}% of a CPU with loops ${FASTER} times as often`;
    tellLoop(
      `one loop over ${AUTOSCALERS} autoscalers with ${targets.length} targets, ${PODS} pods`,
      regionalClock.rounds,
      blocked,
    );
    tellLoop(`one loop over ${BUDGETS} budgets, ${PODS} pods`, budgetClock.rounds);
    const minutes = (MEASURED_MS * FASTER) / 60_000;
    const name = `writes of ${AUTOSCALERS} autoscalers and ${BUDGETS} budgets in steady state, statuses and Events included`;
    const detail = `${settled} to settle`;
    report(
      figures,
      { name, value: (writes - settled) / minutes, unit: 'a minute', limit: 60, keep: 'at most' },
      detail,
    );
  } finally {
    for (const one of controllers.toReversed()) await one.stop();
    metrics.stop();
    api.close();
  }
}

/** The longest counts: many rounds in between have nothing to do. */
function tellLoop(name: string, rounds: readonly number[], more = ''): void {
  const detail = `${rounds.length} of them, ${(median(rounds) / 1_000).toFixed(3)} s at the median`;
  const value = Math.max(...rounds) / 1_000;
  report(figures, { name, value, unit: 's', limit: 2, keep: 'at most' }, more === '' ? detail : `${detail}; ${more}`);
}

/** A clock that goes faster, and notes how long those who wait by it work in between, milliseconds of real time. */
function createRoundClock() {
  const rounds: number[] = [];
  let workedSince = performance.now();
  const clock: Clock = {
    now: () => MONOTONIC.now() * FASTER,
    async pause(ms, signal) {
      const worked = performance.now() - workedSince;
      if (worked > 1) rounds.push(worked);
      try {
        return await MONOTONIC.pause(ms / FASTER, signal);
      } finally {
        workedSince = performance.now();
      }
    },
  };
  return { clock, rounds };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(100);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
