/** The first of each namespace, then the second of each, and so on; of no namespace more than `most`, and how many were left out. */
export function byTurns<T extends { readonly namespace: string }>(
  all: readonly T[],
  most = Number.POSITIVE_INFINITY,
): { readonly items: readonly T[]; readonly left: number } {
  const turns: T[][] = [];
  const counts = new Map<string, number>();
  let left = 0;
  for (const one of all) {
    const turn = counts.get(one.namespace) ?? 0;
    counts.set(one.namespace, turn + 1);
    if (turn >= most) left++;
    else (turns[turn] ??= []).push(one);
  }
  return { items: turns.flat(), left };
}
