import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { fetchNamespace } from '../../cluster/fetch-namespace.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { DEFAULT_CONFIG, type GridgateConfig } from '../../config/config-file.ts';
import { capMode } from '../../decision/effect.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import type { Policy } from '../../decision/policy.ts';
import { compileRules } from '../../decision/policy-rules.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { readClusterConfig } from '../../world/cluster-config.ts';
import { KILL_SWITCH, readModeCap } from '../../world/mode-cap.ts';
import type { ReleaseValues } from './options.ts';

/** What counts in the namespaces that were asked about, as the cluster's own gridgate counts it. */
export interface Policies {
  /** Sources left out: the leader asks them, and writes what they say. */
  readonly config: GridgateConfig;
  /** Under the kill switch; absent where a namespace cannot be read. */
  readonly of: (namespace: string) => Policy | undefined;
  /** What could not be read, a sentence each. */
  readonly notes: readonly string[];
}

const AT_ONCE = 8;
const TIMEOUT_MS = 15_000;

/** Reads the cluster's configuration, its kill switch and these namespaces; never rejects: what cannot be read is told. */
export async function readPolicies(
  api: ApiClient,
  namespaces: readonly string[],
  { systemNamespace, killSwitch = KILL_SWITCH, defaultRegion }: ReleaseValues,
): Promise<Policies> {
  const notes: string[] = [];
  const [config, { cap, notes: ofSwitch }] = await Promise.all([
    readConfig(api, systemNamespace, notes),
    readModeCap({ api, signal: AbortSignal.timeout(TIMEOUT_MS) }, killSwitch),
  ]);
  const rules = compileRules(config, defaultRegion);
  const policies = new Map<string, Policy>();
  await inParallel(namespaces, AT_ONCE, async (name) => {
    try {
      const record = await fetchNamespace(api, name, TIMEOUT_MS);
      if (!record) return;
      const { policy } = effectivePolicy(name, record.annotations, rules);
      policies.set(name, { ...policy, mode: capMode(policy.mode, cap) });
    } catch (error) {
      notes.push(describeReadFailure(error));
    }
  });
  return { config, of: (namespace) => policies.get(namespace), notes: [...ofSwitch, ...notes] };
}

async function readConfig(api: ApiClient, systemNamespace: string, notes: string[]): Promise<GridgateConfig> {
  const read = await readClusterConfig(api, systemNamespace, TIMEOUT_MS).catch((error: unknown) => ({
    issues: [
      `${describeReadFailure(error)}${error instanceof ApiError ? ': defaults count instead of the gridgate.yaml there' : ''}`,
    ],
  }));
  if (read && 'issues' in read) notes.push(...read.issues);
  const config = read && 'config' in read ? read.config : DEFAULT_CONFIG;
  return { ...config, sources: [] };
}
