import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { REGION_LABEL } from '../builders.ts';
import { leads, REGIONS_PATH, SYSTEM } from '../e2e/live-cluster.ts';
import { deployment, prefixed } from '../e2e/objects.ts';
import type { FastClock } from '../process/fake-time.ts';
import { garbled, late, status } from '../process/grid-provider.ts';
import { type SoakedCluster, ZONES } from './soaked-cluster.ts';

/** A leader that is stopped for this long has lost its Lease by its own clock. */
const STOPPED_MS = 1_500;
const HOUR_MS = 3_600_000;
const BUDGETED = '/apis/apps/v1/namespaces/budgeted/deployments';
const OUTAGES = `${SYSTEM}/configmaps/gridgate-outages`;
/** What did not succeed is tried again so soon: with a leader that is just lost, or an API server that restarts, it may take some tries. */
const AGAIN_MS = 1_000;
/** How many visitors of a kind there are at once. */
const VISITORS = 5;

interface Disturbance {
  readonly everyMs: number;
  readonly run: (times: number) => Promise<unknown>;
}

/** Lets things happen to a cluster, each at its own pace, until it is stopped; what the API server refuses meanwhile is not told. */
export function disturb(cluster: SoakedCluster, clock: FastClock, forMs: number) {
  const stopping = new AbortController();
  const kinds = disturbances(cluster, clock);
  const done: Record<string, number> = Object.fromEntries(Object.keys(kinds).map((name) => [name, 0]));

  async function repeat(name: string, { everyMs, run }: Disturbance): Promise<void> {
    let succeeded = true;
    for (let times = 0; ; times++) {
      const pauseMs = Math.min(everyMs, succeeded ? forMs / 3 : AGAIN_MS);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      succeeded = await run(times).then(
        () => true,
        () => false,
      );
      done[name] = (done[name] ?? 0) + Number(succeeded);
    }
  }
  const all = Object.entries(kinds).map(([name, one]) => repeat(name, one));

  return {
    /** How often each has happened. */
    async stop(): Promise<Readonly<Record<string, number>>> {
      stopping.abort();
      await Promise.all(all);
      return done;
    },
  };
}

function disturbances(cluster: SoakedCluster, clock: FastClock): Readonly<Record<string, Disturbance>> {
  const { provider, processes, links, send, patch, controlPlane } = cluster;
  const webhook = processes.find(({ name }) => name === 'webhook')?.instance;
  const zones = [...provider.zones.keys()];
  /** Makes one, and takes the one away that has been there longest. */
  const visit = (path: string, prefix: string, object: (name: string) => object) => async (times: number) => {
    await send('POST', path, object(`${prefix}-${times}`));
    if (times >= VISITORS) await send('DELETE', `${path}/${prefix}-${times - VISITORS}`);
  };
  return {
    'intensities changed': {
      everyMs: 2_000,
      async run(times) {
        const swing = (index: number) => 250 + 180 * Math.sin(times / 20 + index);
        for (const [index, zone] of zones.entries())
          provider.zones.set(zone, zone === ZONES['eu-north-1'] ? 40 : Math.round(swing(index)));
      },
    },
    'sources failed': {
      everyMs: 15_000,
      async run(times) {
        const fault = [
          status(500),
          status(429, { 'retry-after': '30' }),
          late(2_000),
          garbled((json) => json.slice(9)),
        ];
        provider.faults.clear();
        if (times % 2 === 0)
          for (const zone of zones.slice(times % 3)) provider.faults.set(zone, fault[(times / 2) % 4] ?? status(500));
      },
    },
    'outages by hand': {
      everyMs: 10_000,
      run: (times) =>
        patch(`${REGIONS_PATH}/eu-west-1`, { spec: { outage: times % 2 ? null : { active: true, reason: 'a test' } } }),
    },
    'outages of a ConfigMap': {
      everyMs: 14_000,
      run: (times) =>
        patch(OUTAGES, { data: { 'eu-west-3': times % 2 ? 'down: fire' : 'up' } }).catch(() =>
          send('POST', `${SYSTEM}/configmaps`, { metadata: { name: 'gridgate-outages' }, data: {} }),
        ),
    },
    'certificates deleted': {
      everyMs: 40_000,
      run: (times) => send('DELETE', `${SYSTEM}/secrets/${times % 3 === 2 ? 'gridgate-ca' : 'gridgate-tls'}`),
    },
    'connections cut': {
      everyMs: 20_000,
      run: async (times) => links[times % links.length]?.cut(),
    },
    'API server restarted': { everyMs: 200_000, run: controlPlane.restartApiServer },
    'leader stopped': {
      everyMs: 50_000,
      async run() {
        for (const { name, instance } of processes) {
          if (name === 'webhook' || !(await leads(instance))) continue;
          process.kill(instance.pid, 'SIGSTOP');
          await sleep(STOPPED_MS);
          process.kill(instance.pid, 'SIGCONT');
          return;
        }
        throw new Error('nobody leads');
      },
    },
    'namespaces came and went': {
      everyMs: 1_500,
      run: visit('/api/v1/namespaces', 'team', (name) => ({
        metadata: { name, annotations: prefixed({ mode: 'enforce', 'max-intensity': '250' }) },
      })),
    },
    'policies changed': {
      everyMs: 2_500,
      run: (times) =>
        patch('/api/v1/namespaces/batch', {
          metadata: { annotations: prefixed({ 'max-intensity': String(200 + (times % 100)) }) },
        }),
    },
    'regions came and went': {
      everyMs: 3_000,
      run: visit(REGIONS_PATH, 'extra', (name) => ({
        apiVersion: 'gridgate.dev/v1alpha1',
        kind: 'Region',
        metadata: { name },
        spec: { gramsPerKwh: 222 },
      })),
    },
    'nodes came and went': {
      everyMs: 1_000,
      run: visit('/api/v1/nodes', 'visitor', (name) => ({
        metadata: { name, labels: { [REGION_LABEL]: 'us-west-2' } },
      })),
    },
    'workloads scaled': {
      everyMs: 5_000,
      run: (times) =>
        patch(`${BUDGETED}/web`, { spec: { replicas: 1 + (times % 3) } }).catch(() =>
          send('POST', BUDGETED, deployment('web', 2, {}, { class: 'flexible' })),
        ),
    },
    'jobs that may wait': {
      everyMs: 3_000,
      run: (times) =>
        send('POST', '/apis/batch/v1/namespaces/batch/jobs', flexibleJob(`job-${times}`, clock.now() + HOUR_MS)),
    },
    'operators looked': {
      everyMs: 1_000,
      run: () =>
        Promise.all(
          processes.flatMap(({ instance }) =>
            ['/metrics', '/readyz?verbose', '/', '/status.json'].map((path) =>
              fetch(`${instance.operators}${path}`).then((answer) => answer.text()),
            ),
          ),
        ),
    },
    'callers left': {
      everyMs: 1_000,
      async run(times) {
        const { hostname, port } = new URL(webhook?.webhook ?? '');
        const socket = connect(Number(port), hostname).on('error', () => {});
        if (times % 2) socket.write('this is no TLS');
        await sleep(300);
        socket.resetAndDestroy();
      },
    },
  };
}

/** A Job whose pod may wait until an hour from now, of its webhook's time. */
function flexibleJob(name: string, deadline: number): object {
  const annotations = prefixed({
    class: 'flexible',
    duration: '10m',
    deadline: new Date(deadline).toISOString(),
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      ttlSecondsAfterFinished: 2,
      template: {
        metadata: { annotations },
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.invalid/main:1' }] },
      },
    },
  };
}
