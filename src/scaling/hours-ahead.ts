import { comparableReading } from '../decision/refuse.ts';
import { outlookOfRegion } from '../decision/waiting.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { HOUR_MS } from '../units/moment.ts';

const MOST_HOURS = 24;

/** gCO2e/kWh of a region's current hour and those after it, as far as they are known, 24 at most. `now` is epoch milliseconds. */
export function hoursAhead(region: string, snapshot: Snapshot, now: number): readonly number[] {
  const view = snapshot.byName.get(region);
  const reading = view && comparableReading(view, snapshot);
  if (!view || !reading) return [];
  const outlook = outlookOfRegion(view, reading, snapshot.takenAt);
  const known = Math.min(MOST_HOURS, Math.ceil((outlook.until - now) / HOUR_MS));
  const hours = Array.from({ length: Math.max(0, known) }, (_, hour) => outlook.grams(now + hour * HOUR_MS));
  return [reading.gramsPerKwh, ...hours.slice(1)];
}
