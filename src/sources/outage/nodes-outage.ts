import type { OutageSource, Verdict } from './source.ts';

/** What of a node says how it is; times in epoch milliseconds. */
export interface NodeConditions {
  readonly name: string;
  readonly region?: string;
  readonly ready: boolean;
  /** When it was last ready or not ready differently; absent where it never said anything. */
  readonly transitionAt?: number;
  readonly createdAt: number;
  readonly cordoned: boolean;
}

export interface NodeHealth extends Omit<NodeConditions, 'transitionAt'> {
  /** Whether it was Ready once: nodes that never were are new ones that fail to start, not an outage. */
  readonly everReady: boolean;
  /** Since when it has not been ready, without a break. */
  readonly notReadySince?: number;
}

export interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: { readonly conditions?: readonly NodeCondition[] };
}

interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

/** A node that is older has started, or failed to. */
const STARTED_AFTER_MS = 10 * 60_000;
/** Anything seen longer ago is forgotten: another replica led meanwhile, and nobody knows what happened in between. */
const LONGEST_GAP_MS = 10 * 60_000;

/** Picks what matters of a Node; small, to be held for each. */
export function readNodeConditions({ metadata, spec, status }: NodeObject, regionLabel: string): NodeConditions {
  const region = metadata.labels?.[regionLabel];
  const found = status?.conditions?.find(({ type }) => type === 'Ready');
  // The node controller's words for a node whose kubelet never reported.
  const said = found && found.reason !== 'NodeStatusNeverUpdated' ? found : undefined;
  const transitionAt = Date.parse(said?.lastTransitionTime ?? '');
  return {
    name: metadata.name,
    ...(region !== undefined && { region }),
    ready: said?.status === 'True',
    ...(Number.isFinite(transitionAt) && { transitionAt }),
    createdAt: Date.parse(metadata.creationTimestamp ?? ''),
    cordoned: spec?.unschedulable ?? false,
  };
}

/**
 * Remembers what a node's conditions do not tell. A node was Ready once
 *
 * | the node is                                   | because                                                          |
 * | --------------------------------------------- | ---------------------------------------------------------------- |
 * | Ready now                                     | it says so                                                       |
 * | not Ready, and was followed from before       | it was remembered to be, or not to be                            |
 * | not Ready when seen for the first time        | its condition changed more than 10 minutes after it was created: |
 * |                                               | one that never was Ready keeps its first condition               |
 *
 * The last is a guess for a new leader's first look: a node that never started and whose kubelet falls silent later passes
 * for one that was Ready. A new node of the same name, which has another time of creation, starts anew.
 */
export function createNodeHistory(): (nodes: Iterable<NodeConditions>, now: number) => readonly NodeHealth[] {
  let known = new Map<string, NodeHealth>();
  let seenAt = Number.NEGATIVE_INFINITY;

  return function observe(nodes, now) {
    const isFollowed = now - seenAt <= LONGEST_GAP_MS; // also where the clock was set back
    const before = isFollowed ? known : new Map<string, NodeHealth>();
    known = new Map([...nodes].map((node) => [node.name, healthOf(node, before.get(node.name), now)]));
    seenAt = now;
    return [...known.values()];
  };
}

function healthOf({ transitionAt, ...node }: NodeConditions, before: NodeHealth | undefined, now: number): NodeHealth {
  if (node.ready) return { ...node, everReady: true };
  const same = before?.createdAt === node.createdAt ? before : undefined;
  // From False to Unknown is a transition too, and no break. A time in the future comes from another clock than ours.
  const notReadySince = Math.min(now, same?.notReadySince ?? transitionAt ?? now);
  return { ...node, everReady: same?.everReady ?? changedLate(node.createdAt, transitionAt), notReadySince };
}

function changedLate(createdAt: number, transitionAt: number | undefined): boolean {
  return transitionAt !== undefined && transitionAt - createdAt > STARTED_AFTER_MS;
}

interface NodesOutageDeps {
  readonly nodes: () => Iterable<NodeConditions>;
  readonly clock: () => number;
}

const YOUNG_MS = 10 * 60_000;
const DOWN_AFTER_MS = 2 * 60_000;
const FEWEST_NODES = 3;
const DOWN_SHARE = 0.5;

/** The cluster's own nodes as witnesses. To be read every few minutes, so that it sees nodes become Ready. */
export function createNodesOutage({ nodes, clock }: NodesOutageDeps): OutageSource {
  const observe = createNodeHistory();
  return {
    name: 'nodes',
    async read() {
      const now = clock();
      return judgeNodes(observe(nodes(), now), now);
    },
  };
}

/**
 * Of the nodes that were Ready once, are older than 10 minutes and are not cordoned:
 *
 * | of them are in a region      | not Ready for 2 minutes | verdict |
 * | ---------------------------- | ----------------------- | ------- |
 * | fewer than 3                 | any                     | unknown |
 * | 3 or more                    | fewer than half         | up      |
 * | 3 or more                    | half or more            | down    |
 */
export function judgeNodes(nodes: Iterable<NodeHealth>, now: number): ReadonlyMap<string, Verdict> {
  const witnesses = Map.groupBy(
    [...nodes].filter((node) => isWitness(node, now)),
    ({ region }) => region,
  );
  const verdicts = new Map<string, Verdict>();
  for (const [region, ofRegion] of witnesses) {
    if (region === undefined || ofRegion.length < FEWEST_NODES) continue;
    const failed = ofRegion.filter((node) => hasFailed(node, now)).length;
    const down = failed >= ofRegion.length * DOWN_SHARE;
    const reason = `${failed} of ${ofRegion.length} nodes are not Ready for 2 minutes or more`;
    verdicts.set(region, down ? { down, reason } : { down });
  }
  return verdicts;
}

function isWitness({ everReady, createdAt, cordoned }: NodeHealth, now: number): boolean {
  return everReady && !cordoned && now - createdAt > YOUNG_MS;
}

function hasFailed({ ready, notReadySince }: NodeHealth, now: number): boolean {
  return !ready && notReadySince !== undefined && now - notReadySince >= DOWN_AFTER_MS;
}
