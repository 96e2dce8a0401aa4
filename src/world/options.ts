export const REGION_SOURCE_OPTIONS = ['regions', 'config', 'policySignal'] as const;

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
