const DAY = 24;
const WEEK_DAYS = 7;
const PROFILE_DAYS = 14;
/** How far back it looks at most. */
export const PAST_HOURS = (PROFILE_DAYS + 2) * DAY;

/**
 * A forecast from few days: the mean of two day profiles, each with the last reading's deviation fading away. One halves the weight
 * of every day before, over 14 days, and fades by 0.9 an hour; the other is the plain mean of 7 days and fades by 0.95.
 * `past`: readings up to the hour before the first forecast one, oldest first; gaps filled. Empty for no past at all.
 */
export function forecastFromDays(past: readonly number[], hours: number): readonly number[] {
  const { length } = past;
  const last = past[length - 1];
  if (last === undefined) return [];
  const halved = (hour: number) => meanOfDays(past, hour, PROFILE_DAYS, 0.5);
  const plain = (hour: number) => meanOfDays(past, hour, WEEK_DAYS, 1);
  const [fromHalved, fromPlain] = [last - (halved(length - 1) ?? last), last - (plain(length - 1) ?? last)];
  return Array.from({ length: hours }, (_, index) => {
    const ahead = length + index;
    const one = (halved(ahead) ?? last) + fromHalved * 0.9 ** (index + 1);
    const other = (plain(ahead) ?? last) + fromPlain * 0.95 ** (index + 1);
    return (one + other) / 2;
  });
}

/** The mean of the same hour on the days before that are known whole, the nth of them with weight `fade` to the nth. */
function meanOfDays(past: readonly number[], hour: number, days: number, fade: number): number | undefined {
  const first = hour < past.length ? 1 : Math.ceil((hour - past.length + 1) / DAY);
  let [sum, weights, weight] = [0, 0, 1];
  for (let day = first; day < first + days; day++) {
    weight *= fade;
    const value = past[hour - DAY * day];
    if (value === undefined) continue;
    sum += weight * value;
    weights += weight;
  }
  return weights > 0 ? sum / weights : undefined;
}
