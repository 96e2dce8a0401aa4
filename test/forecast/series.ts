/** A grid that is made up: a sun by day, weather that lasts, a week; the same numbers for the same seed. */
export function madeUpSeries(days: number, seed = 1): number[] {
  const next = random(seed);
  let weather = 0;
  return Array.from({ length: 24 * days }, (_, hour) => {
    weather = 0.92 * weather + 12 * (next() + next() - 1);
    const sun = Math.max(0, Math.sin(((hour % 24) - 6) * (Math.PI / 12)));
    const weekend = Math.floor(hour / 24) % 7 >= 5 ? -15 : 0;
    return Math.max(5, 320 - 130 * sun + weekend + weather);
  });
}

/** Numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
