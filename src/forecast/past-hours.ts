/** So many hours are kept of a region: more days make a forecast no better that is worth their room. */
export const MOST_PAST_HOURS = 60 * 24;

/** In tenths of a gram; a mark where there is no reading. */
export const GAP = 0xffff;
const TENTHS = 10;

/** An hourly series as it is kept: tenths of gCO2e/kWh, `GAP` where there is none. */
export interface KeptHours {
  /** Since 1970: that of the first value. */
  readonly firstHour: number;
  readonly tenths: Uint16Array;
}

/** The hourly readings of a region's last 60 days, to a tenth of a gram. Of an hour the first reading that is added counts for good. */
export interface PastHours {
  /** The first hour that has a reading, since 1970, and the one after the last; the same where there is none. */
  from(): number;
  until(): number;
  /** gCO2e/kWh. */
  of(hour: number): number | undefined;
  /**
   * Whether it was new:
   *
   * | the hour                             | then                                   |
   * | ------------------------------------ | -------------------------------------- |
   * | is known, or more than 60 days past  | nothing is new                         |
   * | has none                             | it has this one                        |
   * | comes after the last                 | hours between have none; old ones go   |
   * | comes more than 60 days after it     | all that was before goes               |
   */
  add(hour: number, gramsPerKwh: number): boolean;
  /** How many hours have a reading. */
  known(): number;
  /** The last so many hours, or as many as there are. */
  kept(most?: number): KeptHours;
}

export function createPastHours(): PastHours {
  const tenths = new Uint16Array(MOST_PAST_HOURS).fill(GAP);
  let [from, until, known] = [0, 0, 0];

  const at = (hour: number) => tenths[hour % MOST_PAST_HOURS] as number;

  function put(hour: number, value: number): void {
    known += Number(value !== GAP) - Number(at(hour) !== GAP);
    tenths[hour % MOST_PAST_HOURS] = value;
  }

  /** Room for an hour outside: what it takes the place of is gone, and hours between have no reading. */
  function reach(hour: number): void {
    const isNew = known === 0 || hour >= until + MOST_PAST_HOURS;
    if (isNew) {
      tenths.fill(GAP);
      [from, until, known] = [hour, hour, 0];
    }
    for (; until <= hour; until++) put(until, GAP);
    from = Math.max(Math.min(from, hour), until - MOST_PAST_HOURS);
    while (from < hour && at(from) === GAP) from++;
  }

  return {
    from: () => from,
    until: () => until,
    known: () => known,
    of(hour) {
      const value = hour >= from && hour < until ? at(hour) : GAP;
      return value === GAP ? undefined : value / TENTHS;
    },
    add(hour, gramsPerKwh) {
      if (known > 0 && hour < until - MOST_PAST_HOURS) return false;
      if (known === 0 || hour < from || hour >= until) reach(hour);
      if (at(hour) !== GAP) return false;
      put(hour, Math.round(gramsPerKwh * TENTHS));
      return true;
    },
    kept(most = MOST_PAST_HOURS) {
      const firstHour = Math.max(from, until - most);
      const kept = new Uint16Array(until - firstHour);
      for (let index = 0; index < kept.length; index++) kept[index] = at(firstHour + index);
      return { firstHour, tenths: kept };
    },
  };
}

/** gCO2e/kWh, NaN where there is no reading. */
export function gramsOf(tenths: Uint16Array): Float64Array {
  return Float64Array.from(tenths, (value) => (value === GAP ? Number.NaN : value / TENTHS));
}
