import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGION_LABEL } from '../builders.ts';
import { ACCOUNT_KINDS, applyObjects } from '../cluster/controllers-account.ts';
import { COMPONENTS, ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { NODE_CLASS_REF, NODE_POOLS_PATH } from '../control-plane/karpenter.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { autoscalerStatus } from '../controllers/autoscaler-status.ts';
import { startFakeJoules } from '../process/fake-joules.ts';
import { createSettableClock } from '../process/fake-time.ts';
import { startGridProvider } from '../process/grid-provider.ts';
import { nodePool } from './following-pools.ts';
import { startLiveCluster } from './live-cluster.ts';
import { deployment, pod, prefixed, requesting } from './objects.ts';

const HOUR_MS = 3_600_000;
const LONG_MS = 180_000;
const CONFIG_MAPS = '/api/v1/namespaces/kube-system/configmaps';
const CLAIMS = '/apis/karpenter.sh/v1/nodeclaims';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const ZONES = { DE: 290, PL: 500 };
const WATTS = 400;
/** Without a budget for it no pool is narrowed. */
const DRIFTING = { budgets: [{ nodes: '1', reasons: ['Drifted'] }], consolidateAfter: 'Never' };
/** Of one namespace. */
const MOST_BUDGETS = 200;

const NAMESPACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  shop: { mode: 'enforce', 'home-region': 'dirty', 'max-intensity': '1000' },
  strict: { mode: 'enforce', regions: 'clean' },
  dry: { mode: 'warn', regions: 'clean' },
  bank: { mode: 'warn', regions: 'mars-*' },
  stay: { mode: 'warn', 'home-region': 'clean', regions: 'dirty', 'max-intensity': '1000' },
  batch: { mode: 'enforce', defer: '12h', 'home-region': 'dirty' },
  observability: { mode: 'warn', 'carbon-budget': '0.01' },
  unmetered: { mode: 'warn', 'carbon-budget': '9' },
  many: { mode: 'audit' },
};

interface Watchers {
  /** Before anything of gridgate runs. */
  readonly onStart: (controlPlane: ControlPlane) => Promise<void>;
  /** Of each replica, once it is ready: where it tells its metrics. */
  readonly onReplica: (operators: string) => void;
}

/**
 * A live cluster with all components, in which everything happens that gridgate has a metric of: denials, an outage, a region that
 * nobody measures, work that waits and was let go, a budget that is exceeded, one that cannot be followed, nodes replaced. Before the
 * webhook is there, a pod has passed unsteered. Its clock can be set, so libfaketime has to be there.
 */
