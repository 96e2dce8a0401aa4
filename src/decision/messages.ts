import type { IdlePool } from '../regions/node-pool.ts';
import type { Reading } from '../regions/reading.ts';
import type { Picture, RegionView } from '../regions/snapshot.ts';
import { cutText } from '../units/cut-text.ts';
import { REGION_LABEL } from '../units/label-names.ts';
import { onOneLine } from '../units/legible.ts';
import { formatReadingAge } from '../units/moment.ts';
import { andMore, nameFew, nameOf, tellFew } from '../units/tell-few.ts';
import type { Share } from './attribute.ts';
import { alternatives, cleanest, isAllowed, type Judgement, type RefusedRegion } from './judge.ts';
import type { Pod } from './pod.ts';
import type { Policy, SetBy } from './policy.ts';
import { comparableReading, latencyFromHome } from './refuse.ts';
import { ANY_REGION } from './region-patterns.ts';
import { createMemory, remember } from './remember.ts';
import type { Treatment } from './treatment.ts';
import { describeVolumes, type VolumeTerms } from './volume-terms.ts';

/** A cause of a denial, as in `metav1.StatusCause`. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

const bestElsewhere = createMemory<Judgement, { readonly region: RegionView | undefined }>();

const MOST_CAUSES = 10;
const MOST_ALSO_NAMED = 3;
const MOST_NAME_CHARACTERS = 63;
const MOST_WARNING_CHARACTERS = 240;
const MOST_WARNINGS = 16;

/** Epoch milliseconds; absent where words are to say nothing of ages. */
type Now = number | undefined;

/**
 * What a denied user reads in one line: what was refused, the reading with unit, source and age, the limit and who set it;
 * and the cleanest allowed alternative now.
 */
export function denialSentences(
  pod: Pod,
  judgement: Judgement,
  shares: readonly Share[],
  now: Now,
): readonly [why: string, advice: string] {
  const [first, ...others] = inOrder(judgement);
  const why = first ? sentenceFor(first, judgement, now) : outsideSentence(pod, judgement);
  const more = others.length > 0 ? `; also refused: ${listRefused(others)}` : '';
  const only = shares.length > 0 ? `; ${sharesSentence(shares)}` : '';
  return [
    onOneLine(`gridgate refuses ${podName(pod)}: ${why}${more}${only}`),
    onOneLine(`${alternativeSentence(judgement, now)} [${judgement.reason}]`),
  ];
}

/** Why a pod has no place under a policy that says where data may live, although no region within its reach is refused. */
function outsideSentence(pod: Pod, { treatment, snapshot, reach }: Judgement): string {
  const { nodeName = '' } = pod.spec ?? {};
  const limit = allowedRegions(treatment);
  if (reach.onUnknownNode)
    return `node ${clip(nodeName)} is in no region that is known here, and so not among ${limit}`;
  if (reach.unlabelled)
    return `the nodes that it fits carry no label ${snapshot.regionLabel}, and so are not among ${limit}`;
  if (reach.named)
    return `it asks for region ${reach.named.slice(0, MOST_ALSO_NAMED).map(clip).join(', ') || 'none'}, which is not among ${limit}`;
  const known = snapshot.regions.length > 0 ? `known: ${listNames(snapshot.regions)}` : 'no region is known';
  return `nothing here is among ${limit} (${known})`;
}

/** Where data may live, as the namespace and the pod say it. */
export function listPatterns({ policy, podRegions }: Treatment): string {
  return [policy.regions, podRegions]
    .filter((patterns) => patterns !== ANY_REGION)
    .map(({ text }) => text)
    .join(' and ');
}

function allowedRegions(treatment: Treatment): string {
  return `the regions ${listPatterns(treatment)} that it is allowed`;
}

