export interface Rounds {
  readonly rounds: number;
  /** Rounds before them that do not count. */
  readonly warmUp: number;
}

/**
 * Measures both so many times, each first in every other round: of two equal servers the one that came second was slower
 * by 5% (seen, 11 rounds).
 */
export async function inTurns<A, B>(
  { rounds, warmUp }: Rounds,
  one: () => Promise<A>,
  other: () => Promise<B>,
): Promise<readonly (readonly [A, B])[]> {
  const measured: (readonly [A, B])[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const pair = await (round % 2 === 0 ? inOrder(one, other) : inOrder(other, one).then(([b, a]) => [a, b] as const));
    if (round >= 0) measured.push(pair);
  }
  return measured;
}

async function inOrder<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<readonly [A, B]> {
  return [await first(), await second()];
}
