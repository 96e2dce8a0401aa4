import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import type { PoolRequirement } from '../regions/node-pool.ts';
import { MINUTE_MS } from '../units/moment.ts';
import { itself, nameFew } from '../units/tell-few.ts';
import { INSTANCE_TYPE_LABEL } from './offered-types.ts';
import { CARBON_PRICE, INCLUDES, OVERRIDES, OWN_LABELS, PRICED_AT, writtenCarbonPrice } from './own-overlay.ts';
import { isPaused } from './paused.ts';
import type { WantedOverlay } from './plan-overlays.ts';
import type { OverlaySettings } from './price-cells.ts';
import { holdStep } from './price-step.ts';
import { withCarbon } from './price-term.ts';

/** Each price change has Karpenter look at all overlays anew, and consider what runs. */
export const LEAST_BETWEEN_PRICES_MS = 30 * MINUTE_MS;

/** A wanted overlay with its name. */
export interface NamedOverlay extends WantedOverlay {
  readonly name: string;
}

/** What becomes of one overlay. */
export type OverlayStep =
  /** `price`: nothing but the price of carbon is another. */
  | {
      readonly do: 'write';
      readonly why: 'missing' | 'changed' | 'price';
      readonly object: OverlayObject;
      readonly drift: number;
    }
  | { readonly do: 'keep'; readonly dueAt?: number };

