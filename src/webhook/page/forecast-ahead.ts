import type { ForecastPoint } from '../../regions/region-status.ts';
import { HOUR_MS } from '../../units/moment.ts';

/** How far ahead the page and `/status.json` look. */
export const AHEAD_MS = 24 * HOUR_MS;

/** The point that counts now, from now on, and those to come within 24 hours; none where nothing comes. */
export function ahead(forecast: readonly ForecastPoint[], now: number): readonly ForecastPoint[] {
  const next = forecast.findIndex(({ from }) => from > now);
  if (next < 0) return [];
  const current = forecast[next - 1];
  const coming = forecast.slice(next).filter(({ from }) => from <= now + AHEAD_MS);
  return current ? [{ ...current, from: now }, ...coming] : coming;
}

/** The cleanest of some points, the first where several are; `undefined` where there is none. */
export function cleanest(points: readonly ForecastPoint[]): ForecastPoint | undefined {
  const [first, ...others] = points;
  return first && others.reduce((best, point) => (point.gramsPerKwh < best.gramsPerKwh ? point : best), first);
}
