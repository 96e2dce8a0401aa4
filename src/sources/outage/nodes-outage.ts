import type { NodeConditions, NodeHealth } from './node-health.ts';
import { createNodeHistory } from './node-health.ts';
import type { OutageSource, Verdict } from './source.ts';

export interface NodesOutageDeps {
  /** All nodes of the cluster as they are now. */
  readonly nodes: () => Iterable<NodeConditions>;
  /** Epoch milliseconds. */
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
