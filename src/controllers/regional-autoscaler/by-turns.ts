/** The first of each namespace, then the second of each, and so on; of no namespace more than `most`, and how many were left out. */
export function byTurns<T extends { readonly namespace: string }>(
  all: readonly T[],
  most = Number.POSITIVE_INFINITY,
): { readonly items: readonly T[]; readonly left: number } {
  const counts = new Map<string, number>();
  const turns = all.map((one) => {
    const turn = counts.get(one.namespace) ?? 0;
    counts.set(one.namespace, turn + 1);
    return { one, turn };
  });
  const taken = turns.filter(({ turn }) => turn < most).toSorted((a, b) => a.turn - b.turn);
  return { items: taken.map(({ one }) => one), left: turns.length - taken.length };
}
