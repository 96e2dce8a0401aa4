import type { NodeSelectorTerm, Requirement } from '../../src/decision/node-selector.ts';
import type { Pod } from '../../src/decision/pod.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';

/** A node as the scheduler sees it. */
export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Whole numbers; absent: room for anything. */
  readonly allocatable?: Readonly<Record<string, number>>;
}

/** The node of which gridgate knows these facts, with other labels it knows nothing of. */
export function toNode({ name, labels }: NodeFacts, others: Node['labels'] = {}): Node {
  return { name, labels: { ...others, ...labels } };
}

/**
 * Whether kube-scheduler's filters NodeAffinity, TaintToleration and NodeResourcesFit let a pod onto an empty node. Written
 * from its documentation and `component-helpers/scheduling/corev1`, on purpose without anything of `src/decision`.
 */
export function admits(pod: Pod, node: Node): boolean {
  return isWanted(pod, node) && isTolerated(pod, node) && hasRoom(pod, node);
}

function isWanted(pod: Pod, node: Node): boolean {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!selector.every(([key, value]) => node.labels[key] === value)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => termMatches(term, node));
}

function isTolerated(pod: Pod, { taints = [] }: Node): boolean {
  const hard = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  return hard.every((taint) =>
    (pod.spec?.tolerations ?? []).some((toleration) => {
      const ofEffect = !toleration.effect || toleration.effect === taint.effect;
      if (!toleration.key) return ofEffect && toleration.operator === 'Exists';
      const ofValue = toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
      return ofEffect && toleration.key === taint.key && ofValue;
    }),
  );
}

function hasRoom(pod: Pod, { allocatable }: Node): boolean {
  if (!allocatable) return true;
  const wanted: Record<string, number> = {};
  for (const { resources } of pod.spec?.containers ?? [])
    for (const [resource, amount] of Object.entries(resources?.requests ?? {}))
      wanted[resource] = (wanted[resource] ?? 0) + Number(amount);
  return Object.entries(wanted).every(([resource, amount]) => amount <= (allocatable[resource] ?? 0));
}

/** The pod with all that gridgate may add of tolerations: they open nodes that carry its taint. */
export function tolerant(pod: Pod): Pod {
  const ours = { key: 'gridgate.dev/carbon', operator: 'Exists' };
  return { ...pod, spec: { ...pod.spec, tolerations: [...(pod.spec?.tolerations ?? []), ours] } };
}

/** The names of the nodes that admit a pod. */
export function nodesFor(pod: Pod, nodes: readonly Node[]): readonly string[] {
  return nodes.filter((node) => admits(pod, node)).map(({ name }) => name);
}

function termMatches({ matchExpressions, matchFields }: NodeSelectorTerm, node: Node): boolean {
  const expressions = matchExpressions ?? [];
  const fields = matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((expression) => holds(expression, node.labels[expression.key])) &&
    fields.every((field) => field.key === 'metadata.name' && holds(field, node.name))
  );
}

function holds({ operator, values }: Requirement, label: string | undefined): boolean {
  const listed = label !== undefined && (values ?? []).includes(label);
  if (operator === 'In') return listed;
  if (operator === 'NotIn') return !listed;
  if (operator === 'Exists') return label !== undefined;
  if (operator === 'DoesNotExist') return label === undefined;
  if (label === undefined || !isInteger(label) || !isInteger(values?.[0])) return false;
  const difference = Number(label) - Number(values?.[0]);
  return operator === 'Gt' ? difference > 0 : difference < 0;
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^[+-]?[0-9]+$/.test(text);
}
