import { type CarbonBook, carbonOfType, type TypeCarbon } from '../../capacity/carbon-of-type.ts';
import type { Cell } from '../../capacity/overlay-cells.ts';
import type { OverlayConflict } from '../../capacity/overlay-conflicts.ts';
import type { LeftAlone, OverlayPlan } from '../../capacity/plan-overlays.ts';
import type { CellPrice, OverlaySettings, PriceGroup } from '../../capacity/price-cells.ts';
import { priceUnder } from '../../capacity/price-term.ts';
import { type Choice, findTurn, type Turn } from '../../capacity/shadow-price.ts';
import { parseInstanceType } from '../../energy/instance-type.ts';
import type { OfferedType } from '../../regions/offered-type.ts';
import { compareText } from '../../units/compare-text.ts';

/**
 * What `gridgate overlays --explain --output json` prints. Within `v1` fields are added, never taken away or given another meaning;
 * `null` where nobody knows. Prices and grams are of one hour.
 */
export interface OverlaysReport {
  readonly version: 'v1';
  readonly takenAt: string;
  readonly mode: OverlaySettings['mode'];
  readonly carbonPricePerKg: number;
  readonly carbonPricePerTonne: number;
  readonly utilisationPercent: number;
  /** How many overlays there are to be. */
  readonly overlays: number;
  /** How much carbon changes prices, over all offerings whose price is known. */
  readonly changePercent: Range | null;
  readonly types: readonly ReportedType[];
  /** What may stand for one another: the same vCPUs, memory, accelerators and architecture. */
  readonly sizes: readonly ReportedSize[];
  readonly leftAlone: readonly LeftAlone[];
  readonly conflicts: readonly OverlayConflict[];
  readonly notes: readonly string[];
}

