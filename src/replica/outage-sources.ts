import type { ApiClient } from '../cluster/api-client.ts';
import { getIfThere } from '../cluster/get-if-there.ts';
import type { OutageSourceConfig } from '../config/outage-config.ts';
import type { Environment } from '../config/read-options.ts';
import type { SourceDeps } from '../sources/asking/source-deps.ts';
import { createAwsHealth } from '../sources/outage/aws-health.ts';
import { createConfigMapOutage } from '../sources/outage/configmap-outage.ts';
import type { NodeConditions } from '../sources/outage/node-health.ts';
import { createNodesOutage } from '../sources/outage/nodes-outage.ts';
import { createPrometheusOutage } from '../sources/outage/prometheus-outage.ts';
import type { OutageSource } from '../sources/outage/source.ts';
import { secretReader } from '../world/live-sources.ts';

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
      const { url, query, regionLabel, token } = config;
      const label = regionLabel === undefined ? {} : { regionLabel };
      return createPrometheusOutage(
        { baseUrl: url, query, ...label, ...(token && { token: secretReader(token, deps.env) }) },
        deps,
      );
    }
    case 'aws-health': {
      const { services, endpoint } = config;
      return createAwsHealth({ ...(services && { services }), ...(endpoint !== undefined && { endpoint }) });
    }
    case 'configmap':
      return createConfigMapOutage(() => readConfigMap(deps.api, config));
    case 'nodes':
      return createNodesOutage(deps);
  }
}

/** `undefined` when there is none. */
async function readConfigMap(
  api: ApiClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Readonly<Record<string, string>> | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
  const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS };
  const object = (await getIfThere(api, path, options)) as { readonly data?: Record<string, string> } | undefined;
  return object && (object.data ?? {});
}
