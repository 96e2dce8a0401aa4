import { ACCOUNT_KINDS, applyObjects } from '../cluster/controllers-account.ts';
import { ofKind, renderWith } from '../cluster/rendered-manifests.ts';
import type { Node } from '../decision/scheduler-model.ts';
import { ACCOUNTS, type Role, startLiveCluster } from '../e2e/live-cluster.ts';
import { nodesIn } from '../e2e/objects.ts';
import type { FastClock } from '../process/fake-time.ts';
import { startGridProvider } from '../process/grid-provider.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { startBreakableLink } from './breakable-link.ts';
import { INSPECTED } from './inspect-process.ts';

const HOUR_MS = 3_600_000;
export const ZONES = { 'eu-north-1': 'SE-SE3', 'eu-central-1': 'DE', 'eu-west-1': 'IE', 'eu-west-3': 'FR' } as const;
const REGIONS = { ...ZONES, 'us-east-1': 'US-MIDA-PJM', 'us-west-2': 'US-NW-PACW' };
export const REFUSED_REGION = 'us-east-1';
/** Of the API server's time: 24 times 2 s are those of the replicas. */
const TIMEOUT_SECONDS = 30;
const PROCESSES: readonly Role[] = ['controllers', 'controllers', 'webhook'];
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gridgate';

export type SoakedCluster = Awaited<ReturnType<typeof startSoakedCluster>>;

/** A live cluster whose two controllers and one webhook live by a fast clock, each over a way of its own to the API server. */
export async function startSoakedCluster(clock: FastClock) {
  await using cleanup = new AsyncDisposableStack();
  const provider = cleanup.use(await startGridProvider(new Map(Object.values(REGIONS).map((zone) => [zone, 100]))));
  provider.hour = () => Math.floor(clock.now() / HOUR_MS);
  provider.offBy = (hour) => 60 * Math.sin((2 * Math.PI * hour) / 24);
  provider.forecastHours = 24;
  provider.pastHours = 24;
  const nodes = nodesIn(Object.keys(REGIONS));
  const cluster = cleanup.use(
    await startLiveCluster({
      regions: Object.fromEntries(Object.entries(REGIONS).map(([name, gridZone]) => [name, { gridZone }])),
      nodes,
      config: {
        sources: [{ type: 'electricity-maps', token: { env: 'TOKEN' }, url: provider.url }],
        outage: { sources: [{ type: 'configmap', namespace: 'gridgate-system', name: 'gridgate-outages' }] },
        budgets: { loop: '30s' },
      },
      env: withClock({ ...INSPECTED, TOKEN: 'secret-of-the-test' }, clock),
      compiled: true,
      certificateFrom: clock.now() - HOUR_MS,
      replicas: { controllers: 0, webhook: 0 },
    }),
  );
  const { controlPlane } = cluster;
  const objects = await renderWith(controlPlane, 'base', ['carbon-budgets']);
  await applyObjects(controlPlane, ofKind(objects, ...ACCOUNT_KINDS));

  const links: Awaited<ReturnType<typeof startBreakableLink>>[] = [];
  const processes: { readonly name: string; readonly instance: GridgateProcess }[] = [];
  for (const [index, role] of PROCESSES.entries()) {
    const link = await startBreakableLink(controlPlane, ACCOUNTS[role]);
    cleanup.defer(link.stop);
    links.push(link);
    const budgets = role === 'controllers' ? ['--carbon-budgets', 'on'] : [];
    const instance = await cluster.startReplica(role, '--kubeconfig', link.kubeconfig, ...budgets);
    processes.push({ name: role === 'webhook' ? role : `${role} ${index + 1}`, instance });
  }
  const { webhooks } = await cluster.send('GET', WEBHOOKS);
  const patch = webhooks.map((_: unknown, index: number) => ({
    op: 'replace',
    path: `/webhooks/${index}/timeoutSeconds`,
    value: TIMEOUT_SECONDS,
  }));
  await cluster.send('PATCH', WEBHOOKS, patch, { 'content-type': 'application/json-patch+json' });
  await cluster.createNamespace('shop', { mode: 'enforce', regions: 'eu-*', 'home-region': 'eu-central-1' });
  await cluster.createNamespace('batch', { mode: 'enforce', defer: '8h' });
  await cluster.createNamespace('budgeted', { mode: 'enforce', 'carbon-budget': '0.001' });

  const owned = cleanup.move();
  return {
    ...cluster,
    provider,
    links,
    processes,
    /** Where the steady pods are. */
    shop: {
      controlPlane,
      namespace: 'shop',
      nodes: nodes.map(({ name, labels = {} }): Node => ({ name, labels })),
      isAllowed: (region: string) => region.startsWith('eu-'),
      refusedRegion: REFUSED_REGION,
    },
    async removePods(): Promise<void> {
      const now = { gracePeriodSeconds: 0, apiVersion: 'v1', kind: 'DeleteOptions' };
      await cluster.request('DELETE', '/api/v1/namespaces/shop/pods', now).catch(() => {});
    },
    /** A process that ended, or said something that the inspector did not. */
    problems(): string[] {
      return processes.flatMap(({ name, instance }) => {
        const said = instance
          .stderr()
          .split('\n')
          .filter((line) => line && !/^(Debugger|For help, see|Waiting for the debugger)/.test(line));
        return [
          ...(hasEnded(instance) ? [`${name} has ended`] : []),
          ...(said.length > 0 ? [`${name} says: ${said.slice(0, 3).join(' | ')}`] : []),
        ];
      });
    },
    stop: () => owned.disposeAsync(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Read anew at each start of a process: its clock begins at what it is by then. */
function withClock(env: Readonly<Record<string, string>>, clock: FastClock): Readonly<Record<string, string>> {
  const all = { ...env };
  for (const key of Object.keys(clock.env))
    Object.defineProperty(all, key, { enumerable: true, get: () => clock.env[key] });
  return all;
}

function hasEnded({ pid }: GridgateProcess): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}
