import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { toDecimal, toStep } from './price-step.ts';

/** What an offering costs before carbon, an hour: the provider's price and so much more or less, or a price. */
export interface PriceTerm {
  readonly kind: 'adjustment' | 'price';
  readonly amount: number;
}

/** What of a NodeOverlay says what nodes cost. */
export type OverlayPrice = { readonly price: string } | { readonly priceAdjustment: string };

/** The provider's own price. */
export const PROVIDERS_PRICE: PriceTerm = { kind: 'adjustment', amount: 0 };

/**
 * What a user's overlay makes of an offering, so that carbon can be added (`cloudprovider.AdjustedPrice`, Karpenter 1.14);
 * `undefined` where that hangs on the provider's price and nobody told it.
 *
 * | overlay           | comes to                                       | needs the price |
 * | ----------------- | ---------------------------------------------- | --------------- |
 * | price             | that price                                     | no              |
 * | +0.5, -0.5        | that adjustment, of no more than the price     | no              |
 * | -100% and below   | the price 0                                    | no              |
 * | +10%, -10%        | the adjustment by that part of the price       | yes             |
 */
export function termOf(
  { price, priceAdjustment = '+0' }: Pick<NodeOverlayFacts, 'price' | 'priceAdjustment'>,
  providersPrice: number | undefined,
): PriceTerm | undefined {
  if (price !== undefined) return { kind: 'price', amount: Number(price) };
  const isPart = isPercentage({ priceAdjustment });
  const adjustment = Number(priceAdjustment.replace(/%$/, ''));
  if (isPart && adjustment <= -100) return { kind: 'price', amount: 0 };
  if (isPart && providersPrice === undefined) return undefined;
  const amount = isPart ? ((providersPrice ?? 0) * adjustment) / 100 : adjustment;
  return { kind: 'adjustment', amount: providersPrice === undefined ? amount : Math.max(amount, -providersPrice) };
}

/** The same, with what a percentage comes to rounded to the next step of 1%: of a hundred prices it makes far fewer. */
export function termInSteps(
  overlay: Pick<NodeOverlayFacts, 'price' | 'priceAdjustment'>,
  providersPrice: number | undefined,
): PriceTerm | undefined {
  const term = termOf(overlay, providersPrice);
  if (term?.kind !== 'adjustment' || !isPercentage(overlay)) return term;
  return { kind: 'adjustment', amount: Math.sign(term.amount) * toStep(Math.abs(term.amount)) };
}

/** Whether what it makes of a price hangs on that price. */
export function isPercentage({ priceAdjustment }: Pick<NodeOverlayFacts, 'priceAdjustment'>): boolean {
  return priceAdjustment?.endsWith('%') ?? false;
}

/** A price with a carbon price on top, in the words of the CRD; both an hour. */
export function withCarbon({ kind, amount }: PriceTerm, carbonPrice: number): OverlayPrice {
  const sum = amount + carbonPrice;
  if (kind === 'price') return { price: toDecimal(sum, carbonPrice) };
  const decimal = toDecimal(Math.abs(sum), carbonPrice);
  return { priceAdjustment: `${sum < 0 && Number(decimal) !== 0 ? '-' : '+'}${decimal}` };
}

/** What it makes of the provider's price, as Karpenter computes it; `undefined` where that must be known and is not. */
export function priceUnder({ kind, amount }: PriceTerm, providersPrice: number | undefined): number | undefined {
  if (kind === 'price') return amount;
  return providersPrice === undefined ? undefined : Math.max(0, providersPrice + amount);
}
