import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { ANY_NODE, type Asks, alternativesOf, asksOf, needsOf } from './asks.ts';
import { untoleratedIn } from './node-match.ts';
import type { Pod } from './pod.ts';
import { type ReachOptions, within } from './reachable.ts';
import { createMemory, remember, rememberByName } from './remember.ts';
import { describeVolumes, type VolumeTerms } from './volume-terms.ts';

/** One thing that a pod asks for, and the regions that it alone leaves. */
export interface Share {
  /** As its author wrote it: `node selector pool=gpu`. */
  readonly what: string;
  readonly kind: 'need' | 'wish';
  readonly leaves: readonly RegionView[];
}

const remembered = createMemory<Snapshot, Map<string, readonly Share[]>>();
const MOST_DENIED = 500;
const NO_VOLUMES: readonly VolumeTerms[] = [];
/** Authors may write thousands of labels; a message has room for a few. */
const MOST_LABELS = 10;
const MOST_WORDS = 80;
/** Enough for any amount, and few enough to round a sum of tenths. */
const MOST_DIGITS = 12;

/**
 * Which regions each of a pod's wishes and needs leaves; those that leave all regions are not listed. It costs more than the
 * decision, and controllers retry denied pods again and again, so it is remembered.
 */
export function attribute(pod: Pod, snapshot: Snapshot, options: ReachOptions = {}): readonly Share[] {
  const { asIs = false, volumes = NO_VOLUMES, tolerations = [] } = options;
  const asks = asksOf(pod, snapshot, { asIs, volumes, tolerations });
  if (volumes.length > 0 || pod.spec?.nodeName) return sharesOf(pod, asks, snapshot, options);
  const ofSnapshot = remember(remembered, snapshot, () => new Map<string, readonly Share[]>());
  const { nodeSelector, affinity } = pod.spec ?? {};
  const written = JSON.stringify([options.target, asIs, nodeSelector, affinity?.nodeAffinity]);
  const taints = untoleratedIn(snapshot, asks.tolerations);
  const name = written + JSON.stringify(asks.requests) + taints;
  return rememberByName(ofSnapshot, name, { most: MOST_DENIED }, () => sharesOf(pod, asks, snapshot, options));
}

function sharesOf(pod: Pod, asks: Asks, snapshot: Snapshot, options: ReachOptions): readonly Share[] {
  const { target, asIs = false, volumes = NO_VOLUMES } = options;
  const all = within(ANY_NODE, snapshot);
  const shares: Share[] = [];
  const add = (what: string, kind: Share['kind'], leaves: readonly RegionView[]) => {
    if (leaves.length < all.length) shares.push({ what: what.slice(0, MOST_WORDS), kind, leaves });
  };
  const addAsks = (what: string, part: Partial<Asks>) => {
    const alone = { ...ANY_NODE, ...part };
    const leaves = within(alone, snapshot);
    if (leaves.length === all.length) return;
    add(what, within(needsOf(alone), snapshot).length === leaves.length ? 'need' : 'wish', leaves);
  };

  const { nodeSelector, nodeName } = pod.spec ?? {};
  if (nodeName) {
    const region = snapshot.topology?.byName.get(nodeName)?.region;
    add(
      `node name ${nodeName}`,
      'wish',
      all.filter(({ name }) => name === region),
    );
    return shares;
  }
  if (target !== undefined)
    add(
      `region ${target}`,
      'wish',
      all.filter(({ name }) => name === target),
    );
  for (const [key, value] of Object.entries(nodeSelector ?? {}).slice(0, MOST_LABELS))
    addAsks(`node selector ${key}=${value}`, { alternatives: [[{ key, operator: 'In', values: [String(value)] }]] });
  if (pod.spec?.affinity?.nodeAffinity)
    addAsks('node affinity', { alternatives: alternativesOf({ spec: { affinity: pod.spec.affinity } }, asIs) });
  if (untoleratedIn(snapshot, asks.tolerations) !== '')
    addAsks('taints that it does not tolerate', { tolerations: asks.tolerations });
  for (const [resource, amount] of Object.entries(asks.requests))
    addAsks(`request of ${quantityOf(resource, amount)}`, { requests: { [resource]: amount } });
  for (const volume of volumes.slice(0, MOST_LABELS)) addAsks(describeVolumes([volume]), { volumes: [volume] });
  return shares;
}

function quantityOf(resource: string, amount: number): string {
  const isBytes = resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-');
  if (isBytes) return `${Math.round((10 * amount) / 2 ** 30) / 10} GiB ${resource}`;
  return `${Number(amount.toPrecision(MOST_DIGITS))} ${resource}`;
}
