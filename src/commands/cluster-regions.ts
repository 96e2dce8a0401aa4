import { messageOf } from '../cluster/api-error.ts';
import type { InvalidRegion, LiveRegion, SeenRegion } from '../cluster/regions.ts';
import type { WatchedResource } from '../cluster/watched-resource.ts';
import type { Environment } from '../config/read-options.ts';
import type { NodeFacts } from '../regions/topology.ts';
import { EXIT } from './exit-codes.ts';

export interface ClusterOptions {
  readonly regions?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** Why a cluster could not be read, in words, and what the command's exit code says of it. */
export interface Unread {
  readonly issues: readonly string[];
  readonly exitCode: number;
}

export interface ClusterRegions {
  readonly regions: readonly LiveRegion[];
  /** Regions that were passed over, a sentence each. */
  readonly invalid: readonly string[];
}

const TIMEOUT_MS = 15_000;

/** Whether regions come from a cluster: that of the kubeconfig, or the one we run in where no file is given. */
export function isFromCluster({ regions, kubeconfig }: ClusterOptions, env: Environment): boolean {
  return kubeconfig !== undefined || (regions === undefined && env['KUBERNETES_SERVICE_HOST'] !== undefined);
}

/** Reads the Regions of a cluster once, with what its leader wrote of them. */
export async function readClusterRegions(options: ClusterOptions): Promise<ClusterRegions | Unread> {
  const { REGIONS, validRegions } = await import('../cluster/regions.ts');
  const read = await readOnce(options, REGIONS);
  if ('issues' in read) return read;
  const invalid = read.items
    .filter(isInvalid)
    .map(({ name, issues }) => `region ${name} is passed over: ${issues.join('; ')}`);
  return { regions: validRegions(read.items), invalid };
}

function isInvalid(region: SeenRegion): region is InvalidRegion {
  return 'issues' in region;
}

/** Where the nodes of a cluster are. */
export async function readClusterNodes(
  options: ClusterOptions,
  regionLabel: string,
): Promise<{ readonly items: readonly NodeFacts[] } | Unread> {
  const { nodes } = await import('../cluster/nodes.ts');
  return readOnce(options, nodes(regionLabel));
}

async function readOnce<T>(
  { kubeconfig, context }: ClusterOptions,
  resource: WatchedResource<T>,
): Promise<{ readonly items: readonly T[] } | Unread> {
  // Importing the Kubernetes client costs half a second: only those pay who use a cluster.
  const [{ loadKubeConfig }, { createApiClient }, { listOnce }] = await Promise.all([
    import('../cluster/kube-config.ts'),
    import('../cluster/api-client.ts'),
    import('../cluster/list-once.ts'),
  ]);
  let api: ReturnType<typeof createApiClient>;
  try {
    api = createApiClient(loadKubeConfig({ file: kubeconfig, context }));
  } catch (error) {
    return { issues: [(error as Error).message], exitCode: EXIT.usage };
  }
  try {
    return { items: await listOnce(api, resource, TIMEOUT_MS) };
  } catch (error) {
    return { issues: [`cannot read ${resource.name}: ${wordsOf(error)}`], exitCode: EXIT.upstream };
  } finally {
    api.close();
  }
}

function wordsOf(error: unknown): string {
  const { name } = error as Error;
  const isLate = name === 'TimeoutError' || name === 'AbortError';
  return isLate ? `the API server does not answer within ${TIMEOUT_MS / 1000} s` : messageOf(error);
}
