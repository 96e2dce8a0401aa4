/** A quantity over time, in order. */
export interface Sample {
  /** Any unit; the same for all samples. */
  readonly at: number;
  readonly value: number;
}

/** How much a quantity may grow over the second half of a run: so much of its mean, or so much in its own unit, what is more. */
export interface Limit {
  readonly share: number;
  readonly least: number;
}

export interface Verdict {
  readonly first: number;
  /** Mean of the second half. */
  readonly mean: number;
  readonly most: number;
  /** By the least squares' line through the floor of the second half, from its begin to its end. */
  readonly growth: number;
  readonly allowed: number;
  readonly isFlat: boolean;
}

/** Into so many parts the second half is cut; of each the least counts: what comes and goes is no leak. */
const PARTS = 5;

/** Judges the second half of a run: the first is warming up. With fewer samples than parts it says nothing, and is not flat. */
export function judgeGrowth(samples: readonly Sample[], { share, least }: Limit): Verdict {
  const half = samples.slice(Math.floor(samples.length / 2));
  const floor = floorOf(half);
  const mean = meanOf(half.map(({ value }) => value));
  const span = (half.at(-1)?.at ?? 0) - (half[0]?.at ?? 0);
  const growth = slopeOf(floor) * span;
  const allowed = Math.max(share * mean, least);
  return {
    first: samples[0]?.value ?? Number.NaN,
    mean,
    most: Math.max(...samples.map(({ value }) => value)),
    growth,
    allowed,
    isFlat: half.length >= PARTS && growth <= allowed,
  };
}

/** The least sample of each part. */
function floorOf(samples: readonly Sample[]): readonly Sample[] {
  return Array.from({ length: PARTS }, (_, part) =>
    samples.slice((part * samples.length) / PARTS, ((part + 1) * samples.length) / PARTS),
  ).flatMap((group) => group.toSorted((a, b) => a.value - b.value).slice(0, 1));
}

/** Of the least squares' line, per unit of time. */
export function slopeOf(samples: readonly Sample[]): number {
  const at = meanOf(samples.map((sample) => sample.at));
  const value = meanOf(samples.map((sample) => sample.value));
  const above = samples.reduce((sum, sample) => sum + (sample.at - at) * (sample.value - value), 0);
  const below = samples.reduce((sum, sample) => sum + (sample.at - at) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
