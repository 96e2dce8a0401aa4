import type { OptionValues } from '../config/options.ts';

export const SERVE_OPTIONS = [
  'host',
  'port',
  'metricsHost',
  'metricsPort',
  'certFile',
  'keyFile',
  'certDir',
  'clientCa',
  'regions',
  'config',
  'namespaces',
  'kubeconfig',
  'context',
  'roles',
  'systemNamespace',
  'serviceName',
  'manageCertificates',
  'taintNodes',
  'regionLabel',
  'defaultRegion',
  'policySignal',
  'bands',
  'logLevel',
  'shutdownDelay',
  'checkBindings',
  'killSwitch',
  'printConfig',
  'output',
] as const;

export type ServeValues = OptionValues<(typeof SERVE_OPTIONS)[number]>;