/** What each of a pod's wishes and needs leaves: `its node selector pool=gpu leaves only us-east-1`. */
export function sharesSentence(
  shares: readonly (Pick<Share, 'what'> & { readonly leaves: readonly Named[] })[],
): string {
  const some = [...shares].sort((a, b) => a.leaves.length - b.leaves.length).slice(0, MOST_ALSO_NAMED);
  return some
    .map(({ what, leaves }) => `its ${what} leaves ${leaves.length > 0 ? `only ${listNames(leaves)}` : 'no region'}`)
    .join(', ');
}

/** One cause per refused region, at most 10. */
export function causesOf(judgement: Judgement, now: Now): readonly Cause[] {
  return inOrder(judgement)
    .slice(0, MOST_CAUSES)
    .map((refused) => ({
      reason: refused.refusal,
      message: onOneLine(sentenceFor(refused, judgement, now)),
      field: `regions[${refused.region.name}]`,
    }));
}

/** The warning for a pod that stays in a region above its ceiling because there is nowhere cleaner. */
export function allDirtyWarning(
  { candidates, treatment, snapshot }: Judgement,
  shares: readonly Share[],
  now: Now,
): string {
  const [region] = candidates;
  const reading = region && comparableReading(region, snapshot);
  const why = shares.length > 0 ? ` (${sharesSentence(shares)})` : '';
  return `gridgate: every region within reach${why} is above ${limit(treatment)}; cleanest: ${region?.name} at ${reading ? quantity(reading, now) : 'unknown intensity'}`;
}

/** The warning for a pod that no node of a known region can run now, and none is known to come. */
export function unreachableWarning(
  pod: Pod,
  { treatment, snapshot, reach }: Judgement,
  shares: readonly Share[],
  idle: readonly IdlePool[],
): string {
  const { nodeName } = pod.spec ?? {};
  const { target } = treatment;
  if (nodeName) return `gridgate: node ${clip(nodeName)} is in no region that is known here`;
  if (target !== undefined && !snapshot.topology?.regions.has(target))
    return `gridgate.dev/region: ${target} is no region that gridgate knows, or out of the pod's own reach`;
  if (!snapshot.topology) return "gridgate: the pod's own constraints match no region that gridgate knows";
  if (reach.unlabelled)
    return `gridgate: the nodes that have what the pod asks for carry no label ${snapshot.regionLabel}: nothing is known of their region`;
  if (idle.length > 0) return `gridgate: no node has what the pod asks for; it waits: ${idleSentence(idle)}`;
  const placeless = snapshot.supply?.autoscaling.placelessNodePools ?? [];
  if (placeless.length > 0)
    return `gridgate: no node has what the pod asks for; it waits: NodePool ${clip(placeless[0] ?? '')}${andMore(placeless.length - 1)} may bring one, nobody knows where: it ${snapshot.regionLabel === REGION_LABEL ? 'names no region or zone, and has no node' : `says nothing of the label ${snapshot.regionLabel}, or of places, and has no node`}`;
  return `gridgate: no node has what the pod asks for, and none is known to come; it waits: ${snapshot.topology.regions.size === 0 ? 'no region has a node' : waitsFor(shares)}`;
}

const WHY_IDLE: Readonly<Record<IdlePool['why'], string>> = {
  paused: 'is paused',
  static: 'is static: it has a fixed number of nodes',
  unready: 'is not ready',
  full: 'has as much as its limits let it',
};

/** `NodePool late would serve it, and creates no nodes now: it is paused (limits.cpu 0)`. */
function idleSentence(idle: readonly IdlePool[]): string {
  const why = idle.slice(0, MOST_ALSO_NAMED).map((pool) => {
    const by = pool.pausedBy === undefined ? '' : ` (limits.${pool.pausedBy} 0)`;
    return `${idle.length === 1 ? 'it' : clip(pool.name)} ${WHY_IDLE[pool.why]}${by}`;
  });
  const who = nameFew(idle, MOST_ALSO_NAMED, ({ name }) => clip(name));
  return idle.length === 1
    ? `NodePool ${who} would serve it, and creates no nodes now: ${why}`
    : `NodePools ${who} would serve it, and create no nodes now: ${why.join(', ')}`;
}

