import { HOUR_MS } from '../../units/moment.ts';
import type { Clock } from '../pace.ts';
import { isKnownByName, type Unit } from './units.ts';

/** Of more, those of which something went longest ago are forgotten. */
const MOST_REMEMBERED = 20_000;
/** A pod group that is created anew by the same name is another by then. */
const NAME_COUNTS_MS = 12 * HOUR_MS;

/** Units of which something went in this leader's term: no Job may tell of that, or none tells yet. */
export function createBegunUnits(clock: Pick<Clock, 'now'>) {
  const begun = new Map<string, { readonly until: number }>();

  return {
    add(unit: Unit): void {
      begun.delete(unit.key); // the latest stands last
      begun.set(unit.key, { until: isKnownByName(unit) ? clock.now() + NAME_COUNTS_MS : Number.POSITIVE_INFINITY });
      const [oldest] = begun.keys();
      if (begun.size > MOST_REMEMBERED && oldest !== undefined) begun.delete(oldest);
    },
    has(key: string): boolean {
      const one = begun.get(key);
      return one !== undefined && clock.now() < one.until;
    },
  };
}
