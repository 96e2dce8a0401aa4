/** What a controller of capacity does: nothing; tells what it would change; changes it. */
export const CAPACITY_MODES = ['off', 'audit', 'on'] as const;
export type CapacityMode = (typeof CAPACITY_MODES)[number];
