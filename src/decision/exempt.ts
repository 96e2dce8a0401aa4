import { DAEMON_OWNERS } from './daemon-owners.ts';
import type { NodeSelectorTerm } from './node-selector.ts';
import { controllerOf, type Pod, requiredTerms } from './pod.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reasons.ts';

/** Who asks, as the API server says it. */
export interface Requester {
  readonly username?: string;
  readonly groups?: readonly string[];
}

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const SYSTEM_CLASSES: ReadonlySet<string> = new Set(['system-node-critical', 'system-cluster-critical']);
/** The lowest priority that only Kubernetes' own classes reach. */
const SYSTEM_PRIORITY = 2_000_000_000;

/** Why a pod is left alone; `undefined` when it is judged. */
export function exemption(pod: Pod, policy: Policy, requester: Requester): Reason | undefined {
  if (policy.mode === 'off') return 'mode_off';
  return isMirrorPod(pod, requester) ? 'mirror_pod' : undefined;
}

/** The annotation alone proves nothing: anybody can write it, only kubelets are in `system:nodes`. */
function isMirrorPod(pod: Pod, requester: Requester): boolean {
  const annotations = pod.metadata?.annotations;
  return (
    annotations != null &&
    Object.hasOwn(annotations, MIRROR_ANNOTATION) &&
    (requester.groups?.includes('system:nodes') ?? false)
  );
}

/**
 * Whether a pod belongs to a daemon set and so is exempt from carbon, outage and steering. Owner and shape can be forged:
 * a forger gains that exemption on the one node it names; `daemonAccounts` keeps forgers out where accounts are known.
 */
export function isDaemonPod(pod: Pod, policy: Policy, { username }: Requester): boolean {
  const { daemonAccounts } = policy;
  const owner = controllerOf(pod);
  if (!owner || !isDaemonOwner(groupOf(owner.apiVersion ?? ''), owner.kind ?? '', policy)) return false;
  if (username !== undefined && daemonAccounts && !daemonAccounts.matches(username)) return false;
  return Boolean(pod.spec?.nodeName) || pinsOneNode(requiredTerms(pod) ?? []);
}

/** Whether pods of this kind belong to one node each. */
export function isDaemonOwner(group: string, kind: string, { daemonOwners = DAEMON_OWNERS }: Policy): boolean {
  return daemonOwners.includes(`${group}/${kind}`);
}

/** The API group of `apps/v1`; '' of `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** Whether all terms pin the same node. Terms are ORed, so different nodes would let the pod run on each of them. */
function pinsOneNode(terms: readonly NodeSelectorTerm[]): boolean {
  const names = terms.map(pinnedNode);
  const [first] = names;
  return first !== undefined && names.every((name) => name === first);
}

/** As the DaemonSet controller writes it, which puts one node into each term. */
function pinnedNode({ matchFields }: NodeSelectorTerm): string | undefined {
  const [field, ...others] = matchFields ?? [];
  const isPin = field?.key === 'metadata.name' && field.operator === 'In' && field.values?.length === 1;
  return isPin && others.length === 0 ? field.values?.[0] : undefined;
}

/** A system PriorityClass exempts from carbon and waiting, never from sovereignty or outage. */
export function hasSystemPriority({ spec }: Pod): boolean {
  const claimed = spec?.priorityClassName !== undefined && SYSTEM_CLASSES.has(spec.priorityClassName);
  return claimed && (spec.priority === undefined || spec.priority >= SYSTEM_PRIORITY);
}