export async function startBusyCluster({ onStart, onReplica }: Watchers) {
  await using cleanup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  const now = Math.floor(Date.now() / HOUR_MS);
  const cleanHour = now + 3;
  const provider = await startGridProvider(new Map(Object.entries(ZONES)));
  cleanup.defer(() => provider[Symbol.asyncDispose]());
  Object.assign(provider, {
    pastHours: 24,
    forecastHours: 48,
    offBy: (hour: number) => ((hour - cleanHour) % 24 === 0 ? -200 : 0),
    hour: () => now,
  });
  const joules = await startFakeJoules(async () => {
    const { items } = await send('GET', '/api/v1/pods');
    return items
      .filter(({ metadata }: Rendered) => metadata.namespace !== 'unmetered')
      .map(({ metadata: { namespace, name } }: Rendered) => ({ namespace, pod: name, watts: WATTS }));
  });
  cleanup.defer(joules.stop);
  const clock = createSettableClock(directory, 'wall');
  let aheadS = 0;
  const instanceTypes = join(directory, 'types.json');
  writeFileSync(instanceTypes, JSON.stringify(['clean', 'dirty'].map(machineIn)));
  const query = 'sum by (namespace, pod) (rate(joules_total[1m]))';
  const cluster = await startLiveCluster({
    regions: {
      clean: { gridZone: 'DE' },
      dirty: { gridZone: 'PL' },
      down: { gramsPerKwh: 900, outage: { active: true, reason: 'a drill' } },
      unmeasured: { gridZone: 'ZA' },
    },
    config: {
      sources: [{ type: 'electricity-maps', url: provider.url, token: { env: 'TOKEN' } }],
      budgets: { loop: '5s', energy: { prometheus: { url: joules.url, query } } },
      overlays: { carbonPrice: 1, instanceTypes },
    },
    env: { ...clock.env, TOKEN: 's3cret' },
    replicas: { controllers: 0, webhook: 0 },
  });
  cleanup.defer(cluster.stop);
  const { controlPlane, send, request, waitFor, createNamespace } = cluster;

  const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const create = (namespace: string, object: Rendered) => send('POST', deployments(namespace), object);
  const tryPod = (namespace: string, name: string, spec: object) =>
    request('POST', `/api/v1/namespaces/${namespace}/pods`, pod(name, spec));

  const groupsNow = () => autoscalerStatus(['workers.clean.1', 'workers.dirty.1'], Date.now() + aheadS * 1_000);
  const writeGroups = () => cluster.patch(`${CONFIG_MAPS}/cluster-autoscaler-status`, groupsNow());

  function advance(seconds: number): void {
    aheadS += seconds;
    clock.set(aheadS);
  }

  async function installComponents(): Promise<void> {
    await controlPlane.installKarpenter();
    const objects = await renderWith(controlPlane, 'base', COMPONENTS);
    await applyObjects(controlPlane, ofKind(objects, ...ACCOUNT_KINDS, 'CustomResourceDefinition'));
    await send('POST', CONFIG_MAPS, groupsNow());
    const writer = setInterval(() => void writeGroups().catch(() => {}), 5_000); // as Cluster Autoscaler does
    cleanup.defer(() => clearInterval(writer));
    await send('POST', CONFIG_MAPS, {
      metadata: {
        name: 'cluster-autoscaler-priority-expander',
        annotations: prefixed({ priorities: '100-199' }),
      },
      data: { priorities: '10:\n  - .*\n' },
    });
  }

  async function passUnsteered(): Promise<void> {
    await waitFor('the label of each namespace', async () => {
      const { items } = await send('GET', '/api/v1/namespaces');
      const managed = items.filter(({ metadata }: Rendered) => metadata.labels['gridgate.dev/managed'] === 'true');
      return (
        Object.keys(NAMESPACES).every((name) => managed.some(({ metadata }: Rendered) => metadata.name === name)) ||
        undefined
      );
    });
    for (let i = 0; i < 3; i++) await tryPod('shop', `unsteered-${i}`, {});
  }

  async function deny(): Promise<void> {
    const nodeSelector = { [REGION_LABEL]: 'dirty' };
    await waitFor('a denial', async () => {
      const { status } = await tryPod('strict', `denied-${Date.now()}`, { nodeSelector });
      return status === 403 || undefined;
    });
    await tryPod('dry', 'would-be-denied', { nodeSelector });
  }

  async function runWorkloads(): Promise<void> {
    const spec = { containers: [requesting({ cpu: '2', memory: '4G' })] };
    for (const namespace of ['shop', 'stay', 'unmetered']) await create(namespace, deployment('web', 2, spec));
    const loki = deployment('loki', 2, {}, { class: 'flexible' });
    loki.metadata.annotations = prefixed({ 'min-replicas': '1' });
    await create('observability', loki);
    for (let i = 0; i <= MOST_BUDGETS; i++) {
      const idle = deployment(`idle-${i}`, 0);
      idle.metadata.annotations = prefixed({ 'carbon-budget': '1' });
      await create('many', idle);
    }
  }

  async function scaleRegions(): Promise<void> {
    const targets = ['clean', 'dirty'].map((region) => ({ region, deployment: region, min: 1, max: 3 }));
    for (const { region } of targets)
      await create('shop', deployment(region, 0, { nodeSelector: { [REGION_LABEL]: region } }));
    await send('POST', '/apis/gridgate.dev/v1alpha1/namespaces/shop/regionalautoscalers', {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'RegionalAutoscaler',
      metadata: { name: 'web' },
      spec: { loop: '5s', cooldown: '1s', holdCycles: 1, simulate: true, targets },
    });
  }

  /** Karpenter itself is not there: its nodes drift and go as it would have them. */
  async function replaceNodes(leader: string): Promise<void> {
    const requirements = [{ key: REGION_LABEL, operator: 'In', values: ['clean', 'dirty'] }];
    const annotations = { 'carbon-aware': 'requirement', threshold: '350' };
    await send(
      'POST',
      NODE_POOLS_PATH,
      nodePool('wide', { annotations, requirements, spec: { disruption: DRIFTING } }),
    );
    let isThere = false;
    let count = 0;
    const name = () => `wide-${count}`;
    await waitFor('nodes to be replaced', async () => {
      const text = await (await fetch(`${leader}/metrics`)).text();
      if (/^gridgate_node_pool_replaced_nodes_total\{/m.test(text)) return true;
      if (isThere) await send('DELETE', `${CLAIMS}/${name()}`);
      else {
        count += 1;
        await send('POST', CLAIMS, nodeClaim(name()));
        const status = { conditions: ['Drifted', 'DisruptionReason'].map(disrupted) };
        await send('PATCH', `${CLAIMS}/${name()}/status`, { status }, MERGE_PATCH);
      }
      isThere = !isThere;
      return undefined;
    });
  }

  /** Until the leader has learnt, and the webhook has heard of it, Jobs start at once. */
  async function wait(): Promise<void> {
    const jobs = '/apis/batch/v1/namespaces/batch/jobs';
    const podOf = async (job: string): Promise<Rendered> =>
      (await send('GET', `/api/v1/namespaces/batch/pods?labelSelector=batch.kubernetes.io/job-name=${job}`)).items[0];
    let count = 0;
    const job = await waitFor(
      'a Job whose pod waits',
      async () => {
        const name = `train-${++count}`;
        await send('POST', jobs, jobNamed(name));
        const { spec } = await waitFor(`the pod of ${name}`, () => podOf(name));
        if (spec.schedulingGates) return name;
        await send('DELETE', `${jobs}/${name}?propagationPolicy=Background`);
        return undefined;
      },
      LONG_MS,
    );
    await waitFor('its plan', async () => (await podOf(job)).metadata.annotations?.['gridgate.dev/waits']);
    for (const [zone, grams] of Object.entries(ZONES)) provider.zones.set(zone, grams - 200);
    provider.hour = () => cleanHour;
    advance((cleanHour * HOUR_MS - Date.now()) / 1_000 + 60);
    await waitFor('its node', async () => (await podOf(job)).spec.nodeName, LONG_MS);
    advance(2 * 3_600); // its run has ended, and what it saved is counted
  }

  await onStart(controlPlane);
  await installComponents();
  const flags = ['node-pools', 'node-overlays', 'priority-expander', 'regional-autoscaler', 'carbon-budgets'];
  const leader = await cluster.startReplica('controllers', ...flags.flatMap((name) => [`--${name}`, 'on']));
  onReplica(leader.operators);
  for (const [name, annotations] of Object.entries(NAMESPACES)) await createNamespace(name, annotations);
  await passUnsteered();
  const webhook = await cluster.startReplica('webhook');
  onReplica(webhook.operators);
  await askForNothing(webhook.webhook);
  await deny();
  await Promise.all([runWorkloads(), scaleRegions(), replaceNodes(leader.operators)]);
  await wait();

  const owned = cleanup.move();
  return { ...cluster, leader, webhook, stop: () => owned.disposeAsync() };
}

function machineIn(region: string): object {
  const offerings = [{ zone: `${region}-z1`, capacityType: 'on-demand', price: 0.1 }];
  return { name: `${region}-large`, vcpus: 2, memory: '8Gi', offerings };
}

function nodeClaim(name: string): object {
  const labels = { 'karpenter.sh/nodepool': 'wide', [REGION_LABEL]: 'dirty' };
  const spec = { nodeClassRef: NODE_CLASS_REF, requirements: [] };
  return { apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', metadata: { name, labels }, spec };
}

function disrupted(type: string): object {
  const reason = type === 'Drifted' ? 'RequirementsDrifted' : 'Drifted';
  return { type, status: 'True', reason, message: '', lastTransitionTime: new Date().toISOString() };
}

function jobNamed(name: string): object {
  const containers = [requesting({ cpu: '1', memory: '1Gi' })];
  const annotations = prefixed({ class: 'flexible', duration: '1h' });
  const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', containers } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template } };
}

/** A request of an endpoint that is not there. */
function askForNothing(webhook: string): Promise<void> {
  return new Promise((resolve, reject) => {
    httpsRequest(`${webhook}/nothing`, { method: 'POST', rejectUnauthorized: false }, (response) => {
      response.resume().on('end', resolve);
    })
      .on('error', reject)
      .end('{}');
  });
}
