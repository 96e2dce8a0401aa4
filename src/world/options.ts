export const REGION_SOURCE_OPTIONS = ['regions', 'config', 'policySignal'] as const;

/** Options that say where regions, namespaces and nodes come from. */
export const WORLD_OPTIONS = [
  'regions',
  'namespaces',
  'config',
  'kubeconfig',
  'context',
  'policySignal',
  'regionLabel',
  'defaultRegion',
] as const;
