import { readWait } from '../../decision/wait-annotations.ts';
import { podGramsPerHour } from '../../energy/emissions.ts';
import { requestsOf } from '../../energy/pod-requests.ts';
import { DEFAULT_POWER_MODEL } from '../../energy/power-model.ts';
import { hourlyMeans } from '../../forecast/hourly-means.ts';
import type { HourlySeries } from '../../forecast/outlook.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { PlannedUnit } from './plan.ts';
import type { Member } from './units.ts';

/** Grams of CO2e that waiting saved a namespace; none of them ever falls. */
export interface NamespaceSavings {
  readonly namespace: string;
  expectedGrams: number;
  foundGrams: number;
  /** Found where waiting made it worse. */
  addedGrams: number;
}

/** A run that may not have ended, with what it is judged by when it has. */
interface Run {
  readonly namespace: string;
  readonly region: string;
  /** Epoch milliseconds: when it would have started, when it did, when it has ended. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly endsAt: number;
  /** Grams of each gCO2e/kWh. */
  readonly gramsPerIntensity: number;
  readonly expectedGrams: number;
}

/** Of more that run at once, the oldest are taken to have saved what was expected. */
const MOST_RUNS = 10_000;

/**
 * What waiting saves, estimated from requests and length: as it is expected when something is let go, and as the readings show
 * it once its run has ended, in the region that it was planned for. Where nobody has those, it counts as it was expected.
 */
export function createSavings(pastOf: (region: string) => HourlySeries | undefined) {
  const accounts = new Map<string, NamespaceSavings>();
  const runs: Run[] = [];

  function accountOf(namespace: string): NamespaceSavings {
    const account = accounts.get(namespace) ?? { namespace, expectedGrams: 0, foundGrams: 0, addedGrams: 0 };
    accounts.set(namespace, account);
    return account;
  }

  function settleRun(run: Run): void {
    const grams = foundGrams(run) ?? run.expectedGrams;
    const account = accountOf(run.namespace);
    if (grams >= 0) account.foundGrams += grams;
    else account.addedGrams -= grams;
  }

  function foundGrams({ region, createdAt, startedAt, endsAt, gramsPerIntensity }: Run): number | undefined {
    const past = pastOf(region);
    const lengthMs = endsAt - startedAt;
    const [atOnce, actual] = [createdAt, startedAt].map((at) => past && meanOf(past, at, lengthMs));
    return atOnce === undefined || actual === undefined ? undefined : (atOnce - actual) * gramsPerIntensity;
  }

  return {
    /** A member of a planned unit was let go at `now`, epoch milliseconds. */
    book({ start, length, unit }: PlannedUnit, { pod, pods, metadata }: Member, now: number): void {
      const { namespace = '' } = metadata;
      const account = accountOf(namespace);
      const { grams, place: region } = start ?? {};
      if (!grams || region === undefined) return;
      const atOnce = Math.min(readWait(metadata.annotations)?.now ?? grams.now, MAX_GRAMS_PER_KWH);
      const perHour = podGramsPerHour(requestsOf(pod.spec ?? {}), { region, gramsPerKwh: 1 }, DEFAULT_POWER_MODEL);
      const gramsPerIntensity = (perHour * pods * length.ms) / HOUR_MS;
      const expectedGrams = (atOnce - grams.planned) * gramsPerIntensity;
      account.expectedGrams += Math.max(0, expectedGrams);
      const { createdAt } = unit;
      const endsAt = now + length.ms;
      runs.push({ namespace, region, createdAt, startedAt: now, endsAt, gramsPerIntensity, expectedGrams });
      if (runs.length > MOST_RUNS) runs.splice(0, runs.length - MOST_RUNS).forEach(settleRun);
    },
    /** Counts the runs that have ended by `now`. */
    settle(now: number): void {
      for (let i = runs.length - 1; i >= 0; i--) {
        const run = runs[i];
        if (!run || run.endsAt > now) continue;
        runs.splice(i, 1);
        settleRun(run);
      }
    },
    read: (): readonly NamespaceSavings[] => [...accounts.values()],
  };
}

/** `undefined` where the series does not hold the whole of a run. */
function meanOf({ from, gramsPerKwh }: HourlySeries, at: number, durationMs: number): number | undefined {
  if (at < from || at + durationMs > from + gramsPerKwh.length * HOUR_MS) return undefined;
  return hourlyMeans(gramsPerKwh).mean((at - from) / HOUR_MS, durationMs / HOUR_MS);
}
