/** `GRIDGATE_SEED=n` tries other scenarios, `GRIDGATE_RUNS=n` more or fewer of them. */
export const SEED = Number(process.env['GRIDGATE_SEED'] ?? 20261122);
/** Random scenarios in all, shared by the properties of a file: enough to notice a fault here, to find one in CI. */
export const RUNS = Number(process.env['GRIDGATE_RUNS'] ?? (process.env['CI'] ? 30_000 : 3_000));

/** How often a property is tried whose scenarios are dear: so often in CI, a tenth of that here. */
export function runsOf(inCi: number): number {
  return Math.ceil((inCi * RUNS) / 30_000);
}
