import type { KubeObject } from '../../cluster/kube-object.ts';
import { type FieldPath, handBack, type ManagedFields } from '../../controllers/field-owners.ts';
import { BOUNDS_BEFORE, boundsOfOwner, parseBoundsBefore } from '../../scaling/bounds-before.ts';
import { BUDGET_STATUS, isOfBudget } from '../../scaling/budget-status.ts';
import { BUDGETS_MANAGER, REGIONAL_MANAGER } from '../../scaling/field-managers.ts';
import type { KeptOwners } from '../../scaling/kept-owners.ts';
import { loweredStatus, loweredTargets } from '../../scaling/lowered-status.ts';

const MANAGERS = [REGIONAL_MANAGER, BUDGETS_MANAGER] as const;
const MIN: FieldPath = ['f:spec', 'f:minReplicas'];
const MAX: FieldPath = ['f:spec', 'f:maxReplicas'];

type Metadata = KubeObject['metadata'] & {
  readonly generation?: number;
  readonly managedFields?: readonly ManagedFields[];
};
interface Scaled {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly replicas?: number;
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly targets?: readonly { readonly deployment: string; readonly max?: number }[];
  };
}

/** What is to stand in a spec again, and in words. */
interface PutBack {
  readonly field: string;
  readonly spec: object;
}
interface Found {
  readonly what: readonly string[];
  readonly patch: { readonly metadata: object; readonly spec?: object };
}
/** Whose a field becomes again. */
type Given = readonly [path: FieldPath, owners: KeptOwners];

/**
 * What of ours is on a Deployment or StatefulSet, and a merge patch towards one without it; the answer to that may need another, as a
 * write of a value makes its writer the owner. Replicas that somebody else has written since stay.
 *
 * | budget-status says | replicas are a number of ours | then                   |
 * | ------------------ | ----------------------------- | ---------------------- |
 * | held               | yes                           | what was before, again |
 * | anything else      | any                           | as they are            |
 */
export function traceOfWorkload(object: KubeObject): Found | undefined {
  const { metadata, spec = {} } = object as Scaled;
  const status = loweredStatus(metadata.annotations ?? {});
  const isToRestore = status && isOfBudget(spec.replicas ?? 1, status);
  return traceOf(metadata, isToRestore ? { field: 'spec.replicas', spec: { replicas: status.before } } : undefined);
}

/** The same of a HorizontalPodAutoscaler: of its bounds, and of its maximum. */
export function traceOfAutoscaler(object: KubeObject): Found | undefined {
  const { metadata, spec: { minReplicas: min = 1, maxReplicas: max = 1 } = {} } = object as Scaled;
  const bounds = parseBoundsBefore(metadata.annotations?.[BOUNDS_BEFORE]);
  const status = loweredStatus(metadata.annotations ?? {});
  const owner = bounds && boundsOfOwner(bounds, { min, max });
  if (owner && (owner.min !== min || owner.max !== max)) {
    const spec = { minReplicas: owner.min, maxReplicas: owner.max };
    return traceOf(metadata, { field: 'spec.minReplicas and spec.maxReplicas', spec });
  }
  if (status && isOfBudget(max, status))
    return traceOf(metadata, { field: 'spec.maxReplicas', spec: { maxReplicas: status.before } });
  const ofBounds: readonly Given[] = [
    [MIN, bounds?.min === min ? bounds.owners.min : []],
    [MAX, bounds?.max === max ? bounds.owners.max : []],
  ];
  const ofBudget: readonly Given[] = status?.owners && status.before === max ? [[MAX, status.owners]] : [];
  return traceOf(metadata, undefined, [...ofBounds, ...ofBudget]);
}

/** The same of a RegionalAutoscaler: of maximums of its targets, which are one list. */
export function traceOfRegional(object: KubeObject): Found | undefined {
  const { metadata, spec: { targets = [] } = {} } = object as Scaled;
  const statuses = loweredTargets(metadata.annotations ?? {});
  const ours = targets.filter(({ deployment, max }) => {
    const status = Object.hasOwn(statuses, deployment) ? statuses[deployment] : undefined;
    return status !== undefined && isOfBudget(max, status);
  });
  if (ours.length === 0) return traceOf(metadata, undefined);
  const asBefore = targets.map((target) => {
    if (!ours.includes(target)) return target;
    const { max: _, ...rest } = target;
    const before = statuses[target.deployment]?.before ?? null;
    return before === null ? rest : { ...rest, max: before };
  });
  return traceOf(metadata, { field: 'max of spec.targets', spec: { targets: asBefore } });
}

/** Values first; what marks them as ours goes once they stand there. */
function traceOf(metadata: Metadata, back: PutBack | undefined, given: readonly Given[] = []): Found | undefined {
  const { resourceVersion, annotations = {}, managedFields = [] } = metadata;
  const keys = [BOUNDS_BEFORE, BUDGET_STATUS].filter((key) => annotations[key] !== undefined);
  const words = keys.map((key) => `annotation ${key}`);
  if (back)
    return { what: [`put back: ${back.field}`, ...words], patch: { metadata: { resourceVersion }, spec: back.spec } };
  const marks = MANAGERS.filter((own) =>
    managedFields.some(({ manager, subresource }) => subresource !== 'status' && manager === own),
  );
  if (keys.length === 0 && marks.length === 0) return undefined;
  const cleaned = {
    resourceVersion,
    ...(keys.length > 0 && { annotations: Object.fromEntries(keys.map((key) => [key, null])) }),
    managedFields: give(managedFields, given),
  };
  return { what: [...words, ...marks.map((own) => `metadata.managedFields of ${own}`)], patch: { metadata: cleaned } };
}

/** Without our entries. An empty list would change nothing: one empty entry stands for none. */
function give(managed: readonly ManagedFields[], given: readonly Given[]): readonly object[] {
  const others = MANAGERS.reduce((entries, manager) => handBack(entries, [], [], manager), managed);
  const rest = given.reduce((entries, [path, owners]) => handBack(entries, path, owners, MANAGERS[0]), others);
  return rest.length > 0 ? rest : [{}];
}