export interface Range {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface ReportedType {
  readonly type: string;
  readonly vcpus: number;
  readonly memoryGb: number;
  readonly isMemoryAssumed: boolean;
  readonly accelerators: number;
  readonly watts: number;
  readonly embodied: { readonly gramsPerHour: number; readonly basis: string; readonly how: string };
  readonly offerings: number;
  /** Operational and embodied. */
  readonly gramsPerHour: Range;
  readonly carbonPrice: Range;
  /** Before carbon. */
  readonly price: Range | null;
  readonly changePercent: Range | null;
  /** The offering whose change is the median one. */
  readonly typical: { readonly price: number; readonly changePercent: number } | null;
}

export interface ReportedSize extends Turn {
  readonly vcpus: number;
  readonly memoryGb: number;
  readonly accelerators: number;
  /** `amd64`, `arm64`; `null` where nobody knows. */
  readonly arch: string | null;
  readonly choices: number;
  /** Whether these overlays have another chosen than the cheapest. */
  readonly isAnother: boolean;
}

const ARCH_LABEL = 'kubernetes.io/arch';

interface ReportInput {
  readonly plan: OverlayPlan;
  readonly book: CarbonBook;
  readonly settings: OverlaySettings;
  readonly now: number;
  readonly notes: readonly string[];
}

/** An offering with a price of carbon. */
interface Priced {
  readonly type: OfferedType;
  readonly zone: string;
  readonly capacityType: string | undefined;
  readonly grams: number;
  readonly carbonPrice: number;
  readonly price: number | undefined;
}

/** What prices of carbon change, and how little. */
export function reportOverlays({ plan, book, settings, now, notes }: ReportInput): OverlaysReport {
  const priced = plan.cells.flatMap(([cell, price]) => toPriced(cell, price, settings.mode));
  const carbonOf = new Map<OfferedType, TypeCarbon>();
  for (const { type } of priced) {
    const carbon = carbonOf.get(type) ?? carbonOfType(type, book);
    if (!('unknown' in carbon)) carbonOf.set(type, carbon);
  }
  const known = priced.filter(({ type }) => carbonOf.has(type));
  return {
    version: 'v1',
    takenAt: new Date(now).toISOString(),
    mode: settings.mode,
    carbonPricePerKg: settings.carbonPrice,
    carbonPricePerTonne: settings.carbonPrice * 1_000,
    utilisationPercent: book.utilisation * 100,
    overlays: plan.wanted.filter(({ carbonPrice }) => carbonPrice !== undefined).length,
    changePercent: rangeOf(known.flatMap(changeOf)),
    types: [...Map.groupBy(known, ({ type }) => type)].flatMap(([type, offerings]) => {
      const carbon = carbonOf.get(type);
      return carbon ? [reportType(type, carbon, offerings)] : [];
    }),
    sizes: reportSizes(known, carbonOf, settings),
    leftAlone: plan.leftAlone,
    conflicts: plan.conflicts,
    notes,
  };
}

function toPriced({ type, offering }: Cell, price: CellPrice, mode: OverlaySettings['mode']): readonly Priced[] {
  if (!('group' in price)) return [];
  const { grams, group } = price;
  if (grams === undefined || group.carbonPrice === undefined) return [];
  const { zone, capacityType } = offering;
  return [
    {
      type,
      zone,
      capacityType,
      grams,
      carbonPrice: group.carbonPrice,
      price: priceBefore(group, offering.price, mode),
    },
  ];
}

/** What it costs before carbon: users' overlays count, but where carbon stands instead of any price. */
function priceBefore(
  { term }: PriceGroup,
  providersPrice: number | undefined,
  mode: OverlaySettings['mode'],
): number | undefined {
  return mode === 'replace' ? providersPrice : priceUnder(term, providersPrice);
}

function changeOf({ carbonPrice, price }: Priced): readonly number[] {
  return price === undefined || price === 0 ? [] : [(carbonPrice / price) * 100];
}

function reportType({ name }: OfferedType, carbon: TypeCarbon, offerings: readonly Priced[]): ReportedType {
  const { vcpus, memoryGb, isMemoryAssumed, accelerators } = carbon.size;
  const zero = { min: 0, median: 0, max: 0 };
  return {
    type: name,
    vcpus,
    memoryGb,
    isMemoryAssumed,
    accelerators,
    watts: carbon.watts,
    embodied: { gramsPerHour: carbon.embodiedGramsPerHour, basis: carbon.embodiedBasis, how: carbon.embodiedHow },
    offerings: offerings.length,
    gramsPerHour: rangeOf(offerings.map(({ grams }) => grams)) ?? zero,
    carbonPrice: rangeOf(offerings.map(({ carbonPrice }) => carbonPrice)) ?? zero,
    price: rangeOf(offerings.flatMap(({ price }) => price ?? [])),
    changePercent: rangeOf(offerings.flatMap(changeOf)),
    typical: typicalOf(offerings),
  };
}

function typicalOf(offerings: readonly Priced[]): ReportedType['typical'] {
  const changes = offerings
    .flatMap((one) => changeOf(one).map((changePercent) => ({ price: one.price ?? 0, changePercent })))
    .sort((a, b) => a.changePercent - b.changePercent);
  return changes[Math.floor((changes.length - 1) / 2)] ?? null;
}

function reportSizes(
  offerings: readonly Priced[],
  carbonOf: ReadonlyMap<OfferedType, TypeCarbon>,
  { mode, carbonPrice }: OverlaySettings,
): readonly ReportedSize[] {
  const sizeOf = ({ type }: Priced) => {
    const { vcpus = 0, memoryGb = 0, accelerators = 0 } = carbonOf.get(type)?.size ?? {};
    return { vcpus, memoryGb, accelerators, arch: archOf(type) };
  };
  /** Where money does not count, any cleaner one. */
  const isAnother = ({ next, carbonPrice: from = 0 }: Turn) =>
    next !== undefined && (mode === 'replace' || from <= carbonPrice);
  const bySize = Map.groupBy(offerings, (one) => JSON.stringify(sizeOf(one)));
  return [...bySize.values()]
    .flatMap((alike) => {
      const [first] = alike;
      const choices = alike.flatMap(toChoice);
      const turn = findTurn(choices);
      return first && turn ? [{ ...sizeOf(first), choices: choices.length, ...turn, isAnother: isAnother(turn) }] : [];
    })
    .sort((a, b) => a.accelerators - b.accelerators || a.vcpus - b.vcpus || a.memoryGb - b.memoryGb);
}

/** What runs on the one does not run on the other. */
function archOf({ name, labels }: OfferedType): string | null {
  return labels[ARCH_LABEL]?.[0] ?? parseInstanceType(name)?.arch ?? null;
}

function toChoice({ type, zone, capacityType, price, grams }: Priced): readonly Choice[] {
  return price === undefined ? [] : [{ type: type.name, zone, capacityType, price, grams }];
}

function rangeOf(values: readonly number[]): Range | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  return min === undefined || max === undefined || median === undefined ? null : { min, median, max };
}

/** The offering that stands for the others in words: that of the median change. */
export function exampleOf(types: readonly ReportedType[]): ReportedType | undefined {
  const told = types.filter(({ changePercent }) => changePercent !== null);
  const sorted = told.sort(
    (a, b) => (a.changePercent?.median ?? 0) - (b.changePercent?.median ?? 0) || compareText(a.type, b.type),
  );
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
