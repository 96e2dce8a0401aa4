/** Where a service that runs in one region at a time should be, hour by hour. */
export interface Mover {
  /**
   * The region for this hour: by what each emits in it and is expected to emit in those after it, gCO2e/kWh, this hour first. All
   * series have one length.
   */
  next(hours: readonly ArrayLike<number>[]): number;
}

export interface MoverOptions {
  /** The region that savings are counted against. */
  readonly home: number;
  /** Where it is before the first hour. */
  readonly current: number;
}

const KEPT = 0.5 ** (1 / 720);
/** A move costs so many times what an hour in the cleanest region saves, on average. */
const HOURS_A_MOVE = 3;
/** Staying may lose so much of what moving could gain before moves become free. */
const MOST_LOST = 0.03;

/** Moves only where that pays: README.md has the formula. */
export function createMover({ home, current }: MoverOptions): Mover {
  let at = current;
  let [gained, lost, weight] = [0, 0, 0];

  function costOfMove(): number {
    const isLost = gained > 0 ? lost / gained / MOST_LOST : 0;
    return HOURS_A_MOVE * (gained / weight) * Math.max(0, 1 - isLost);
  }

  return {
    next(hours) {
      const now = hours.map((series) => series[0] ?? 0);
      const best = Math.min(...now);
      gained = KEPT * gained + Math.max(0, (now[home] ?? best) - best);
      weight = KEPT * weight + 1;
      at = cheapest(hours, at, costOfMove());
      lost = KEPT * lost + (now[at] ?? best) - best;
      return at;
    },
  };
}

/** The region to be in now, if every move costs so much: from the last hour back, what is left to emit from each region on. */
function cheapest(hours: readonly ArrayLike<number>[], current: number, cost: number): number {
  let rest = hours.map(() => 0);
  for (let hour = (hours[0]?.length ?? 0) - 1; hour >= 0; hour--) {
    const least = Math.min(...rest);
    rest = hours.map((series, region) => (series[hour] ?? 0) + Math.min(rest[region] ?? 0, least + cost));
  }
  let best = current;
  for (const [region, total] of rest.entries())
    if (total + (region === current ? 0 : cost) < (rest[best] ?? 0) + (best === current ? 0 : cost)) best = region;
  return best;
}
