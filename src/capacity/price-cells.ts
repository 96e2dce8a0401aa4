import type { UnknownSize } from '../energy/machine-size.ts';
import type { OfferedType } from '../regions/offered-type.ts';
import type { RegionOfZone } from '../regions/zone-regions.ts';
import { compareText } from '../units/compare-text.ts';
import type { OverlayMode, UnknownTypes } from '../units/overlay-settings.ts';
import { addAll, type Bits, createBits, eachOfBoth, hasBit, removeAll } from './bits.ts';
import { type CarbonBook, carbonOfType, gramsInRegion, type TypeCarbon } from './carbon-of-type.ts';
import type { Spot } from './overlay-cells.ts';
import type { Layer, LayeredClass, RoledOverlay } from './pool-classes.ts';
import { PROVIDERS_PRICE, type PriceTerm, termInSteps, termOf } from './price-term.ts';

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
  /** Overlays of users whose price is in it, or behind it. */
  readonly users: Set<string>;
  /** Whether theirs is in it, or carbon alone stands before it. */
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
  'by_hand',
  'too_many',
] as const;
export type LeftAloneReason = (typeof LEFT_ALONE)[number];

/** What was decided about one cell. */
export type CellPrice =
  | {
      readonly group: PriceGroup;
      readonly grams: number | undefined;
      /** Overlays of users that price it without ours: in each NodePool one of them. */
      readonly users: ReadonlySet<string>;
    }
  | { readonly leftAlone: LeftAloneReason; readonly overlay?: string; readonly why?: string };

export interface PricingInput {
  readonly settings: OverlaySettings;
  readonly book: CarbonBook;
  readonly regionOfZone: RegionOfZone;
  /** Of the policy signal, now. */
  readonly gramsPerKwhOf: (region: string) => number | undefined;
  /** Whether what percentages of users come to is rounded to steps of 1%. */
  readonly inSteps: boolean;
}

/** Decides about one offering by its place in the list. */
export type SpotPricer = (at: number) => CellPrice;

/** What of an overlay tells prices apart, under these settings. */
export function priceTextOf(
  { overlay, role }: RoledOverlay,
  { mode, compose, weights: [, to] }: OverlaySettings,
): string {
  const { weight, price, priceAdjustment } = overlay;
  const said = mode === 'add' && compose && role === 'counts' ? [price, priceAdjustment] : [];
  return JSON.stringify([weight >= to, ...said]);
}

/**
 * Decides about the offerings in NodePools of one class after the other; equal answers are one object, so that what always costs the
 * same goes into one overlay.
 */
export function createPricer(input: PricingInput, spots: readonly Spot[]): (pools: LayeredClass) => SpotPricer {
  const { settings, book, regionOfZone } = input;
  const groups = createGroups(input);
  const carbonOf = createOnce((type: OfferedType) => carbonOfType(type, book));

  /** Why an offering gets no price of ours, whatever that would be. */
  function whyAside({ offering, type }: Spot, region: string | undefined): LeftCell | undefined {
    const carbon = carbonOf(type);
    if (region === undefined) return { leftAlone: 'unknown_region', why: offering.zone };
    if ('unknown' in carbon && settings.unknown === 'skip') return { leftAlone: 'unknown_size', why: carbon.unknown };
    return undefined;
  }

  return ({ layers }) => {
    const order = orderOf(layers, spots.length);
    return (at) => {
      const spot = spots[at];
      if (!spot) throw new RangeError(`there is no offering ${at}`);
      const region = spot.offering.region ?? regionOfZone(spot.offering.zone);
      const [counting, heaviest] = [order.counting[at], order.heaviest[at]];
      const refusal =
        whyOursKeepsIt(order, at) ?? whyAside(spot, region) ?? whyUsersKeepIt(at, { counting, heaviest }, settings);
      if (refusal) return refusal;
      const carbon = carbonOf(spot.type);
      const term = termBefore(carbon, counting, spot, input);
      if (!term) return { leftAlone: 'unknown_price', overlay: nameOf(counting) };
      const users = counting?.names ?? NOBODY;
      return groups({ carbon, region: region ?? '', term, users, leastWeight: (heaviest?.weight ?? 0) + 1 });
    };
  };
}

const NOBODY: ReadonlySet<string> = new Set();

type MaybeCarbon = TypeCarbon | { readonly unknown: UnknownSize };
type LeftCell = Extract<CellPrice, { readonly leftAlone: unknown }>;

