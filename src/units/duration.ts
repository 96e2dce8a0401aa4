const UNITS_MS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Largest unit first, each at most once; nine digits keep every result an exact integer. */
const DURATION = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;

/** Milliseconds of a duration such as `8h`, `1h30m`, `80ms`, `2d` or `0`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = text === '' ? null : DURATION.exec(text);
  if (!match) return undefined;
  return UNITS_MS.reduce((sum, [, unitMs], i) => sum + Number(match[i + 1] ?? 0) * unitMs, 0);
}

/** Writes milliseconds the way `parseDuration` reads them: 5400000 is `1h30m`, 0 is `0s`. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.round(durationMs);
  let text = '';
  for (const [unit, unitMs] of UNITS_MS) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
