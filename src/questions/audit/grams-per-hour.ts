import type { AuditedWorkload, CarbonTotals } from './audited-workload.ts';
import { count } from './findings.ts';

/** Grams an hour with three digits that count, for people; `-` where nobody knows. */
export function formatGramsPerHour(gramsPerHour: number | null): string {
  if (gramsPerHour === null || !Number.isFinite(gramsPerHour)) return '-';
  if (gramsPerHour === 0) return '0';
  if (gramsPerHour > 0 && gramsPerHour < LEAST_SHOWN) return `<${LEAST_SHOWN}`;
  return gramsPerHour.toFixed(digitsBehindPoint(gramsPerHour));
}

/** Embodied grams an hour; `~` before what stands for machines that are not known. */
export function formatEmbodied({ gramsPerHour, basis }: AuditedWorkload['embodied']): string {
  return markUnknown(gramsPerHour, basis === 'estimated');
}

/** The same of several workloads, where the machines of one of them are not known. */
export function formatEmbodiedSum({ gramsPerHour, estimated }: CarbonTotals['embodied']): string {
  return markUnknown(gramsPerHour, estimated > 0);
}

/** What to say behind such a sum. */
export function describeUnknownMachines({ estimated }: CarbonTotals['embodied']): string {
  return estimated === 0 ? '' : `; machines of ${count(estimated, 'workload')} not known`;
}

function markUnknown(gramsPerHour: number, isUnknown: boolean): string {
  return `${isUnknown && gramsPerHour > 0 ? '~' : ''}${formatGramsPerHour(gramsPerHour)}`;
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
