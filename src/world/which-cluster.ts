import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { OPTIONS } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';

/** A cluster that is to be asked. */
export interface ChosenCluster {
  /** Kubeconfig files, merged as kubectl merges them; none: the service account of the pod we run in. */
  readonly kubeconfigs: readonly string[];
  /** A context of theirs; their current one otherwise. */
  readonly context?: string | undefined;
}

interface Given {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespaces?: string | undefined;
  readonly regions?: string | undefined;
}

/**
 * The cluster that a command asks, found as kubectl finds it. Only files that would say the same count: questions about regions
 * leave out those of namespaces.
 *
 * | --kubeconfig | files | $KUBECONFIG | ~/.kube/config | in a pod | asked                |
 * | ------------ | ----- | ----------- | -------------- | -------- | -------------------- |
 * | given        | any   | any         | any            | any      | the option's         |
 * | -            | given | any         | any            | any      | none                 |
 * | -            | -     | set         | any            | any      | the variable's       |
 * | -            | -     | -           | there          | any      | that file's          |
 * | -            | -     | -           | -              | yes      | the one we run in    |
 * | -            | -     | -           | -              | no       | none                 |
 */
export function findCluster(given: Given, env: Environment): ChosenCluster | undefined {
  const { kubeconfig, context, namespaces, regions } = given;
  const isSaid = kubeconfig !== undefined || namespaces !== undefined || regions !== undefined;
  const kubeconfigs = isSaid ? [] : ambientKubeconfigs(env);
  return kubeconfigs.length > 0 ? { kubeconfigs, context } : findOwnCluster(given, env);
}

/** The same for those who work with a cluster only when told to, or inside of it: nobody's default kubeconfig is read. */
export function findOwnCluster(
  { kubeconfig, context, namespaces, regions }: Given,
  env: Environment,
): ChosenCluster | undefined {
  if (kubeconfig !== undefined) return { kubeconfigs: [kubeconfig], context };
  const areFiles = namespaces !== undefined || regions !== undefined;
  return !areFiles && isInPod(env) ? { kubeconfigs: [], context } : undefined;
}

/** Whether we run in a pod ourselves. */
export function isInPod(env: Environment): boolean {
  return env['KUBERNETES_SERVICE_HOST'] !== undefined;
}

/** As kubectl has it, files of a list that are not there are passed over; where none is, the first is answered for. */
function ambientKubeconfigs(env: Environment): readonly string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    const there = listed.filter((file) => existsSync(file));
    return there.length > 0 ? there : listed.slice(0, 1);
  }
  const home = env['HOME'] || env['USERPROFILE'];
  const usual = home ? join(home, '.kube', 'config') : undefined;
  return usual !== undefined && existsSync(usual) ? [usual] : [];
}

/**
 * Of a command that asks no cluster: a context beside files would look as if its cluster had been read. One in the environment is
 * there for other commands too.
 */
export function strayContext(
  { context, kubeconfig }: Given,
  cluster: ChosenCluster | undefined,
  env: Environment,
): readonly string[] {
  const isGiven = context !== undefined && context !== env[OPTIONS.context.env];
  return isGiven && kubeconfig === undefined && !cluster
    ? ['--context: means nothing here without --kubeconfig: files say what there is, and no cluster is asked']
    : [];
}

/** What is missing, in words, with all ways to name a cluster. */
export function lacksCluster(missing: string, { regions, namespaces }: Given): string {
  const files = [
    ...(regions === undefined ? [] : ['--regions']),
    ...(namespaces === undefined ? [] : ['--namespaces']),
  ];
  const ambient =
    files.length === 0
      ? 'or KUBECONFIG, or have a ~/.kube/config'
      : `(beside ${files.join(' and ')} neither KUBECONFIG nor ~/.kube/config is read)`;
  return `${missing}: give --kubeconfig (GRIDGATE_KUBECONFIG) ${ambient}`;
}
