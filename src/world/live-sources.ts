import { readFile } from 'node:fs/promises';
import type { ApiClient } from '../cluster/api-client.ts';
import { getIfThere } from '../cluster/get-if-there.ts';
import type { EnergyConfig } from '../config/budget-config.ts';
import type { Secret, SourceConfig } from '../config/config-file.ts';
import type { OutageSourceConfig } from '../config/outage-config.ts';
import type { Environment } from '../config/read-options.ts';
import type { SourceDeps } from '../sources/asking/get-json.ts';
import type { PrometheusAddress } from '../sources/asking/query-prometheus.ts';
import type { SecretReader } from '../sources/asking/read-secret.ts';
import { createCarbonAwareSdk } from '../sources/intensity/carbon-aware-sdk.ts';
import { createElectricityMaps } from '../sources/intensity/electricity-maps.ts';
import { createFile } from '../sources/intensity/file.ts';
import { createPrometheus } from '../sources/intensity/prometheus.ts';
import type { IntensitySource } from '../sources/intensity/source.ts';
import { createUkCarbonIntensity } from '../sources/intensity/uk-carbon-intensity.ts';
import { createWattTime } from '../sources/intensity/watttime.ts';
import { createAwsHealth } from '../sources/outage/aws-health.ts';
import { createConfigMapOutage } from '../sources/outage/configmap-outage.ts';
import { createNodesOutage, type NodeConditions } from '../sources/outage/nodes-outage.ts';
import { createPrometheusOutage } from '../sources/outage/prometheus-outage.ts';
import type { OutageSource } from '../sources/outage/source.ts';

/** The configured sources of intensities, in their order; secrets are read anew for each request. */
export function createSources(configs: readonly SourceConfig[], env: Environment): readonly IntensitySource[] {
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  const secretOf = (secret: Secret) => secretReader(secret, env);
  return configs.map((config) => createSource(config, deps, secretOf));
}

function createSource(
  config: SourceConfig,
  deps: SourceDeps,
  secretOf: (secret: Secret) => SecretReader,
): IntensitySource {
  switch (config.type) {
    case 'electricity-maps': {
      const { url: baseUrl, token, tokens = {}, signal, disableEstimations } = config;
      const zoneTokens = new Map(Object.entries(tokens).map(([zone, secret]) => [zone, secretOf(secret)]));
      const options = { baseUrl, token: token && secretOf(token), zoneTokens, signal, disableEstimations };
      return createElectricityMaps(options, deps);
    }
    case 'watttime': {
      const { url, username, password } = config;
      return createWattTime({ baseUrl: url, username: secretOf(username), password: secretOf(password) }, deps);
    }
    case 'uk-carbon-intensity':
      return createUkCarbonIntensity({ baseUrl: config.url }, deps);
    case 'carbon-aware-sdk':
      return createCarbonAwareSdk({ baseUrl: config.url, signal: config.signal }, deps);
    case 'prometheus': {
      const { url, query, signal, token } = config;
      return createPrometheus({ baseUrl: url, query, signal, token: token && secretOf(token) }, deps);
    }
    case 'file':
      return createFile({ read: () => readFile(config.path, 'utf8'), signal: config.signal }, deps);
  }
}

/** The Prometheus of the section `budgets.energy`, if it has one. */
export function energyPrometheus({ prometheus }: EnergyConfig, env: Environment): PrometheusAddress | undefined {
  if (!prometheus) return undefined;
  const { url: baseUrl, token } = prometheus;
  return { baseUrl, token: token && secretReader(token, env) };
}

function secretReader(secret: Secret, env: Environment): SecretReader {
  if ('file' in secret) return () => readFile(secret.file, 'utf8');
  return async () => env[secret.env] ?? '';
}

interface OutageSourceDeps extends SourceDeps {
  readonly env: Environment;
  readonly api: ApiClient;
  readonly nodes: () => Iterable<NodeConditions>;
}

const IDLE_TIMEOUT_MS = 10_000;

/** The configured automatic sources of outages. */
export function createOutageSources(
  configs: readonly OutageSourceConfig[],
  deps: OutageSourceDeps,
): readonly OutageSource[] {
  return configs.map((config) => createOutageSource(config, deps));
}

function createOutageSource(config: OutageSourceConfig, deps: OutageSourceDeps): OutageSource {
  switch (config.type) {
    case 'prometheus': {
      const { url: baseUrl, query, regionLabel, token } = config;
      return createPrometheusOutage(
        { baseUrl, query, regionLabel, token: token && secretReader(token, deps.env) },
        deps,
      );
    }
    case 'aws-health':
      return createAwsHealth(config);
    case 'configmap':
      return createConfigMapOutage(() => readConfigMap(deps.api, config));
    case 'nodes':
      return createNodesOutage(deps);
  }
}

async function readConfigMap(
  api: ApiClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Readonly<Record<string, string>> | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
  const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS };
  const object = (await getIfThere(api, path, options)) as { readonly data?: Record<string, string> } | undefined;
  return object && (object.data ?? {});
}
