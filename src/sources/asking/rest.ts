import { lasts } from './lasts.ts';

/** For how long a source wants to be left alone. */
export interface Rest {
  /** Begins or prolongs it; without a plausible number of milliseconds by a minute, never by more than an hour. */
  begin(ms: number | undefined): void;
  /** Milliseconds until its end, 0 when there is none. */
  leftMs(): number;
}

const USUAL_MS = 60_000;
const LONGEST_MS = 60 * 60_000;

/** A source that answered 429 is left alone for all its zones; of several answers the one that asks longest counts. */
export function createRest(clock: () => number): Rest {
  let since = 0;
  let ms = 0;

  function leftMs(): number {
    const now = clock();
    return lasts(since, ms, now) ? since + ms - now : 0;
  }

  return {
    leftMs,
    begin(askedMs) {
      const wanted = askedMs !== undefined && askedMs >= 0 ? Math.min(LONGEST_MS, askedMs) : USUAL_MS;
      if (wanted <= leftMs()) return;
      since = clock();
      ms = wanted;
    },
  };
}
