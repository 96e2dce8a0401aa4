import type { NodeSelectorTerm, Requirement } from '../../src/decision/node-selector.ts';
import type { Pod } from '../../src/decision/pod.ts';
import type { NodeFacts } from '../../src/regions/topology.ts';
import { HOSTNAME_LABEL, REGION_LABEL, ZONE_LABEL } from '../builders.ts';

/** A node as the scheduler sees it. */
export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The node of which gridgate knows these facts, with other labels it knows nothing of. */
export function toNode({ name, region, zone, hostname }: NodeFacts, others: Node['labels'] = {}): Node {
  return {
    name,
    labels: {
      ...others,
      ...(region !== undefined && { [REGION_LABEL]: region }),
      ...(zone !== undefined && { [ZONE_LABEL]: zone }),
      ...(hostname !== undefined && { [HOSTNAME_LABEL]: hostname }),
    },
  };
}

/**
 * Whether kube-scheduler's NodeAffinity filter lets a pod onto a node. Written from its documentation and
 * `component-helpers/scheduling/corev1/nodeaffinity`, on purpose without anything of `src/decision`.
 */
export function admits(pod: Pod, node: Node): boolean {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!selector.every(([key, value]) => node.labels[key] === value)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => termMatches(term, node));
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
