import type { KubeObject } from '../../cluster/kube-object.ts';
import { DEPLOYMENTS, HORIZONTAL_AUTOSCALERS, STATEFUL_SETS } from '../../cluster/scaled-objects.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { BOUNDS_BEFORE, parseBoundsBefore } from '../../scaling/bounds-before.ts';
import { BUDGET_STATUS, isOfBudget } from '../../scaling/budget-status.ts';
import { loweredStatus, loweredTargets } from '../../scaling/lowered-status.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { HeldScale } from './facts.ts';

interface Scaled extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly targets?: readonly { readonly deployment?: string; readonly max?: number }[];
  };
}
type Found = HeldScale | undefined;

/** What gridgate scales beside RegionalAutoscalers (`read-autoscalers.ts`), as far as a number of its owner is kept aside while gridgate's stands there. */
export const SCALED: readonly WatchedResource<Found>[] = [
  scaled('deployments', DEPLOYMENTS.path, (one) => heldReplicas('deployment', one)),
  scaled('statefulsets', STATEFUL_SETS.path, (one) => heldReplicas('statefulset', one)),
  scaled('horizontalpodautoscalers', HORIZONTAL_AUTOSCALERS.path, heldBounds),
];

function scaled(
  name: WatchedResource<Found>['name'],
  path: string,
  project: (object: Scaled) => Found,
): WatchedResource<Found> {
  return { name, path, content: 'full', project: (object) => project(object), differs: () => true };
}

export function heldReplicas(resource: 'deployment' | 'statefulset', { metadata, spec }: Scaled): Found {
  const status = loweredStatus(metadata.annotations ?? {});
  if (!status || !isOfBudget(spec?.replicas ?? 1, status)) return undefined;
  const back = { spec: { replicas: status.before }, annotation: BUDGET_STATUS };
  return { ...held(metadata, resource, back), option: '--carbon-budgets', value: `${status.before} replicas` };
}

export function heldBounds({ metadata, spec: { minReplicas: min = 1, maxReplicas: max = 1 } = {} }: Scaled): Found {
  const bounds = parseBoundsBefore(metadata.annotations?.[BOUNDS_BEFORE]);
  if (bounds && bounds.wrote.min === min && bounds.wrote.max === max) {
    const spec = { minReplicas: bounds.min, maxReplicas: bounds.max };
    const one = held(metadata, 'hpa', { spec, annotation: BOUNDS_BEFORE });
    return { ...one, option: '--regional-autoscaler', value: `${bounds.min} to ${bounds.max}` };
  }
  const status = loweredStatus(metadata.annotations ?? {});
  if (!status || !isOfBudget(max, status)) return undefined;
  const one = held(metadata, 'hpa', { spec: { maxReplicas: status.before }, annotation: BUDGET_STATUS });
  return { ...one, option: '--carbon-budgets', value: `at most ${status.before}` };
}

export function heldTargets({ metadata, spec }: Scaled): Found {
  const statuses = loweredTargets(metadata.annotations ?? {});
  const ours = (spec?.targets ?? []).flatMap(({ deployment = '', max }) => {
    const status = Object.hasOwn(statuses, deployment) ? statuses[deployment] : undefined;
    return status && isOfBudget(max, status) ? [`${deployment}: ${status.before ?? 'no maximum'}`] : [];
  });
  if (ours.length === 0) return undefined;
  const { name, namespace = '' } = metadata;
  const todo = shellCommand`kubectl edit regionalautoscaler -n ${namespace} ${name}`;
  return {
    called: `regionalautoscaler ${namespace}/${name}`,
    option: '--carbon-budgets',
    value: ours.join(', '),
    todo,
  };
}

/** Numbers alone: safe to paste between quotes. */
function held(
  { name, namespace = '' }: KubeObject['metadata'],
  resource: string,
  { spec, annotation }: { readonly spec: object; readonly annotation: string },
): Pick<HeldScale, 'called' | 'todo'> {
  const patch = JSON.stringify({ spec, metadata: { annotations: { [annotation]: null } } });
  const head = shellCommand`kubectl patch ${resource} -n ${namespace} ${name} --type=merge -p`;
  return { called: `${resource} ${namespace}/${name}`, todo: head && `${head} '${patch}'` };
}
