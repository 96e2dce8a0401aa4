import type { AuditedWorkload, Balance } from './audited-workload.ts';

/** Grams of CO2e an hour of one workload: all that it emits, what placing and denying it take off, and what that leaves. */
type WorkloadBalance = Pick<Balance, 'now' | 'placingSaves' | 'denialStops' | 'denialWouldStop' | 'left'>;

type Judged = Pick<AuditedWorkload, 'mode' | 'decision' | 'denied' | 'gramsPerHour'>;

/**
 * What a mode makes of a workload's figures; `undefined` where nobody knows what it emits. In `audit` and `warn` it is what
 * would be:
 *
 * | mode   | decision | placed | placing saves | denial stops | denial would stop | left   |
 * | ------ | -------- | ------ | ------------- | ------------ | ----------------- | ------ |
 * | off    | any      | any    | 0             | 0            | 0                 | now    |
 * | others | deny     | -      | 0             | now, denied  | now, not denied   | 0      |
 * | others | others   | -      | 0             | 0            | 0                 | now    |
 * | others | others   | known  | now - placed  | 0            | 0                 | placed |
 */
export function balanceOf({ mode, decision, denied, gramsPerHour }: Judged): WorkloadBalance | undefined {
  const { asWritten: now, placed } = gramsPerHour;
  if (now === null) return undefined;
  const untouched = { now, placingSaves: 0, denialStops: 0, denialWouldStop: 0, left: now };
  if (mode === 'off') return untouched;
  if (decision === 'deny') return { ...untouched, [denied ? 'denialStops' : 'denialWouldStop']: now, left: 0 };
  return placed === null ? untouched : { ...untouched, placingSaves: now - placed, left: placed };
}
