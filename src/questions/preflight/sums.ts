import type { IdleWatts } from './preflight-report.ts';

export function sumOf(nodes: readonly IdleWatts[], key: keyof IdleWatts): number {
  return nodes.reduce((sum, node) => sum + node[key], 0);
}

/** To milliwatts, or thousandths of a percent: what binary fractions add up to beyond them is no measurement. */
export function rounded(value: number, decimals = 3): number {
  return Number(value.toFixed(decimals));
}

/** The three sums of a group, rounded. */
export function wattsOf(nodes: readonly IdleWatts[]): IdleWatts {
  return {
    watts: rounded(sumOf(nodes, 'watts')),
    wattsUnderNone: rounded(sumOf(nodes, 'wattsUnderNone')),
    wattsUnderStatic: rounded(sumOf(nodes, 'wattsUnderStatic')),
  };
}

/** By how many percent a value is above another; negative where it is below. */
export function increasePercent(value: number, from: number): number {
  return ((value - from) / from) * 100;
}
