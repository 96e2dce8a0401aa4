import type { Snapshot } from '../regions/snapshot.ts';
import { nameFew } from '../units/tell-few.ts';
import { isAllowed, isSovereign } from './judge.ts';
import { clip, listPatterns } from './messages.ts';
import { type Pod, requiredTerms } from './pod.ts';
import type { Policy } from './policy.ts';
import { reachableRegions } from './reachable.ts';
import { treatmentOf } from './treatment.ts';

/** The nodes of a daemon set that are in no region which its namespace allows: its pods stay Pending there. */
export interface OutsideReach {
  /** Sorted; where nodes are known, only regions with a node that it fits. */
  readonly regions: readonly string[];
  /** Whether it fits nodes without a region label, which are in no allowed region. */
  readonly unlabelled: boolean;
  /** The patterns that it is held to. */
  readonly allowed: string;
}

const MOST_NAMED = 3;

/** Where a daemon set reaches outside `regions`, by its template or one of its pods; `undefined`: nowhere. */
export function outsideReach(pod: Pod, policy: Policy, snapshot: Snapshot): OutsideReach | undefined {
  const { treatment } = treatmentOf(pod, policy);
  if (!isSovereign(treatment)) return undefined;
  const { seen, regions: within, unlabelled } = reachableRegions(unpinned(pod), snapshot);
  const names = seen ? [...seen] : within.map(({ name }) => name);
  const regions = names.filter((name) => !isAllowed(name, treatment)).sort();
  return regions.length > 0 || unlabelled ? { regions, unlabelled, allowed: listPatterns(treatment) } : undefined;
}

/** `pods of this DaemonSet reach outside regions: they stay Pending on nodes of us-east (allowed: eu-*)`. */
export function describeOutside(kind: string, { regions, unlabelled, allowed }: OutsideReach): string {
  const named = nameFew(regions, MOST_NAMED, clip);
  const places = [...(named === '' ? [] : [`of ${named}`]), ...(unlabelled ? ['without a region label'] : [])];
  return `pods of this ${kind} reach outside regions: they stay Pending on nodes ${places.join(' and ')} (allowed: ${allowed})`;
}

/** The pod without the one node that the DaemonSet controller names in every term; its template names none. */
function unpinned(pod: Pod): Pod {
  const terms = requiredTerms(pod);
  const { spec } = pod;
  if (!terms?.some(({ matchFields }) => matchFields?.length)) return pod;
  const left = terms.map(({ matchExpressions }) => ({ matchExpressions: matchExpressions ?? [] }));
  // A term that held nothing but the controller's node name is dropped: left empty, it would match no node.
  const saysNothing = left.some(({ matchExpressions }) => matchExpressions.length === 0);
  const required = { nodeSelectorTerms: left };
  const nodeAffinity = saysNothing ? null : { requiredDuringSchedulingIgnoredDuringExecution: required };
  return { ...pod, spec: { ...spec, affinity: { nodeAffinity } } };
}
