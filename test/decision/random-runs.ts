/** `GRIDGATE_SEED=n` tries other scenarios, `GRIDGATE_RUNS=n` more or fewer of them. */
export const SEED = Number(process.env['GRIDGATE_SEED'] ?? 20261122);
/** Random scenarios in all, shared by the properties of a file: enough to notice a fault here, to find one in CI. */
export const RUNS = Number(process.env['GRIDGATE_RUNS'] ?? (process.env['CI'] ? 30_000 : 3_000));
