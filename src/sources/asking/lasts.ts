/**
 * Whether what began at `since` and lasts `ms` is still on (epoch milliseconds).
 * A clock that was set back to before `since` ends it: at worst a source is asked once too often, instead of being left
 * alone, or an answer being kept, for as long as the clock was wrong.
 */
export function lasts(since: number, ms: number, now: number): boolean {
  return now >= since && now - since < ms;
}
