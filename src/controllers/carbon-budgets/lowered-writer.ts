import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import {
  BUDGET_STATUS,
  type BudgetStatus,
  formatBudgetStatus,
  formatTargetStatuses,
} from '../../scaling/budget-status.ts';
import type { BudgetStep } from '../../scaling/budget-step.ts';
import { BUDGETS_MANAGER } from '../../scaling/field-managers.ts';
import { loweredTargets } from '../../scaling/lowered-status.ts';
import { type RegionalAutoscalerObject, toRegionalMaxima } from '../../scaling/regional-maxima.ts';
import { isMapping } from '../../units/is-mapping.ts';
import { type FieldPath, handBack, isOwned, type ManagedFields, ownersOf } from '../field-owners.ts';
import type { Lowered, LoweredKind } from './targets.ts';

const OWN = { fieldManager: BUDGETS_MANAGER };

const COLLECTIONS: Readonly<Record<LoweredKind, { readonly group: string; readonly plural: string }>> = {
  Deployment: { group: 'apps/v1', plural: 'deployments' },
  StatefulSet: { group: 'apps/v1', plural: 'statefulsets' },
  HorizontalPodAutoscaler: { group: 'autoscaling/v2', plural: 'horizontalpodautoscalers' },
  RegionalAutoscaler: { group: 'gridgate.dev/v1alpha1', plural: 'regionalautoscalers' },
};

export function apiVersionOf(kind: LoweredKind): string {
  return COLLECTIONS[kind].group;
}

