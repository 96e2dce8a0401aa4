import type { AuditedWorkload, Balance, CarbonTotals } from './audited-workload.ts';
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
export function formatEmbodiedSum({ balance, embodied }: Pick<CarbonTotals, 'balance' | 'embodied'>): string {
  return markUnknown(balance.embodied, embodied.estimated > 0);
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

/** What one step of a balance takes off, what part of all that is, and what stays: `5.55 (-35%): 10.5 left`. */
export interface ToldStep {
  readonly grams: string;
  /** Of `now`. */
  readonly change: string | undefined;
  readonly left: string;
}

/** The steps after `now`, in their order; each counts from what the one before it left. */
export function tellSteps({ now, placingSaves, denialStops, denialWouldStop, left }: Balance) {
  const stopped = denialStops + denialWouldStop;
  return {
    isAdded: placingSaves < 0,
    placing: tellStep(placingSaves, now, left + stopped),
    denial: stopped > 0 ? tellStep(stopped, now, left) : undefined,
    wouldStop: denialWouldStop > 0 ? formatGramsPerHour(denialWouldStop) : undefined,
  };
}

function tellStep(taken: number, now: number, left: number): ToldStep {
  return {
    grams: formatGramsPerHour(Math.abs(taken)),
    change: formatChange(now, now - taken),
    left: formatGramsPerHour(left),
  };
}

/** What a step changes, in percent of the first figure: `-75%`, `+3.0%`; nothing where there is nothing to compare. */
export function formatChange(before: number, after: number): string | undefined {
  if (!(before > 0)) return undefined;
  const percent = (after / before - 1) * 100;
  const rounded = Math.abs(percent) < 10 ? percent.toFixed(1) : percent.toFixed(0);
  const plain = rounded.replace(/^-?0(\.0)?$/, '0');
  return `${percent > 0 && plain !== '0' ? '+' : ''}${plain}%`;
}
