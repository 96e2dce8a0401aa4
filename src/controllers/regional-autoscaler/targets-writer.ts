import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import {
  BOUNDS_BEFORE,
  type BoundsBefore,
  boundsOfOwner,
  formatBoundsBefore,
  parseBoundsBefore,
} from '../../scaling/bounds-before.ts';
import { REGIONAL_MANAGER } from '../../scaling/field-managers.ts';
import {
  type HorizontalAutoscaler,
  type HorizontalAutoscalerObject,
  toHorizontalAutoscaler,
} from '../../scaling/horizontal-autoscaler.ts';
import type { ScaledWorkloadObject } from '../../scaling/scaled-workload.ts';
import { type FieldPath, handBack, type ManagedFields, ownersOf } from '../field-owners.ts';

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
      const asItWas = isOwed(object) ? ((await writer.mergePatch(path, owedPatch(object), OWN)) as HpaObject) : object;
      await writer.mergePatch(path, releasePatch(asItWas), OWN);
    },
  };
}

export type TargetsWriter = ReturnType<typeof createTargetsWriter>;

function keptBy({ metadata }: HpaObject): BoundsBefore | undefined {
  return parseBoundsBefore(metadata.annotations?.[BOUNDS_BEFORE]);
}

/** What its owner has of each bound, and who owned it: kept before, or as it is now. */
function keptOf(object: HpaObject): Omit<BoundsBefore, 'wrote'> {
  const kept = keptBy(object);
  const managed = object.metadata.managedFields ?? [];
  const is = boundsOf(object);
  const { min, max } = kept ? boundsOfOwner(kept, is) : is;
  const owners = (bound: keyof Bounds, path: FieldPath) =>
    kept && is[bound] === kept.wrote[bound] ? kept.owners[bound] : [...ownersOf(managed, path, REGIONAL_MANAGER)];
  return { min, max, owners: { min: owners('min', MIN), max: owners('max', MAX) } };
}

function isOwed(object: HpaObject): boolean {
  const kept = keptBy(object);
  const is = boundsOf(object);
  const owner = kept ? boundsOfOwner(kept, is) : is;
  return owner.min !== is.min || owner.max !== is.max;
}

function boundsOf(object: HpaObject): Bounds {
  const { min, max } = toHorizontalAutoscaler(object);
  return { min, max };
}

/** Where somebody wrote one of both since, what is kept says so from then on: whoever comes next does not take it for ours. */
function owedPatch(object: HpaObject): object {
  const { min, max, owners } = keptOf(object);
  const kept = keptBy(object);
  const isMixed = kept !== undefined && (kept.min !== min || kept.max !== max);
  const text = isMixed && formatBoundsBefore({ min, max, owners, wrote: { min, max } });
  return {
    metadata: {
      resourceVersion: object.metadata.resourceVersion,
      ...(text && { annotations: { [BOUNDS_BEFORE]: text } }),
    },
    spec: { minReplicas: min, maxReplicas: max },
  };
}

/** A write of a value makes its writer the owner: so the fields are given back by themselves, once the values stand there. */
function releasePatch(object: HpaObject): object {
  const { resourceVersion, managedFields = [] } = object.metadata;
  const kept = keptBy(object);
  const is = boundsOf(object);
  const owners = (bound: keyof Bounds) => (kept?.[bound] === is[bound] ? kept.owners[bound] : []);
  const withMin = handBack(managedFields, MIN, owners('min'), REGIONAL_MANAGER);
  return {
    metadata: {
      resourceVersion,
      managedFields: handBack(withMin, MAX, owners('max'), REGIONAL_MANAGER),
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
