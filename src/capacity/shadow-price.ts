import { compareText } from '../units/compare-text.ts';

/** Something that could be chosen: what it costs and emits in an hour, carbon not priced. */
export interface Choice {
  readonly type: string;
  readonly zone: string;
  readonly capacityType?: string | undefined;
  readonly price: number;
  readonly grams: number;
}

/** What the cheapest choice becomes as carbon gets dearer. */
export interface Turn {
  readonly cheapest: Choice;
  /** Dirtier ones cost the same: nobody can say what is chosen today, and any price of carbon decides it. */
  readonly isTie: boolean;
  /** Absent where the cheapest is the cleanest as well. */
  readonly next?: Choice;
  /** The price of one kgCO2e from which the next is the cheaper one. */
  readonly carbonPrice?: number;
}

/**
 * Of choices that do for the same pods, the cheapest, and the price of carbon at which another one takes over: the smallest of
 * (its price - cheapest price) / (cheapest grams - its grams) over all that are cleaner.
 */
export function findTurn(choices: readonly Choice[]): Turn | undefined {
  const [cheapest, ...others] = [...choices].sort(byPrice);
  if (!cheapest) return undefined;
  const isTie = others.some((one) => priceOf(one) === priceOf(cheapest) && one.grams > cheapest.grams);
  const cleaner = others
    .filter(({ grams }) => grams < cheapest.grams)
    .map((choice) => ({ choice, perGram: (choice.price - cheapest.price) / (cheapest.grams - choice.grams) }))
    .sort((a, b) => a.perGram - b.perGram || a.choice.grams - b.choice.grams);
  const [first] = cleaner;
  return { cheapest, isTie, ...(first && { next: first.choice, carbonPrice: first.perGram * 1_000 }) };
}

/** Of two that cost the same, the cleaner one: nobody needs a price of carbon to choose it. */
function byPrice(a: Choice, b: Choice): number {
  return priceOf(a) - priceOf(b) || a.grams - b.grams || compareText(`${a.type} ${a.zone}`, `${b.type} ${b.zone}`);
}

/** Without what floating point makes of equal prices. */
function priceOf({ price }: Choice): number {
  return Number(price.toPrecision(9));
}
