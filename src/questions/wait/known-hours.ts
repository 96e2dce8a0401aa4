import { type Announced, hourOf } from '../../forecast/by-hour.ts';
import type { Signal, TimedValue } from '../../regions/reading.ts';
import { HOUR_MS } from '../../units/moment.ts';

/** What one source said of a region when it was asked. */
export interface Heard {
  /** As configurations name it. */
  readonly source: string;
  readonly signal: Signal;
  /** The past as far as it is told, and now; in no order. */
  readonly readings: readonly TimedValue[];
  /** Its own forecast, earliest first; empty where it has none. */
  readonly announced: readonly Announced[];
}

/** What one source said so far, in one signal. */
export interface Known {
  readonly source: string;
  readonly signal: Signal;
  /** gCO2e/kWh by the moment of their measurement, epoch milliseconds. */
  readonly readings: ReadonlyMap<number, number>;
  /** Its own forecasts, by the hour since 1970 in which they were heard. */
  readonly said: ReadonlyMap<number, readonly Announced[]>;
}

/** More days make a forecast no better that is worth their time. */
const MOST_PAST_MS = 60 * 24 * HOUR_MS;

/** Adds what was heard at `now`; values of another source, or of another signal, are never mixed with it. */
export function remember(known: Known | undefined, heard: Heard, now: number): Known {
  const { source, signal } = heard;
  const before = known?.source === source && known.signal === signal ? known : undefined;
  const readings = new Map(before?.readings);
  // Providers put their estimates right: what is heard last of a moment counts.
  for (const { measuredAt, gramsPerKwh } of heard.readings) readings.set(measuredAt, gramsPerKwh);
  for (const measuredAt of readings.keys()) if (measuredAt < now - MOST_PAST_MS) readings.delete(measuredAt);
  const said = new Map(before?.said);
  if (heard.announced.length > 0) said.set(hourOf(now), heard.announced);
  return { source, signal, readings, said };
}
