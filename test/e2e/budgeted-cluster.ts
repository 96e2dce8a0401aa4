import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCOUNT_KINDS, applyObjects, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { type AuditEvent, readAuditLog } from '../control-plane/audit.ts';
import { startFakeJoules } from '../process/fake-joules.ts';
import { createSettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { startLiveCluster } from './live-cluster.ts';
import { deployment, prefixed } from './objects.ts';

export const LONG_MS = 240_000;
export const STATUS = 'gridgate.dev/budget-status';
const GRAMS_PER_KWH = 400;
/** Of a region of no cloud. */
const PUE = 1.135;

/** Watts that emit so many kgCO2e an hour there. */
export function wattsFor(kgPerHour: number): number {
  return (kgPerHour * 1e6) / (PUE * GRAMS_PER_KWH);
}

export interface BudgetedParts {
  readonly replicas: number;
  /** kgCO2e an hour of each pod. */
  readonly kg: number;
  /** Without their prefix; on the workload itself. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly podClass?: string;
  readonly kind?: 'Deployment' | 'StatefulSet';
}

export type BudgetedCluster = Awaited<ReturnType<typeof startBudgeted>>;

/**
 * A live cluster with both components of scaling, whose pods' joules are told by a server of ours; the wall clock of its processes can
 * be set, where there is libfaketime.
 */
export async function startBudgeted({ replicas = 1, webhook = 0 } = {}) {
  await using cleanup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  const clock = skipWithoutFakeTime ? undefined : createSettableClock(directory, 'wall');
  /** Of each pod of a workload, by namespace and app. */
  const watts = new Map<string, number>();
  const joules = await startFakeJoules(async () => {
    const { items } = await cluster.send('GET', '/api/v1/pods');
    return items.flatMap(({ metadata: { namespace, name, labels } }: Rendered) => {
      const each = watts.get(`${namespace}/${labels?.app}`);
      return each === undefined ? [] : [{ namespace, pod: name, watts: each }];
    });
  });
  cleanup.defer(joules.stop);
  const prometheus = { url: joules.url, query: 'sum by (namespace, pod) (rate(joules_total[1m]))' };
  const cluster = await startLiveCluster({
    regions: { eu: { gramsPerKwh: GRAMS_PER_KWH } },
    config: { sources: [], budgets: { loop: '5s', energy: { prometheus } } },
    env: { ...clock?.env },
    replicas: { controllers: 0, webhook: 0 },
  });
  cleanup.defer(cluster.stop);
  const { controlPlane, send } = cluster;
  const objects = await renderWith(controlPlane, 'base', ['carbon-budgets', 'regional-autoscaler']);
  await applyObjects(controlPlane, ofKind(objects, ...ACCOUNT_KINDS, 'CustomResourceDefinition'));
  const start = (mode: string) => cluster.startReplica('controllers', '--carbon-budgets', mode);
  for (let i = 0; i < replicas; i++) await start('on');
  // Its certificate comes from them.
  for (let i = 0; i < webhook; i++) await cluster.startReplica('webhook');

  const path = (kind: string, namespace: string, name = '') => `${PLACES[kind]?.(namespace)}${name && `/${name}`}`;
  const get = (kind: string, namespace: string, name: string): Promise<Rendered> =>
    send('GET', path(kind, namespace, name));

  async function until(what: string, isSo: () => Promise<unknown>): Promise<void> {
    await cluster.waitFor(what, async () => ((await isSo()) ? true : undefined), LONG_MS);
  }

  const owned = cleanup.move();
  return {
    ...cluster,
    joules,
    clock,
    start,
    get,
    until,
    path,
    create: (kind: string, namespace: string, object: object): Promise<Rendered> =>
      send('POST', path(kind, namespace), object),
    patchObject: (kind: string, namespace: string, name: string, patch: object) =>
      cluster.patch(path(kind, namespace, name), patch),
    /** One whose pods are Ready. */
    async createWorkload(namespace: string, name: string, parts: BudgetedParts): Promise<void> {
      const { replicas, kg, annotations = {}, podClass, kind = 'Deployment' } = parts;
      watts.set(`${namespace}/${name}`, wattsFor(kg));
      const object = deployment(name, replicas, {}, podClass === undefined ? {} : { class: podClass });
      object.kind = kind;
      object.metadata.annotations = prefixed(annotations);
      if (kind === 'StatefulSet') Object.assign(object.spec, { serviceName: name, podManagementPolicy: 'Parallel' });
      await send('POST', path(kind, namespace), object);
      await until(
        `${name} to be Ready`,
        async () => (await get(kind, namespace, name)).status.readyReplicas === replicas,
      );
    },
    setKg: (namespace: string, name: string, kg: number) => void watts.set(`${namespace}/${name}`, wattsFor(kg)),
    replicasOf: async (kind: string, namespace: string, name: string): Promise<number> =>
      (await get(kind, namespace, name)).spec.replicas,
    statusOf: async (kind: string, namespace: string, name: string): Promise<Rendered> =>
      JSON.parse((await get(kind, namespace, name)).metadata.annotations?.[STATUS] ?? 'null'),
    async eventsIn(namespace: string): Promise<string[]> {
      const { items } = await send('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
      return items
        .filter(({ reportingController }: Rendered) => reportingController === 'gridgate.dev/controllers')
        .map(({ reason, note, regarding }: Rendered) => `${reason} ${regarding.kind} ${regarding.name}: ${note}`);
    },
    /** What the controllers wrote since so many lines: `patch deployments/scale web`. */
    writesSince(from: number): { readonly done: string[]; readonly refused: AuditEvent[] } {
      const theirs = readAuditLog(controlPlane.auditLog)
        .slice(from)
        .filter(({ user, objectRef }) => user.username === CONTROLLERS_ACCOUNT && SCALED.has(objectRef?.resource ?? ''))
        .filter(({ verb }) => verb === 'patch');
      const codeOf = ({ responseStatus }: AuditEvent) => responseStatus?.code ?? 0;
      return {
        done: theirs
          .filter((one) => codeOf(one) < 300)
          .map(
            ({ objectRef }) =>
              `${[objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/')} ${objectRef?.name}`,
          ),
        refused: theirs.filter((one) => codeOf(one) >= 300 && ![409, 504].includes(codeOf(one))),
      };
    },
    logged: () => readAuditLog(controlPlane.auditLog).length,
    metricsOf: async ({ operators }: GridgateProcess) => (await fetch(`${operators}/metrics`)).text(),
    stop: () => owned.disposeAsync(),
  };
}

const SCALED = new Set(['deployments', 'statefulsets', 'horizontalpodautoscalers', 'regionalautoscalers']);

const PLACES: Readonly<Record<string, (namespace: string) => string>> = {
  Deployment: (namespace) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  StatefulSet: (namespace) => `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  HorizontalPodAutoscaler: (namespace) => `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
  RegionalAutoscaler: (namespace) => `/apis/gridgate.dev/v1alpha1/namespaces/${namespace}/regionalautoscalers`,
};
