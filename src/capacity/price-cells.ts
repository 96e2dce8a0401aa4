import type { UnknownSize } from '../energy/machine-size.ts';
import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import type { OfferedType } from '../regions/offered-type.ts';
import type { RegionOfZone } from '../regions/zone-regions.ts';
import type { OverlayMode, UnknownTypes } from '../units/overlay-settings.ts';
import { type CarbonBook, carbonOfType, gramsInRegion, type TypeCarbon } from './carbon-of-type.ts';
import { type Cell, matchCell, mayMatchType } from './overlay-cells.ts';
import { PROVIDERS_PRICE, type PriceTerm, termOf } from './price-term.ts';

/** What people decide about prices of carbon. */
export interface OverlaySettings {
  /** Of one kgCO2e, in the currency of the prices: 0.1 is 100 a tonne. */
  readonly carbonPrice: number;
  /** On top of the price, or instead of it. */
  readonly mode: OverlayMode;
  /** What becomes of types of which nobody knows the carbon. */
  readonly unknown: UnknownTypes;
  /** Whether offerings that users price get a price with theirs in it, or are left alone. */
  readonly compose: boolean;
  /** The lightest and the heaviest weight of ours. */
  readonly weights: readonly [from: number, to: number];
}

/** More than any hour costs: a type with it is chosen last, and replaced where it runs. */
export const HIGH_PRICE = 1_000_000;

/** What one overlay of ours says of all the offerings that it matches: equal ones are the same object. */
export interface PriceGroup {
  readonly region: string;
  /** What the carbon price is added to. */
  readonly term: PriceTerm;
  /** Exact, an hour; 0 where a price stands for carbon that nobody knows; `undefined` where the intensity is not known now. */
  readonly carbonPrice: number | undefined;
  /** The name of the user's overlay that prices the same. */
  readonly users: string | undefined;
  /** Whether the price of that is in this one; else this one stands before it. */
  readonly includesUsers: boolean;
  /** Above all overlays of users on its offerings. */
  leastWeight: number;
}

/** Why an offering has no price of ours. */
export const LEFT_ALONE = [
  'unknown_size',
  'unknown_region',
  'unknown_labels',
  'unknown_price',
  'users_overlay',
  'heavier',
  'paused',
  'too_many',
] as const;
export type LeftAloneReason = (typeof LEFT_ALONE)[number];

/** What was decided about one cell. */
export type CellPrice =
  | { readonly group: PriceGroup; readonly grams: number | undefined }
  | { readonly leftAlone: LeftAloneReason; readonly overlay?: string; readonly why?: string };

interface PricingInput {
  readonly settings: OverlaySettings;
  readonly book: CarbonBook;
  readonly regionOfZone: RegionOfZone;
  /** Of the policy signal, now. */
  readonly gramsPerKwhOf: (region: string) => number | undefined;
  /** Overlays of users that count: priced, and none that Karpenter refuses; the heaviest first. */
  readonly users: readonly NodeOverlayFacts[];
  /** All priced ones of users, also those that are refused now: ours may not be as heavy as any of them. */
  readonly allUsers: readonly NodeOverlayFacts[];
  /** Of ours, those that are left as they are. */
  readonly paused: readonly NodeOverlayFacts[];
}

export type CellPricer = (cell: Cell) => CellPrice;

/** Decides about cells one by one; equal answers are one object, so that what always costs the same goes into one overlay. */
export function createCellPricer(input: PricingInput): CellPricer {
  const groups = createGroups(input);
  const ofType = createByType(
    (type): OfType => ({
      carbon: carbonOfType(type, input.book),
      users: input.users.filter((one) => mayMatchType(one, type)),
      allUsers: input.allUsers.filter((one) => mayMatchType(one, type)),
      paused: input.paused.filter((one) => mayMatchType(one, type)),
    }),
  );

  return (cell) => {
    const known = ofType(cell.type);
    const region = cell.offering.region ?? input.regionOfZone(cell.offering.zone);
    const aside = whyAside(cell, region, known, input.settings);
    if (aside) return aside;
    const theirs = findUsers(known.users, cell);
    if ('leftAlone' in theirs) return theirs;
    const heaviest = known.allUsers.find((one) => matchCell(one, cell) !== 'no');
    const refusal = whyUsersKeepIt(theirs.winner, heaviest, input.settings);
    if (refusal) return refusal;
    const term = termBefore(known.carbon, theirs.winner, cell, input.settings);
    if (!term) return { leftAlone: 'unknown_price', overlay: theirs.winner?.name ?? '' };
    const users = theirs.winner?.name;
    return groups({
      carbon: known.carbon,
      region: region ?? '',
      term,
      users,
      leastWeight: (heaviest?.weight ?? 0) + 1,
    });
  };
}