/** What is applied; the API server adds the rest. */
export interface OverlayObject {
  readonly apiVersion: 'karpenter.sh/v1alpha1';
  readonly kind: 'NodeOverlay';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Circumstances {
  readonly weight: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

const MOST_NAMED = 5;
/** Of annotations of ours, as the guard of the controllers' account has it. */
const MOST_TEXT = 253;
const KEEP: OverlayStep = { do: 'keep' };

/**
 * What is to be done with one overlay that is wanted, given what is there:
 *
 * | there                                   | then                                                               |
 * | --------------------------------------- | ------------------------------------------------------------------ |
 * | nothing, and no intensity is known      | kept as it is: absent                                              |
 * | nothing                                 | written, with the price of now                                     |
 * | paused                                  | kept as it is                                                      |
 * | other fields than those of ours         | written at once; its price of carbon changes by the rows below     |
 * | a price within 1.6%, or no intensity    | kept                                                               |
 * | another price, written 30 minutes ago   | written                                                            |
 * | another price, written since            | kept until then                                                    |
 *
 * A time of writing that is to come, or that nobody can read, holds nothing up: a clock was set back, or somebody edited it.
 */
export function stepFor(
  wanted: NamedOverlay,
  there: NodeOverlayFacts | undefined,
  circumstances: Circumstances,
): OverlayStep {
  const written = there && writtenCarbonPrice(there);
  const next = wanted.carbonPrice === undefined ? written : holdStep(wanted.carbonPrice, written);
  if (next === undefined || (there && isPaused(there.annotations))) return KEEP;
  const make = (carbonPrice: number, pricedAt: string) =>
    toOverlayObject(wanted, { ...circumstances, carbonPrice, pricedAt });
  const atNow = make(next, new Date(circumstances.now).toISOString());
  if (!there) return { do: 'write', why: 'missing', object: atNow, drift: 0 };
  if (written === undefined) return { do: 'write', why: 'changed', object: atNow, drift: 0 };
  const pricedAt = timeIn(there.annotations[PRICED_AT]) ?? new Date(circumstances.now).toISOString();
  const asItWas = make(written, pricedAt);
  const heldUntil = next === written ? undefined : whenFree(pricedAt, circumstances.now);
  const mayChange = next !== written && heldUntil === undefined;
  if (!isSame(asItWas, there)) return { do: 'write', why: 'changed', object: mayChange ? atNow : asItWas, drift: 0 };
  if (mayChange) return { do: 'write', why: 'price', object: atNow, drift: driftOf(next, written) };
  return heldUntil === undefined ? KEEP : { do: 'keep', dueAt: heldUntil };
}

/** The text of a time that can be read. */
function timeIn(text: string | undefined): string | undefined {
  return Number.isNaN(Date.parse(text ?? '')) ? undefined : text;
}

/** When a price that was written then may be another; `undefined`: now. */
function whenFree(pricedAt: string, now: number): number | undefined {
  const since = now - Date.parse(pricedAt);
  return since >= 0 && since < LEAST_BETWEEN_PRICES_MS ? now - since + LEAST_BETWEEN_PRICES_MS : undefined;
}

function driftOf(next: number, written: number): number {
  return next > 0 && written > 0 ? Math.abs(Math.log(next / written)) : Number.POSITIVE_INFINITY;
}

interface Priced extends Pick<Circumstances, 'weight'> {
  readonly carbonPrice: number;
  /** Absent where nobody keeps it. */
  readonly pricedAt?: string;
}

/** An overlay of ours as it is applied, and as the command prints it. */
export function toOverlayObject(
  { name, requirements, term, users, includesUsers }: NamedOverlay,
  { weight, carbonPrice, pricedAt }: Priced,
): OverlayObject {
  return {
    apiVersion: 'karpenter.sh/v1alpha1',
    kind: 'NodeOverlay',
    metadata: {
      name,
      labels: OWN_LABELS,
      annotations: {
        [CARBON_PRICE]: withCarbonAlone(carbonPrice),
        ...(pricedAt !== undefined && { [PRICED_AT]: pricedAt }),
        ...(users.length > 0 && { [includesUsers ? INCLUDES : OVERRIDES]: namesIn(users) }),
      },
    },
    spec: { weight, ...withCarbon(term, carbonPrice), requirements },
  };
}

/** As many names as fit, none cut in two where one fits. */
function namesIn(users: readonly string[]): string {
  for (let most = MOST_NAMED; most > 0; most--) {
    const text = nameFew(users, most, itself);
    if (text.length <= MOST_TEXT) return text;
  }
  return nameFew(users, 1, itself).slice(0, MOST_TEXT);
}

function withCarbonAlone(carbonPrice: number): string {
  const told = withCarbon({ kind: 'price', amount: 0 }, carbonPrice);
  return 'price' in told ? told.price : '';
}

/** Whether all that we write is there as it stands in an object. */
function isSame({ metadata, spec }: OverlayObject, there: NodeOverlayFacts): boolean {
  const { labels, annotations } = metadata;
  const differs = (want: Readonly<Record<string, string>>, have: Readonly<Record<string, string>>) =>
    Object.entries(want).some(([key, value]) => have[key] !== value);
  return (
    !differs(labels, there.labels) &&
    !differs(annotations, there.annotations) &&
    spec['weight'] === there.weight &&
    spec['price'] === there.price &&
    spec['priceAdjustment'] === there.priceAdjustment &&
    contentOf(spec['requirements'] as readonly PoolRequirement[]) === contentOf(there.requirements)
  );
}

function contentOf(requirements: readonly PoolRequirement[]): string {
  return JSON.stringify(requirements.map(({ key, operator, values = [] }) => [key, operator, values]));
}

/**
 * The weights of ours: what each has for as long as that will do, else the lightest that is above all overlays of users and that no
 * other of ours has which matches some of the same offerings. So an overlay that comes in another's place is never in conflict with it.
 */
export function weigh(
  wanted: readonly NamedOverlay[],
  own: readonly NodeOverlayFacts[],
  [, heaviest]: OverlaySettings['weights'],
): ReadonlyMap<string, number> {
  const byName = new Map(own.map((one) => [one.name, one]));
  const wantedNames = new Set(wanted.map(({ name }) => name));
  const going = own.filter(({ name }) => !wantedNames.has(name));
  const goingOfType = groupByType(going);
  return new Map(
    wanted.map((overlay) => {
      const rivals = new Set(typesOf(overlay).flatMap((type) => goingOfType.get(type) ?? []));
      const taken = new Set(
        [...rivals].filter((one) => overlaps(overlay.requirements, one.requirements)).map(({ weight }) => weight),
      );
      const { weight } = byName.get(overlay.name) ?? {};
      if (weight !== undefined && weight >= overlay.leastWeight && weight <= heaviest && !taken.has(weight))
        return [overlay.name, weight];
      let lightest = overlay.leastWeight;
      while (taken.has(lightest)) lightest += 1;
      return [overlay.name, Math.min(lightest, heaviest)];
    }),
  );
}

function typesOf({ requirements }: Pick<NodeOverlayFacts, 'requirements'>): readonly string[] {
  return requirements.find(({ key }) => key === INSTANCE_TYPE_LABEL)?.values ?? [];
}

function groupByType(overlays: readonly NodeOverlayFacts[]): ReadonlyMap<string, readonly NodeOverlayFacts[]> {
  const byType = new Map<string, NodeOverlayFacts[]>();
  for (const overlay of overlays)
    for (const type of typesOf(overlay)) byType.set(type, [...(byType.get(type) ?? []), overlay]);
  return byType;
}

/** Whether two sets of lists, as ours are, match something in common. */
export function overlaps(some: readonly PoolRequirement[], others: readonly PoolRequirement[]): boolean {
  return some.every(({ key, values = [] }) => {
    const other = others.find((one) => one.key === key);
    return !other || values.some((value) => other.values?.includes(value));
  });
}
