import { isPriced, type NodeOverlayFacts } from '../regions/node-overlay.ts';
import type { NodePoolFacts, PoolRequirement } from '../regions/node-pool.ts';
import type { OfferedType } from '../regions/offered-type.ts';
import type { RegionOfZone } from '../regions/zone-regions.ts';
import { compareText } from '../units/compare-text.ts';
import { itself, nameFew } from '../units/tell-few.ts';
import { type CarbonBook, carbonOfType } from './carbon-of-type.ts';
import { type CellGroup, groupCells } from './group-cells.ts';
import { INSTANCE_TYPE_LABEL } from './offered-types.ts';
import { type Cell, type PoolClass, type Spot, spotsOf } from './overlay-cells.ts';
import { findConflicts, inOrder, type OverlayConflict } from './overlay-conflicts.ts';
import { createMatchIn } from './overlay-matches.ts';
import { isKept, isOwn } from './own-overlay.ts';
import { isPaused } from './paused.ts';
import { classifyPools, type LayeredClass, type RoledOverlay } from './pool-classes.ts';
import {
  type CellPrice,
  createPricer,
  type LeftAloneReason,
  type OverlaySettings,
  type PriceGroup,
  priceTextOf,
  type SpotPricer,
} from './price-cells.ts';
import { isPercentage } from './price-term.ts';

/** What prices of carbon are made from. */
export interface OverlayInput {
  readonly types: readonly OfferedType[];
  readonly pools: readonly Pick<NodePoolFacts, 'name' | 'labels'>[];
  /** All that there are, ours among them. */
  readonly overlays: readonly NodeOverlayFacts[];
  readonly regionOfZone: RegionOfZone;
  /** gCO2e/kWh of the policy signal, now. */
  readonly gramsPerKwhOf: (region: string) => number | undefined;
  readonly book: CarbonBook;
  readonly settings: OverlaySettings;
  /** Whether those of ours that people applied stay as they are, and what they price is left alone: they are not the controller's. */
  readonly leaveAppliedByHand?: boolean;
}

/** An overlay that there should be. */
export interface WantedOverlay extends Pick<PriceGroup, 'term' | 'carbonPrice' | 'includesUsers' | 'leastWeight'> {
  /** Overlays of users that price its offerings too. */
  readonly users: readonly string[];
  /** Which offerings it is for and what their price is made of, but not the price of carbon: its name comes from that. */
  readonly content: string;
  readonly requirements: readonly PoolRequirement[];
}

/** Offerings of a type without a price of ours. */
export interface LeftAlone {
  readonly reason: LeftAloneReason;
  readonly type: string;
  /** A user's, or one of ours that people applied, where that is the reason. */
  readonly overlay?: string;
  readonly why?: string;
  readonly offerings: number;
}

export interface OverlayPlan {
  readonly wanted: readonly WantedOverlay[];
  /** Each offering that was looked at, and what was decided. */
  readonly cells: readonly (readonly [Cell, CellPrice])[];
  readonly leftAlone: readonly LeftAlone[];
  /** Among the overlays of users. */
  readonly conflicts: readonly OverlayConflict[];
  /** Percentages of users: what they come to was worked out of the prices that were given. */
  readonly percentages: readonly string[];
  /** Whether that was rounded to steps of 1%, because there would be too many overlays. */
  readonly isRounded: boolean;
}

/** As many as one loop is measured with. */
export const MOST_OVERLAYS = 2_000;
/** Offerings times kinds of NodePools: far more than a cloud has types in zones. */
const MOST_CELLS = 200_000;
const MOST_NAMED = 5;