/** Which layer decides at each place. */
interface LayerOrder {
  readonly paused: Bits;
  readonly byHand: readonly (Layer | undefined)[];
  /** The first that counts and that is, or may be, for it. */
  readonly counting: readonly (Layer | undefined)[];
  /** The heaviest, also of those that are refused now: ours may not be as heavy as any of them. */
  readonly heaviest: readonly (Layer | undefined)[];
}

function orderOf(layers: readonly Layer[], spots: number): LayerOrder {
  const paused = createBits(spots);
  for (const { role, matches } of layers) {
    if (role === 'paused') addAll(paused, matches.certain);
  }
  const users = layers.filter(({ role }) => role === 'counts' || role === 'refused');
  return {
    paused,
    byHand: firstAt(
      layers.filter(({ role }) => role === 'by_hand'),
      spots,
      'certain',
    ),
    counting: firstAt(
      users.filter(({ role }) => role === 'counts'),
      spots,
    ),
    heaviest: firstAt(
      [...users].sort((a, b) => b.weight - a.weight),
      spots,
    ),
  };
}

function firstAt(
  layers: readonly Layer[],
  spots: number,
  how: 'certain' | 'possible' = 'possible',
): readonly (Layer | undefined)[] {
  const first = new Array<Layer | undefined>(spots).fill(undefined);
  const left = createBits(spots).fill(0xffffffff);
  for (const layer of layers) {
    for (const at of eachOfBoth(left, layer.matches[how])) first[at] = layer;
    removeAll(left, layer.matches[how]);
  }
  return first;
}

function nameOf(layer: Layer | undefined): string {
  return [...(layer?.names ?? [])].sort(compareText)[0] ?? '';
}

function whyOursKeepsIt({ paused, byHand }: LayerOrder, at: number): LeftCell | undefined {
  if (hasBit(paused, at)) return { leftAlone: 'paused' };
  return byHand[at] && { leftAlone: 'by_hand', overlay: nameOf(byHand[at]) };
}

function whyUsersKeepIt(
  at: number,
  { counting, heaviest }: { readonly [K in 'counting' | 'heaviest']: Layer | undefined },
  { compose, weights: [, to] }: OverlaySettings,
): LeftCell | undefined {
  const overlay = nameOf(counting);
  if (counting && !hasBit(counting.matches.certain, at)) return { leftAlone: 'unknown_labels', overlay };
  if (counting && !compose) return { leftAlone: 'users_overlay', overlay };
  return heaviest && heaviest.weight >= to ? { leftAlone: 'heavier', overlay: nameOf(heaviest) } : undefined;
}

/** What the price of carbon is added to; `undefined` where a user's percentage is of a price that nobody told. */
function termBefore(
  carbon: MaybeCarbon,
  winner: Layer | undefined,
  { offering: { price } }: Spot,
  { settings: { mode }, inSteps }: PricingInput,
): PriceTerm | undefined {
  if ('unknown' in carbon) return { kind: 'price', amount: HIGH_PRICE };
  if (mode === 'replace') return { kind: 'price', amount: 0 };
  if (!winner) return PROVIDERS_PRICE;
  return inSteps ? termInSteps(winner.price, price) : termOf(winner.price, price);
}

interface Priced extends Pick<PriceGroup, 'region' | 'term' | 'leastWeight'> {
  readonly carbon: MaybeCarbon;
  readonly users: ReadonlySet<string>;
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

  const remembered = createOnce((_: MaybeCarbon) => new Map<string, number | undefined>());
  const shapeOf = createOnce((carbon: MaybeCarbon) =>
    'unknown' in carbon ? '' : `${carbon.watts.toPrecision(6)} ${carbon.embodiedGramsPerHour.toPrecision(6)}`,
  );

  return ({ carbon, region, term, users, leastWeight }) => {
    const byRegion = remembered(carbon);
    if (!byRegion.has(region)) byRegion.set(region, gramsOf(carbon, region));
    const grams = byRegion.get(region);
    const key = `${region} ${term.kind} ${term.amount} ${shapeOf(carbon)}`;
    const carbonPrice = grams === undefined ? undefined : (grams / 1_000) * settings.carbonPrice;
    const includesUsers = settings.mode === 'add' && !('unknown' in carbon);
    const group = groups.get(key) ?? {
      region,
      term,
      carbonPrice,
      users: new Set(),
      includesUsers,
      leastWeight: from,
    };
    groups.set(key, group);
    for (const name of users) group.users.add(name);
    group.leastWeight = Math.max(group.leastWeight, leastWeight);
    return { group, grams, users };
  };
}

function createOnce<K extends object, T>(make: (type: K) => T): (type: K) => T {
  const made = new Map<K, T>();
  return (type) => {
    const found = made.get(type) ?? make(type);
    made.set(type, found);
    return found;
  };
}