type MaybeCarbon = TypeCarbon | { readonly unknown: UnknownSize };

/** What is worked out once for a type. */
interface OfType {
  readonly carbon: MaybeCarbon;
  /** Those that may match some offering of it. */
  readonly users: readonly NodeOverlayFacts[];
  readonly allUsers: readonly NodeOverlayFacts[];
  readonly paused: readonly NodeOverlayFacts[];
}

type LeftCell = Extract<CellPrice, { readonly leftAlone: unknown }>;

function whyAside(
  cell: Cell,
  region: string | undefined,
  { carbon, paused }: OfType,
  { unknown }: OverlaySettings,
): LeftCell | undefined {
  if (paused.some((one) => matchCell(one, cell) === 'yes')) return { leftAlone: 'paused' };
  if (region === undefined) return { leftAlone: 'unknown_region', why: cell.offering.zone };
  if ('unknown' in carbon && unknown === 'skip') return { leftAlone: 'unknown_size', why: carbon.unknown };
  return undefined;
}

function whyUsersKeepIt(
  winner: NodeOverlayFacts | undefined,
  heaviest: NodeOverlayFacts | undefined,
  { compose, weights: [, to] }: OverlaySettings,
): LeftCell | undefined {
  if (winner && !compose) return { leftAlone: 'users_overlay', overlay: winner.name };
  return heaviest && heaviest.weight >= to ? { leftAlone: 'heavier', overlay: heaviest.name } : undefined;
}

/** What the price of carbon is added to; `undefined` where a user's percentage is of a price that nobody told. */
function termBefore(
  carbon: MaybeCarbon,
  winner: NodeOverlayFacts | undefined,
  { offering: { price } }: Cell,
  { mode }: OverlaySettings,
): PriceTerm | undefined {
  if ('unknown' in carbon) return { kind: 'price', amount: HIGH_PRICE };
  if (mode === 'replace') return { kind: 'price', amount: 0 };
  return winner ? termOf(winner, price) : PROVIDERS_PRICE;
}

interface Priced extends Pick<PriceGroup, 'region' | 'term' | 'users' | 'leastWeight'> {
  readonly carbon: MaybeCarbon;
}

/** Puts together what has the same carbon, place and price before it. */
function createGroups({ settings, book, gramsPerKwhOf }: PricingInput): (priced: Priced) => CellPrice {
  const groups = new Map<string, PriceGroup>();
  const [from] = settings.weights;

  function gramsOf(carbon: MaybeCarbon, region: string): number | undefined {
    if ('unknown' in carbon) return 0;
    const gramsPerKwh = gramsPerKwhOf(region);
    return gramsPerKwh === undefined ? undefined : gramsInRegion(carbon, { region, gramsPerKwh }, book);
  }

  return ({ carbon, region, term, users, leastWeight }) => {
    const grams = gramsOf(carbon, region);
    const shape = 'unknown' in carbon ? [] : [carbon.watts.toPrecision(6), carbon.embodiedGramsPerHour.toPrecision(6)];
    const key = JSON.stringify([region, term.kind, term.amount, users, ...shape]);
    const carbonPrice = grams === undefined ? undefined : (grams / 1_000) * settings.carbonPrice;
    const includesUsers = users !== undefined && settings.mode === 'add' && !('unknown' in carbon);
    const group = groups.get(key) ?? { region, term, carbonPrice, users, includesUsers, leastWeight: from };
    groups.set(key, group);
    group.leastWeight = Math.max(group.leastWeight, leastWeight);
    return { group, grams };
  };
}

/** The overlay whose price counts: the heaviest that matches, unless one that is as heavy may match or not. */
function findUsers(
  users: readonly NodeOverlayFacts[],
  cell: Cell,
): { readonly winner: NodeOverlayFacts | undefined } | LeftCell {
  for (const overlay of users) {
    const match = matchCell(overlay, cell);
    if (match === 'yes') return { winner: overlay };
    if (match === 'unknown') return { leftAlone: 'unknown_labels', overlay: overlay.name };
  }
  return { winner: undefined };
}

function createByType<T>(make: (type: OfferedType) => T): (type: OfferedType) => T {
  const made = new Map<OfferedType, T>();
  return (type) => {
    const found = made.get(type) ?? make(type);
    made.set(type, found);
    return found;
  };
}
