import { type LeftAlone, MOST_OVERLAYS } from '../../capacity/plan-overlays.ts';
import type { LeftAloneReason } from '../../capacity/price-cells.ts';
import { nameFew } from '../../units/tell-few.ts';
import { exampleOf, type OverlaysReport, type Range } from './overlays-report.ts';

const MOST_NAMED = 5;
const DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, useGrouping: false });

/** Three digits, never an exponent. */
export function figure(value: number): string {
  return DIGITS.format(value);
}

/** `0.2% to 2.1%`, or one figure where both are the same. */
export function span({ min, max }: Range, unit = ''): string {
  const [from, to] = [figure(min), figure(max)];
  return from === to ? `${from}${unit}` : `${from}${unit} to ${to}${unit}`;
}

/** How strong the lever is, a sentence each: prices of carbon are small beside those of machines. */
export function leverWords(report: OverlaysReport): readonly string[] {
  const { changePercent, carbonPricePerTonne, mode } = report;
  const tonne = `${figure(carbonPricePerTonne)} a tonne`;
  if (!changePercent)
    return [
      `no price is known: what carbon changes of it at ${tonne} nobody can say; give prices with --instance-types`,
    ];
  const example = exampleOf(report.types);
  const shown = example?.typical
    ? `${figure(example.typical.changePercent)}% of ${figure(example.typical.price)} an hour at ${tonne}: ${example.type}`
    : '';
  const verb = mode === 'add' ? 'adds' : 'is';
  return [
    `carbon ${verb} ${shown}; over all offerings ${span(changePercent, '%')}, ${figure(changePercent.median)}% at the median`,
    ...turnWords(report),
  ];
}

function turnWords({ sizes, mode }: OverlaysReport): readonly string[] {
  const turning = sizes.filter(({ isAnother }) => isAnother).length;
  if (mode === 'replace')
    return [`carbon alone counts: the choice is another than the cheapest in ${turning} of ${sizes.length} sizes`];
  const ties = sizes.filter(({ isTie }) => isTie).length;
  const prices = sizes.flatMap(({ carbonPrice }) => carbonPrice ?? []).sort((a, b) => a - b);
  const [least] = prices;
  const middle = prices[Math.floor((prices.length - 1) / 2)];
  const perTonne = (price: number) => `${figure(price * 1_000)} a tonne`;
  return [
    `at this price the cheapest choice is another in ${turning} of ${sizes.length} sizes`,
    ...(ties > 0
      ? [
          `in ${ties} of ${sizes.length} sizes dirtier choices cost the same as the cheapest: there any price of carbon decides`,
        ]
      : []),
    least === undefined || middle === undefined
      ? 'no price of carbon would have a dearer one chosen: the cheapest are the cleanest as well'
      : `a dearer one is chosen from ${perTonne(least)}${prices.length > 1 ? `; at the median of ${prices.length} sizes from ${perTonne(middle)}` : ''}`,
  ];
}

/** Why offerings have no price of ours, a sentence for each reason and overlay. */
export function leftAloneWords(leftAlone: readonly LeftAlone[]): readonly string[] {
  const byReason = Map.groupBy(leftAlone, ({ reason, overlay = '', why = '' }) =>
    JSON.stringify([reason, overlay, why]),
  );
  return [...byReason.values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    const types = [...new Set(alike.map(({ type }) => type))];
    return [`left alone: ${nameFew(types, MOST_NAMED, String)}: ${WORDS[first.reason](first)}`];
  });
}

const WORDS: Readonly<Record<LeftAloneReason, (one: LeftAlone) => string>> = {
  unknown_size: ({ why }) => `no carbon is known (${why}); --unknown high gives such types a price above all others`,
  unknown_region: ({ why }) => `nobody knows the region of zone ${why}; give it with --zone-regions`,
  unknown_labels: ({ overlay }) =>
    `NodeOverlay ${overlay} asks for a label of which nobody knows whether these types have it; give it under labels in --instance-types`,
  unknown_price: ({ overlay }) =>
    `NodeOverlay ${overlay} is a percentage of a price that nobody knows; give prices with --instance-types`,
  users_overlay: ({ overlay }) => `NodeOverlay ${overlay} prices them (--compose=false)`,
  heavier: ({ overlay }) => `NodeOverlay ${overlay} is as heavy as the heaviest of --weights, or heavier`,
  by_hand: () => 'an overlay of ours that people applied is for them',
  paused: () => 'an overlay of ours on them is annotated gridgate.dev/paused',
  too_many: ({ why }) => `${why ? `${why}, ` : ''}more than ${MOST_OVERLAYS} overlays would be needed`,
};