export function pathOf({ kind, namespace, name }: Pick<Lowered, 'kind' | 'namespace' | 'name'>): string {
  const { group, plural } = COLLECTIONS[kind];
  return `/apis/${group}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}

type Writer = Pick<ApiWriter, 'apply' | 'mergePatch'>;

/**
 * The fields that can be given back; lists of targets are owned as a whole. Who owns replicas can be written through no subresource
 * (seen on Kubernetes 1.36.3), and to patch workloads themselves is the right to run any pod.
 */
const FIELDS: Readonly<Partial<Record<LoweredKind, FieldPath>>> = {
  HorizontalPodAutoscaler: ['f:spec', 'f:maxReplicas'],
  RegionalAutoscaler: ['f:spec', 'f:targets'],
};

/** Does one step to an object as it was read; a write of somebody else since is a 409. */
export async function writeStep(
  writer: Writer,
  lowered: Lowered,
  object: KubeObject,
  asked: BudgetStep,
): Promise<void> {
  const step = asked.kind === 'hold' ? { ...asked, status: withOwners(asked.status, lowered, object) } : asked;
  if (lowered.kind === 'HorizontalPodAutoscaler') return writeMaximum(writer, lowered, object, step);
  if (lowered.kind === 'RegionalAutoscaler') return writeTarget(writer, lowered, object, step);
  return writeReplicas(writer, lowered, object, step);
}

/**
 * What is remembered goes through the status, which leaves the spec alone; the replicas through `scale`, each of the very object that the
 * write before it made. On the way down it is remembered first: whoever is killed in between leaves an intent. On the way back it is
 * remembered last: until the replicas are back they are known to be ours.
 */
async function writeReplicas(writer: Writer, lowered: Lowered, object: KubeObject, step: BudgetStep): Promise<void> {
  if (step.kind === 'restore') {
    const scaled = await writeScale(writer, lowered, object, step.to);
    await writeAnnotation(writer, lowered, scaled, textOf(step));
    return;
  }
  const annotated = step.kind === 'finish' ? object : await writeAnnotation(writer, lowered, object, textOf(step));
  if ('to' in step) await writeScale(writer, lowered, annotated, step.to);
}

function writeAnnotation(
  writer: Writer,
  lowered: Lowered,
  { metadata: { resourceVersion } }: KubeObject,
  text: string | null,
): Promise<KubeObject> {
  const metadata = { resourceVersion, annotations: { [BUDGET_STATUS]: text } };
  return writer.mergePatch(`${pathOf(lowered)}/status`, { metadata }, OWN);
}

/** The answer has the version that this made. */
async function writeScale(
  writer: Writer,
  lowered: Lowered,
  object: KubeObject,
  replicas: number | null,
): Promise<KubeObject> {
  const { namespace, name, value } = lowered;
  if (replicas === null || replicas === value) return object;
  const metadata = { namespace, name, resourceVersion: object.metadata.resourceVersion };
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas } };
  return writer.apply(`${pathOf(lowered)}/scale`, scale, { ...OWN, force: true });
}

/** Whose the field is, as long as it is not ours. */
function withOwners(status: BudgetStatus, { kind, status: before }: Lowered, object: KubeObject): BudgetStatus {
  const field = FIELDS[kind];
  if (!field) return status;
  const managed = managedFieldsOf(object);
  const isOurs = before?.state === 'held' && isOwned(managed, field, BUDGETS_MANAGER);
  const owners = isOurs ? before.owners : ownersOf(managed, field, BUDGETS_MANAGER);
  return owners && owners.length > 0 ? { ...status, owners: [...owners] } : status;
}

/** With what is forgotten, the field goes. */
function given(lowered: Lowered, object: KubeObject, step: BudgetStep): object {
  return step.kind === 'forget' ? (handedBack(lowered, object) ?? {}) : {};
}

/**
 * The field in the entries of whom it belonged to, once what they had stands there again: a later server-side apply of theirs
 * does not conflict with us. `undefined`: it is not ours.
 */
function handedBack({ kind, status, value }: Lowered, object: KubeObject): object | undefined {
  const field = FIELDS[kind];
  const managed = managedFieldsOf(object);
  if (!field || !isOwned(managed, field, BUDGETS_MANAGER)) return undefined;
  const owners = value === status?.before ? status.owners : [];
  return { managedFields: handBack(managed, field, owners ?? [], BUDGETS_MANAGER) };
}

/** Gives the field back at once; where that comes to nothing, it goes with what is forgotten. */
export async function giveBack(writer: Writer, restored: Lowered, object: KubeObject): Promise<void> {
  const given = restored.status?.state === 'restored' ? handedBack(restored, object) : undefined;
  const { resourceVersion } = object.metadata;
  if (given) await writer.mergePatch(pathOf(restored), { metadata: { resourceVersion, ...given } }, OWN);
}

/** Whether a field of its kind can be given back. */
export function mayGiveBack({ kind }: Pick<Lowered, 'kind'>): boolean {
  return FIELDS[kind] !== undefined;
}

function managedFieldsOf({ metadata }: KubeObject): readonly ManagedFields[] {
  return (metadata as { readonly managedFields?: readonly ManagedFields[] }).managedFields ?? [];
}

/** The memory and the maximum in one write. */
async function writeMaximum(writer: Writer, lowered: Lowered, object: KubeObject, step: BudgetStep): Promise<void> {
  const { resourceVersion } = object.metadata;
  const annotations = { [BUDGET_STATUS]: textOf(step) };
  const spec = 'to' in step && step.to !== null ? { spec: { maxReplicas: step.to } } : {};
  const metadata = { resourceVersion, annotations, ...given(lowered, object, step) };
  await writer.mergePatch(pathOf(lowered), { metadata, ...spec }, OWN);
}

/** Targets are one list, which is written as a whole. */
async function writeTarget(writer: Writer, lowered: Lowered, object: KubeObject, step: BudgetStep): Promise<void> {
  const { deployment = '' } = lowered;
  const regional = object as RegionalAutoscalerObject;
  const { [deployment]: _, ...others } = loweredTargets(toRegionalMaxima(regional).annotations);
  const status = statusIn(step);
  const statuses = status ? { ...others, [deployment]: status } : others;
  const text = Object.keys(statuses).length > 0 ? formatTargetStatuses(statuses) : null;
  const metadata = {
    resourceVersion: object.metadata.resourceVersion,
    annotations: { [BUDGET_STATUS]: text },
    ...(text === null && given(lowered, object, step)),
  };
  const spec = 'to' in step ? { spec: { targets: withMaximum(regional, deployment, step.to) } } : {};
  await writer.mergePatch(pathOf(lowered), { metadata, ...spec }, OWN);
}

function withMaximum({ spec }: RegionalAutoscalerObject, deployment: string, max: number | null): readonly unknown[] {
  const targets = Array.isArray(spec?.targets) ? spec.targets : [];
  const index = targets.findIndex((one) => isMapping(one) && one['deployment'] === deployment);
  if (index < 0) return targets;
  const { max: _, ...target } = targets[index];
  return targets.with(index, max === null ? target : { ...target, max });
}

function statusIn(step: BudgetStep): BudgetStatus | undefined {
  return 'status' in step ? step.status : undefined;
}

function textOf(step: BudgetStep): string | null {
  const status = statusIn(step);
  return status ? formatBudgetStatus(status) : null;
}
