import assert from 'node:assert/strict';
import { REGION_LABEL } from '../builders.ts';
import { applyObjects, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import { usage } from '../control-plane/metrics-server.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { type LiveCluster, type LiveOptions, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';
import { deployment, requesting } from './objects.ts';

const INSTALLED = [
  ...['CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding'],
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
];
export const LONG_MS = Number(process.env['LONG_MS'] ?? 240_000);
/** Denmark, France and Latvia of the known answer, gCO2e/kWh. */
const GRIDS: Readonly<Record<string, number>> = { denmark: 120, france: 40, latvia: 190 };

export type RegionalCluster = Awaited<ReturnType<typeof startRegionalCluster>>;

/**
 * A live cluster with the component of RegionalAutoscalers: its CRD, the rights and the guard of the controllers' account. Denmark, France and
 * Latvia at 120, 40 and 190 g/kWh.
 */
export async function startRegionalCluster(options: Partial<LiveOptions> = {}) {
  const regions = Object.fromEntries(Object.entries(GRIDS).map(([name, gramsPerKwh]) => [name, { gramsPerKwh }]));
  const cluster: LiveCluster = await startLiveCluster({
    regions,
    replicas: { controllers: 0, webhook: 0 },
    ...options,
  });
  const { controlPlane, send, request, waitFor } = cluster;
  try {
    await applyObjects(
      controlPlane,
      ofKind(await renderWith(controlPlane, 'base', ['regional-autoscaler']), ...INSTALLED),
    );
    await waitFor('the RegionalAutoscaler resource', async () => {
      const { status } = await request('GET', '/apis/gridgate.dev/v1alpha1/regionalautoscalers');
      return status === 200 || undefined;
    });
  } catch (error) {
    await cluster.stop();
    throw error;
  }

  const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const autoscalers = (namespace: string) => `/apis/gridgate.dev/v1alpha1/namespaces/${namespace}/regionalautoscalers`;

  /** What the controllers wrote since, or were refused, oldest first: `france 200`. Of a conflict nothing came, and they try again. */
  function writes(namespace: string, from = 0, subresource = 'scale'): string[] {
    return readAuditLog(controlPlane.auditLog)
      .slice(from)
      .filter(
        ({ user, objectRef: on }) =>
          user.username === CONTROLLERS_ACCOUNT &&
          on?.namespace === namespace &&
          (on.subresource ?? '') === subresource,
      )
      .map(({ objectRef: on, responseStatus }) => `${on?.name} ${responseStatus?.code}`)
      .filter((one) => !one.endsWith(' 409'));
  }

  return {
    ...cluster,
    startControllers: (mode = 'on', ...more: readonly string[]): Promise<GridgateProcess> =>
      cluster.startReplica('controllers', '--regional-autoscaler', mode, ...more),

    /** One a region, named as it; each pod requests 100m of CPU and uses so many. */
    async createDeployments(
      namespace: string,
      replicas: Readonly<Record<string, number>>,
      millicores = 50,
    ): Promise<void> {
      for (const [name, count] of Object.entries(replicas)) {
        const spec = {
          nodeSelector: { [REGION_LABEL]: name.split('-')[0] },
          containers: [requesting({ cpu: '100m', memory: '64Mi' })],
        };
        await send('POST', deployments(namespace), deployment(name, count, spec, usage({ cpu: `${millicores}m` })));
      }
      await waitFor('all of them to be Ready', async () => {
        const { items } = await send('GET', deployments(namespace));
        return items.every(({ spec, status }: Rendered) => (status.readyReplicas ?? 0) === spec.replicas) || undefined;
      });
    },

    createAutoscaler: (namespace: string, name: string, spec: object): Promise<Rendered> =>
      send('POST', autoscalers(namespace), {
        apiVersion: 'gridgate.dev/v1alpha1',
        kind: 'RegionalAutoscaler',
        metadata: { name },
        spec,
      }),

    autoscaler: (namespace: string, name: string): Promise<Rendered> =>
      send('GET', `${autoscalers(namespace)}/${name}`),
    autoscalers,
    deployments,

    /** What the running pods use from the next scrape on. */
    async use(namespace: string, millicores: number): Promise<void> {
      const pairs = Object.entries(usage({ cpu: `${millicores}m` })).map(([key, value]) => `${key}=${value}`);
      const { code, stderr } = await cluster.kubectl([
        'annotate',
        '--overwrite',
        '-n',
        namespace,
        'pods',
        '--all',
        ...pairs,
      ]);
      assert.equal(code, 0, stderr);
    },

    async counts(namespace: string): Promise<Record<string, number>> {
      const { items } = await send('GET', deployments(namespace));
      return Object.fromEntries(items.map(({ metadata, spec }: Rendered) => [metadata.name, spec.replicas]));
    },

    async untilCounts(namespace: string, expected: Readonly<Record<string, number>>): Promise<void> {
      const wanted = JSON.stringify(sorted(expected));
      let last = '';
      await waitFor(
        `${namespace} to have ${wanted}`,
        async () => {
          const { items } = await send('GET', deployments(namespace));
          last = JSON.stringify(
            sorted(Object.fromEntries(items.map(({ metadata, spec }: Rendered) => [metadata.name, spec.replicas]))),
          );
          return last === wanted || undefined;
        },
        LONG_MS,
      ).catch(async (error) => {
        const { items } = await send('GET', autoscalers(namespace));
        const told = items.map(({ status }: Rendered) => status);
        assert.fail(`${error}; it has ${last}: ${JSON.stringify(told, null, 1)}`);
      });
    },

    /** What a condition says, once it is so. */
    untilCondition: (namespace: string, name: string, type: string, reason: string): Promise<Rendered> =>
      waitFor(
        `${type} of ${name} to be ${reason}`,
        async () => {
          const { status } = await send('GET', `${autoscalers(namespace)}/${name}`);
          return status?.conditions?.find((one: Rendered) => one.type === type && one.reason === reason);
        },
        LONG_MS,
      ),

    setRegion: (name: string, spec: object) => cluster.patch(`${REGIONS_PATH}/${name}`, { spec }),

    writes,
    /** That these are the writes, oldest first; the audit log follows what is written by a moment. */
    async assertWrites(namespace: string, expected: readonly string[], from = 0): Promise<void> {
      const all = async () => writes(namespace, from).length >= expected.length || undefined;
      await waitFor('the writes', all).catch(() => {});
      assert.deepEqual(writes(namespace, from), expected);
    },
    logged: () => readAuditLog(controlPlane.auditLog).length,

    async events(namespace: string, kind = 'RegionalAutoscaler'): Promise<Rendered[]> {
      const { items } = await send('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
      return items.filter(({ regarding }: Rendered) => regarding.kind === kind);
    },
  };
}

function sorted(counts: Readonly<Record<string, number>>): object {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
