/** Where a figure comes from: a sensor, a table that names this very thing, or a guess by what it resembles. */
export const BASES = ['measured', 'looked-up', 'estimated'] as const;
export type Basis = (typeof BASES)[number];

/** What is made of several figures is as good as the worst of them. */
export function worstBasis(bases: Iterable<Basis>): Basis {
  let worst = 0;
  for (const basis of bases) worst = Math.max(worst, BASES.indexOf(basis));
  return BASES[worst] ?? 'estimated';
}