/** What each ask leaves. Where each is met somewhere, no single node meets all of them, and the sentence says so. */
function waitsFor(shares: readonly Share[]): string {
  const isMetSomewhere = shares.every(({ leaves }) => leaves.length > 0);
  return [sharesSentence(shares), isMetSomewhere ? 'no single node has all of it' : '']
    .filter((words) => words !== '')
    .join('; ');
}

/** The warning for a pod of a daemon set whose node is in no allowed region: it waits for as long as that is so. */
export function daemonOutsideWarning({ treatment, reach }: Judgement): string {
  const where = reach.regions.length > 0 ? `in ${listNames(reach.regions)}` : 'in no known region';
  return `gridgate: its node is ${where}, not among ${allowedRegions(treatment)}; the pod waits`;
}

/** The warning for a pod that can run only on nodes that nobody has seen yet. */
export function newNodesWarning({ candidates, awaitsPools }: Judgement, shares: readonly Share[]): string {
  const why = shares.length > 0 ? `: now ${sharesSentence(shares)}` : '';
  const who = awaitsPools
    ? 'it waits for NodePools that are paused, full, static or not ready, or of which nobody knows where they create nodes'
    : 'it counts on new ones';
  return `gridgate: no node of ${listNames(candidates)} has now what the pod asks for; ${who}${why}`;
}

/** The warning for a pod that its volumes hold in a region that is refused for carbon or outage. */
export function heldWarning(judgement: Judgement, volumes: readonly VolumeTerms[], now: Now): string {
  const { reach, candidates, reason } = judgement;
  const held = placeOfVolumes(reach.heldTo ?? []);
  const region = candidates[0];
  const refusal = reason === 'outage' ? 'outage' : 'high_carbon';
  const why = region ? `: ${sentenceFor({ region, refusal }, judgement, now)}` : '';
  return `gridgate: ${describeVolumes(volumes)} ${volumes.length > 1 ? 'hold' : 'holds'} the pod ${held}${why}`;
}

/** Without a node there, nobody knows where the volumes are. */
function placeOfVolumes(heldTo: readonly Named[]): string {
  return heldTo.length > 0 ? `in ${listNames(heldTo)}` : 'where no node is now';
}

/**
 * Makes a warning that the API server passes on: one line (the API server drops it for a control character), at most 240
 * characters.
 */
export function warning(text: string): string {
  return cutText(onOneLine(text), MOST_WARNING_CHARACTERS);
}

/** As many warnings as the API server passes on: it takes 4,096 characters in all. */
export function boundedWarnings(texts: readonly string[]): readonly string[] {
  if (texts.length <= MOST_WARNINGS) return texts.map(warning);
  const rest = texts.length - MOST_WARNINGS + 1;
  return [...texts.slice(0, MOST_WARNINGS - 1).map(warning), `gridgate: and ${rest} more warnings`];
}

export function formatGrams(gramsPerKwh: number): string {
  return String(Math.round(gramsPerKwh * 10) / 10);
}

/** For columns of forecasts, where a tenth says nothing. */
export function formatWholeGrams(gramsPerKwh: number): string {
  return String(Math.round(gramsPerKwh));
}

/** The regions with the reason of the denial come first. */
function inOrder({ refused, reason }: Judgement): readonly RefusedRegion[] {
  return [...refused].sort((a, b) => Number(b.refusal === reason) - Number(a.refusal === reason));
}

function listRefused(refused: readonly RefusedRegion[]): string {
  return tellFew(refused, MOST_ALSO_NAMED, ({ region, refusal }) => `${region.name} (${refusal})`).join(', ');
}

interface Named {
  readonly name: string;
}

function listNames(regions: readonly Named[]): string {
  return nameFew(regions, MOST_ALSO_NAMED, nameOf);
}

/** A name as messages show it. */
export function clip(name: string): string {
  return cutText(name, MOST_NAME_CHARACTERS);
}

function podName({ metadata }: Pod): string {
  if (metadata?.name) return `pod ${metadata.name}`;
  return metadata?.generateName ? `pod ${metadata.generateName}*` : 'this pod';
}

