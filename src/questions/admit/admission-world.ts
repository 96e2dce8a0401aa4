import type { Environment } from '../../config/read-options.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Pod } from '../../decision/pod.ts';
import type { Mode } from '../../decision/policy.ts';
import type { VolumeTerms } from '../../decision/volume-terms.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { Issues } from '../../terminal/exit-codes.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { loadWorld } from '../../world/load-world.ts';
import { KILL_SWITCH, readModeCap } from '../../world/mode-cap.ts';
import { openCluster } from '../../world/open-cluster.ts';
import { standInRegions } from '../../world/stand-in-regions.ts';
import { type ChosenCluster, findCluster } from '../../world/which-cluster.ts';
import type { WorldFiles } from '../../world/world-files.ts';
import type { AdmitValues } from './options.ts';

/** What pods are decided by: of files, or of a cluster with the caller's own rights. */
export interface AdmissionWorld {
  readonly snapshot: Snapshot;
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly volumesOf: (namespace: string, pod: Pod) => readonly VolumeTerms[];
  /** The kill switch's. */
  readonly modeCap?: Mode | undefined;
  /** What is missing or went wrong, a sentence each. */
  readonly notes: readonly string[];
}

const NAMESPACES_MISSING =
  '--namespaces (GRIDGATE_NAMESPACES): is missing; give a file of Namespaces (and Nodes, NodePools, PriorityClasses): their annotations are the policy. For those of a cluster give --kubeconfig (GRIDGATE_KUBECONFIG)';
const TIMEOUT_MS = 60_000;

/** The cluster that is asked; `undefined` where files say it all, or there is none. */
export function clusterOf(values: AdmitValues, env: Environment): ChosenCluster | undefined {
  return findCluster(values, env);
}

/** Why nobody knows the policies; empty where somebody does. */
export function lacksPolicies({ namespaces }: AdmitValues, cluster: ChosenCluster | undefined): readonly string[] {
  return namespaces === undefined && !cluster ? [NAMESPACES_MISSING] : [];
}

/** Of files; the configuration's sources are asked once. */
export async function worldOfFiles(
  { regions, cluster, config }: WorldFiles,
  { policySignal, regionLabel }: AdmitValues,
  env: Environment,
): Promise<AdmissionWorld> {
  const standIn = regions ? undefined : standInRegions(cluster?.value.topology?.regions ?? []);
  const { failures, snapshot } = await takeSnapshot(
    { regions: regions?.value ?? standIn?.regions ?? [], config },
    { policySignal, regionLabel, ...cluster?.value },
    env,
  );
  return {
    snapshot,
    namespaces: cluster?.value.namespaces ?? new Map(),
    volumesOf: () => [],
    notes: [...(standIn ? [standIn.note] : []), ...failures],
  };
}

/** Of a cluster; with `onlyNamespace` rights in that one namespace suffice. */
export async function worldOfCluster(
  cluster: ChosenCluster,
  asked: { readonly files: WorldFiles; readonly values: AdmitValues; readonly onlyNamespace: string | undefined },
  env: Environment,
): Promise<AdmissionWorld | Issues> {
  const { files, values, onlyNamespace } = asked;
  const world = await loadWorld(files, values, env, { onlyNamespace });
  if ('issues' in world) return world;
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const deps = { api: opened.api, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const { cap, notes } = await readModeCap(deps, values.killSwitch ?? KILL_SWITCH).finally(opened.api.close);
  return { ...world, modeCap: cap, notes: [...world.notes, ...notes] };
}

/** Where objects go that name no namespace, as kubectl has it. */
export async function usualNamespace(cluster: ChosenCluster | undefined): Promise<string> {
  const opened = cluster && (await openCluster(cluster));
  if (!opened || 'issues' in opened) return 'default';
  opened.api.close();
  return opened.namespace ?? 'default';
}
