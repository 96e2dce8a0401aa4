import type { CarbonTotals } from './audited-workload.ts';

/** Grams an hour with three digits that count, for people; `-` where nobody knows. */
export function formatGramsPerHour(gramsPerHour: number | null): string {
  if (gramsPerHour === null || !Number.isFinite(gramsPerHour)) return '-';
  if (gramsPerHour === 0) return '0';
  if (gramsPerHour > 0 && gramsPerHour < LEAST_SHOWN) return `<${LEAST_SHOWN}`;
  return gramsPerHour.toFixed(digitsBehindPoint(gramsPerHour));
}

const LEAST_SHOWN = 0.01;

function digitsBehindPoint(grams: number): number {
  if (grams >= 99.95) return 0;
  return grams >= 9.995 ? 1 : 2;
}

/** What placing changes, in percent: `-75%`, `+3.0%`; nothing where there is nothing to compare. */
export function formatChange({
  asWritten,
  placed,
}: Pick<CarbonTotals['gramsPerHour'], 'asWritten' | 'placed'>): string | undefined {
  if (!(asWritten > 0)) return undefined;
  const percent = (placed / asWritten - 1) * 100;
  const rounded = Math.abs(percent) < 10 ? percent.toFixed(1) : percent.toFixed(0);
  const plain = rounded.replace(/^-?0(\.0)?$/, '0');
  return `${percent > 0 && plain !== '0' ? '+' : ''}${plain}%`;
}