function sentenceFor({ region, refusal }: RefusedRegion, { treatment, snapshot }: Judgement, now: Now): string {
  const { policy } = treatment;
  switch (refusal) {
    case 'not_allowed': {
      const { regions } = policy;
      const { within } = regions;
      if (within && !within.matches(region.name))
        return `${region.name} is not among the regions ${within.text} that ${annotationOn('limits', 'regions')} allow`;
      const byNamespace = !regions.matches(region.name);
      const patterns = byNamespace ? regions : treatment.podRegions;
      return `${region.name} is not among the regions ${patterns.text} that ${annotationOn(byNamespace ? setByOf(policy, 'regions') : 'pod', 'regions')} allows`;
    }
    case 'too_far':
      return `${region.name} is ${latencyFromHome(region, policy.homeRegion)} ms from home region ${policy.homeRegion}, above ${policy.maxLatencyMs} ms, set by ${annotationOn(setByOf(policy, 'max-latency'), 'max-latency')}`;
    case 'outage': {
      const { reason, sources = [] } = region.outage ?? {};
      const why = [...(reason ? [reason] : []), `says ${sources.join(', ') || 'nobody'}`].join('; ');
      return `${region.name} is in outage (${why})`;
    }
    case 'high_carbon': {
      const reading = comparableReading(region, snapshot);
      return `${region.name} is at ${reading ? quantity(reading, now, treatment.maxIntensity) : 'unknown intensity'}, above ${limit(treatment)}`;
    }
  }
}

function alternativeSentence(judgement: Judgement, now: Now): string {
  const { treatment, snapshot, reach } = judgement;
  const { heldTo } = reach;
  const { region } = remember(bestElsewhere, judgement, () => ({
    region: cleanest(alternatives(treatment, snapshot, reach.needed), snapshot),
  }));
  if (!region && heldTo) return `its volumes hold it ${placeOfVolumes(heldTo)}`;
  if (!region && !snapshot.regions.some(({ name }) => isAllowed(name, treatment)))
    return 'no region that is known here is allowed';
  if (!region && alternatives(treatment, snapshot).length > 0)
    return 'no region that is acceptable now has what it needs';
  if (!region) return 'no region is acceptable now';
  return `cleanest allowed now: ${region.name}${readingSuffix(region, snapshot, now)}`;
}

function readingSuffix(region: RegionView, snapshot: Picture, now: Now): string {
  const reading = comparableReading(region, snapshot);
  return reading ? ` at ${quantity(reading, now)}` : ', of unknown intensity';
}

/** Rounded, unless rounding would hide that it is above the limit. */
function gramsAbove(gramsPerKwh: number, limitGrams: number): string {
  const rounded = formatGrams(gramsPerKwh);
  return rounded === formatGrams(limitGrams) && gramsPerKwh > limitGrams ? String(gramsPerKwh) : rounded;
}

function quantity(reading: Reading, now: Now, limitGrams = Number.POSITIVE_INFINITY): string {
  const age =
    now === undefined || reading.measuredAt === undefined ? '' : `, ${formatReadingAge(now - reading.measuredAt)} old`;
  const mark = reading.freshness === 'stale' ? ', stale' : '';
  return `${gramsAbove(reading.gramsPerKwh, limitGrams)} gCO2e/kWh (${reading.source}${age}${mark})`;
}

function limit({ maxIntensity, maxIntensitySetBy }: Treatment): string {
  return `the limit of ${formatGrams(maxIntensity)} set by ${annotationOn(maxIntensitySetBy, 'max-intensity')}`;
}

function setByOf({ defaulted }: Policy, name: string): SetBy {
  return defaulted?.has(name) ? 'default' : 'namespace';
}

function annotationOn(setBy: SetBy, name: string): string {
  if (setBy === 'limits') return "the limits of gridgate's configuration";
  return setBy === 'default' ? 'the default' : `the ${setBy}'s gridgate.dev/${name}`;
}