/** As `planInSteps`, in one go. */
export function planOverlays(input: OverlayInput): OverlayPlan {
  const steps = planInSteps(input);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * The overlays that price carbon, and what is left alone and why. Each offering is matched by one of them at most, whatever their
 * weights; where a user's overlay prices it too, ours has the higher weight and the user's price in it. A step takes a few
 * milliseconds at most.
 *
 * Of two offerings that do for one another, one without a price of carbon would look the cheaper one. So, where there would be too many
 * overlays, these are tried one after the other until there are not:
 *
 * 1. what users' percentages come to is rounded to steps of 1%
 * 2. NodePools are left out, all of a class together, the smallest class first: Karpenter compares prices within a NodePool
 * 3. sizes are left out, all types of a size together, that of the fewest types first
 */
export function* planInSteps(input: OverlayInput): Generator<void, OverlayPlan> {
  const { overlays, pools, settings } = input;
  const users = inOrder(overlays.filter((one) => !isOwn(one) && isPriced(one)));
  const left = overlays.flatMap((one) => leftAsItIs(one, input));
  const { spots, typesBeyond } = takeSpots(input, [...users, ...left.map(({ overlay }) => overlay)]);
  const matchIn = createMatchIn(spots, pools.length > 0);
  const places = pools.length > 0 ? pools : [undefined];
  const conflicts = yield* findConflicts(users, { spots, pools: places, matchIn });
  const refused = new Set(conflicts.map(({ refused }) => refused));
  const roled = [
    ...left,
    ...users.map(
      (overlay): RoledOverlay => ({
        overlay,
        role: refused.has(overlay.name) || isInvalid(overlay) ? 'refused' : 'counts',
      }),
    ),
  ];
  const priceText = (one: RoledOverlay) => priceTextOf(one, settings);
  const classes = yield* classifyPools({ pools, overlays: roled, matchIn, priceText });
  const fitted = yield* fit(input, spots, classes);
  yield;
  const { priced, groups, classesBeyond, sizesBeyond, isRounded } = fitted;
  const wanted = groups
    .map(({ group, requirements, types }) => ({ types, overlay: toWanted(group, requirements, settings.mode) }))
    .sort((a, b) => b.types - a.types || compareText(a.overlay.content, b.overlay.content));
  yield;
  return {
    wanted: wanted.map(({ overlay }) => overlay),
    cells: priced.map(({ cell, price }) => [cell, price] as const),
    leftAlone: [
      ...(yield* sumUp(priced)),
      ...poolsBeyond(classesBeyond, input.types),
      ...[...sizesBeyond, ...typesBeyond].map(tooMany),
    ],
    conflicts,
    percentages: [
      ...new Set(
        roled.flatMap(({ overlay, role }) => (role === 'counts' && isPercentage(overlay) ? overlay.name : [])),
      ),
    ],
    isRounded,
  };
}

/** Of ours, those that nobody changes. */
function leftAsItIs(overlay: NodeOverlayFacts, { leaveAppliedByHand }: OverlayInput): readonly RoledOverlay[] {
  if (!isOwn(overlay)) return [];
  if (isPaused(overlay.annotations)) return [{ overlay, role: 'paused' }];
  return leaveAppliedByHand && !isKept(overlay) ? [{ overlay, role: 'by_hand' }] : [];
}

/** All offerings of as many types as can be looked at. */
function takeSpots(
  { types }: OverlayInput,
  overlays: readonly NodeOverlayFacts[],
): { readonly spots: readonly Spot[]; readonly typesBeyond: readonly OfferedType[] } {
  const all = spotsOf(types, overlays);
  if (all.length <= MOST_CELLS) return { spots: all, typesBeyond: [] };
  const cut = all[MOST_CELLS]?.type;
  const first = types.findIndex(({ name }) => name === cut?.name);
  const beyond = new Set(types.slice(first));
  return { spots: all.filter(({ type }) => !beyond.has(type)), typesBeyond: [...beyond] };
}

interface PricedCell {
  readonly cell: Cell;
  readonly price: CellPrice;
  readonly group: PriceGroup | undefined;
}

interface Fitted {
  readonly priced: readonly PricedCell[];
  readonly groups: readonly CellGroup<PriceGroup>[];
  readonly classesBeyond: readonly LayeredClass[];
  readonly sizesBeyond: readonly OfferedType[];
  readonly isRounded: boolean;
}

/** How much of what could be priced is, and how exactly. */
interface Try {
  readonly classes: number;
  readonly inSteps: boolean;
}

/** Prices what may be priced without too many overlays. */
function* fit(input: OverlayInput, spots: readonly Spot[], classes: readonly LayeredClass[]): Generator<void, Fitted> {
  const mayRound = classes.some(({ layers }) => layers.some(({ price }) => isPercentage(price)));
  const most = Math.max(1, Math.floor(MOST_CELLS / Math.max(1, spots.length)));
  let next: Try = { classes: Math.min(classes.length, most), inSteps: false };
  for (;;) {
    const { classes: count, inSteps } = next;
    const less = tryLess(next, mayRound);
    const priced = yield* priceCells({ ...input, inSteps }, spots, {
      classes: classes.slice(0, count),
      mostGroups: less ? MOST_OVERLAYS : Number.POSITIVE_INFINITY,
    });
    const groups = priced && (yield* groupCells(priced));
    if (groups && (!less || groups.length <= MOST_OVERLAYS)) {
      const fitted = { priced, groups, classesBeyond: classes.slice(count), sizesBeyond: [], isRounded: inSteps };
      return groups.length <= MOST_OVERLAYS ? fitted : yield* leaveSizesOut(input, fitted);
    }
    if (less) next = less;
  }
}

/** What to try where that needs too many overlays; `undefined`: there is nothing less. */
function tryLess({ classes, inSteps }: Try, mayRound: boolean): Try | undefined {
  if (mayRound && !inSteps) return { classes, inSteps: true };
  return classes > 1 ? { classes: Math.max(1, Math.floor(classes * 0.85)), inSteps } : undefined;
}

/** Prices the offerings in the classes; `undefined` once there are too many prices. */
function* priceCells(
  input: Parameters<typeof createPricer>[0],
  spots: readonly Spot[],
  { classes, mostGroups }: { readonly classes: readonly LayeredClass[]; readonly mostGroups: number },
): Generator<void, readonly PricedCell[] | undefined> {
  const priceIn = createPricer(input, spots);
  const pricers: (readonly [PoolClass, SpotPricer])[] = [];
  for (const one of classes) {
    pricers.push([{ names: one.names }, priceIn(one)]);
    yield;
  }
  const priced: PricedCell[] = [];
  const groups = new Set<PriceGroup>();
  for (const [at, spot] of spots.entries()) {
    for (const [pools, priceOf] of pricers) {
      const price = priceOf(at);
      const group = 'group' in price ? price.group : undefined;
      priced.push({ cell: { ...spot, pools }, price, group });
      if (group) groups.add(group);
    }
    if (groups.size > mostGroups) return undefined;
    yield;
  }
  return priced;
}

interface Size {
  readonly key: string;
  readonly types: readonly OfferedType[];
  /** How many are for some type of it. */
  readonly overlays: number;
}

/** All types of a size have prices of carbon, or none of them: as many sizes as there may be, those of the most types first. */
function* leaveSizesOut(input: OverlayInput, fitted: Fitted): Generator<void, Fitted> {
  const sizes = sizesIn(input, fitted).sort((a, b) => b.types.length - a.types.length || compareText(a.key, b.key));
  yield;
  let left = MOST_OVERLAYS;
  const beyond = sizes.filter(({ overlays }) => {
    const isBeyond = overlays > left;
    if (!isBeyond) left -= overlays;
    return isBeyond;
  });
  const sizesBeyond = new Set(beyond.flatMap(({ types }) => types));
  const priced = fitted.priced.filter(({ cell }) => !sizesBeyond.has(cell.type));
  return { ...fitted, priced, groups: yield* groupCells(priced), sizesBeyond: [...sizesBeyond] };
}

function sizesIn({ book }: OverlayInput, { priced, groups }: Fitted): Size[] {
  const types = new Set(priced.map(({ cell }) => cell.type));
  const keyOf = new Map([...types].map((type) => [type.name, sizeText(carbonOfType(type, book))]));
  const overlays = new Map<string, number>();
  for (const { requirements } of groups) {
    const names = requirements.find(({ key }) => key === INSTANCE_TYPE_LABEL)?.values ?? [];
    for (const key of new Set(names.map((name) => keyOf.get(name) ?? '')))
      overlays.set(key, (overlays.get(key) ?? 0) + 1);
  }
  return [...Map.groupBy(types, ({ name }) => keyOf.get(name) ?? '')].map(([key, types]) => ({
    key,
    types,
    overlays: overlays.get(key) ?? 0,
  }));
}

function sizeText(carbon: ReturnType<typeof carbonOfType>): string {
  if ('unknown' in carbon) return '';
  const { vcpus, memoryGb, accelerators } = carbon.size;
  return [vcpus, memoryGb, accelerators].map((amount) => amount.toFixed(3)).join(' ');
}

function toWanted(
  { term, carbonPrice, users, includesUsers, leastWeight }: PriceGroup,
  requirements: readonly PoolRequirement[],
  mode: OverlaySettings['mode'],
): WantedOverlay {
  const content = JSON.stringify([mode, term.kind, term.amount, requirements]);
  return {
    content,
    requirements,
    term,
    carbonPrice,
    users: [...users].sort(compareText),
    includesUsers,
    leastWeight,
  };
}

/** Refused by Karpenter for something that is no matter of prices: that may end by itself, and is judged anew. */
function isInvalid({ verdict, resources }: NodeOverlayFacts): boolean {
  return verdict !== undefined && !verdict.isValid && (verdict.reason !== 'Conflict' || resources !== undefined);
}

function poolsBeyond(classes: readonly LayeredClass[], types: readonly OfferedType[]): readonly LeftAlone[] {
  if (classes.length === 0) return [];
  const names = classes.flatMap(({ names = [] }) => names).sort(compareText);
  const why = `in NodePools ${nameFew(names, MOST_NAMED, itself)}`;
  return types.map((type) => ({ ...tooMany(type), why }));
}

function tooMany({ name, offerings }: OfferedType): LeftAlone {
  return { reason: 'too_many', type: name, offerings: offerings.length };
}

function* sumUp(priced: readonly PricedCell[]): Generator<void, readonly LeftAlone[]> {
  const sums = new Map<string, LeftAlone>();
  for (const { cell, price } of priced) {
    if ('group' in price) continue;
    const { leftAlone: reason, overlay, why } = price;
    const { name } = cell.type;
    const key = JSON.stringify([reason, name, overlay, why]);
    const offerings = (sums.get(key)?.offerings ?? 0) + 1;
    sums.set(key, { reason, type: name, ...(overlay && { overlay }), ...(why && { why }), offerings });
    yield;
  }
  return [...sums.values()];
}
