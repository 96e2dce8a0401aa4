import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import {
  BOUNDS_BEFORE,
  type BoundsBefore,
  formatBoundsBefore,
  parseBoundsBefore,
} from '../../scaling/bounds-before.ts';
import {
  type HorizontalAutoscaler,
  type HorizontalAutoscalerObject,
  toHorizontalAutoscaler,
} from '../../scaling/horizontal-autoscaler.ts';
import type { ScaledWorkloadObject } from '../../scaling/scaled-workload.ts';
import { type FieldPath, handBack, type ManagedFields, ownersOf } from '../field-owners.ts';

export const REGIONAL_MANAGER = 'gridgate-regional-autoscaler';

const OWN = { fieldManager: REGIONAL_MANAGER };
const READ = { accept: 'application/json', idleTimeoutMs: 10_000 } as const;
const MIN: FieldPath = ['f:spec', 'f:minReplicas'];
const MAX: FieldPath = ['f:spec', 'f:maxReplicas'];

type Writer = Pick<ApiWriter, 'apply' | 'mergePatch'>;
export type DeploymentObject = KubeObject & ScaledWorkloadObject;
export type HpaObject = KubeObject &
  HorizontalAutoscalerObject & { readonly metadata: { readonly managedFields?: readonly ManagedFields[] } };

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Deployments and HorizontalPodAutoscalers of a namespace as they are, and their replicas and bounds alone as they are to be. */
export function createTargetsWriter({
  api,
  writer,
}: {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Writer;
}) {
  return {
    readDeployment: async (namespace: string, name: string) =>
      (await api.get(deploymentPath(namespace, name), READ)) as DeploymentObject,
    readHpa: async (namespace: string, name: string) => (await api.get(hpaPath(namespace, name), READ)) as HpaObject,

    /** Of a Deployment as it was read: one that has changed since is a 409. */
    async scale({ metadata }: DeploymentObject, replicas: number): Promise<void> {
      const { name, namespace = '', resourceVersion } = metadata;
      const scale = {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name, namespace, resourceVersion },
        spec: { replicas },
      };
      await writer.apply(`${deploymentPath(namespace, name)}/scale`, scale, { ...OWN, force: true });
    },

    /** Of an autoscaler as it was read, with what its owner had, in one write. Answers it as it is then. */
    async setBounds(object: HpaObject, wrote: Bounds): Promise<HorizontalAutoscaler> {
      const { name, namespace = '', uid, resourceVersion } = object.metadata;
      const annotations = { [BOUNDS_BEFORE]: formatBoundsBefore({ ...keptOf(object), wrote }) };
      const body = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name, namespace, uid, resourceVersion, annotations },
        spec: { minReplicas: wrote.min, maxReplicas: wrote.max },
      };
      return toHorizontalAutoscaler(
        (await writer.apply(hpaPath(namespace, name), body, { ...OWN, force: true })) as HpaObject,
      );
    },

    /** What its owner had is there again, and theirs; what somebody else wrote meanwhile stays. */
    async putBack(object: HpaObject): Promise<void> {
      const { name, namespace = '', annotations } = object.metadata;
      if (annotations?.[BOUNDS_BEFORE] === undefined) return;
      const path = hpaPath(namespace, name);
      const kept = keptBy(object);
      const isOurs = kept !== undefined && isAt(object, kept.wrote);
      const asItWas =
        kept && isOurs ? ((await writer.mergePatch(path, boundsPatch(object, kept), OWN)) as HpaObject) : object;
      await writer.mergePatch(path, releasePatch(asItWas, kept), OWN);
    },
  };
}

export type TargetsWriter = ReturnType<typeof createTargetsWriter>;

function keptBy({ metadata }: HpaObject): BoundsBefore | undefined {
  return parseBoundsBefore(metadata.annotations?.[BOUNDS_BEFORE]);
}

/** What its owner has: kept before, or, where that or nothing of ours stands there, as it is now. */
function keptOf(object: HpaObject): Omit<BoundsBefore, 'wrote'> {
  const kept = keptBy(object);
  if (kept && isAt(object, kept.wrote)) return kept;
  const managed = object.metadata.managedFields ?? [];
  const { min, max } = toHorizontalAutoscaler(object);
  const owners = (path: FieldPath) => [...ownersOf(managed, path, REGIONAL_MANAGER)];
  return { min, max, owners: { min: owners(MIN), max: owners(MAX) } };
}

function isAt(object: HpaObject, { min, max }: Bounds): boolean {
  const now = toHorizontalAutoscaler(object);
  return now.min === min && now.max === max;
}

function boundsPatch({ metadata: { resourceVersion } }: HpaObject, { min, max }: Bounds): object {
  return { metadata: { resourceVersion }, spec: { minReplicas: min, maxReplicas: max } };
}

/** A write of a value makes its writer the owner: so the fields are given back by themselves, once the values stand there. */
function releasePatch(object: HpaObject, kept: BoundsBefore | undefined): object {
  const { resourceVersion, managedFields = [] } = object.metadata;
  const isBack = kept !== undefined && isAt(object, kept);
  const owners = isBack ? kept.owners : { min: [], max: [] };
  const withMin = handBack(managedFields, MIN, owners.min, REGIONAL_MANAGER);
  return {
    metadata: {
      resourceVersion,
      managedFields: handBack(withMin, MAX, owners.max, REGIONAL_MANAGER),
      annotations: { [BOUNDS_BEFORE]: null },
    },
  };
}

function deploymentPath(namespace: string, name: string): string {
  return `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(name)}`;
}

function hpaPath(namespace: string, name: string): string {
  return `/apis/autoscaling/v2/namespaces/${encodeURIComponent(namespace)}/horizontalpodautoscalers/${encodeURIComponent(name)}`;
}
