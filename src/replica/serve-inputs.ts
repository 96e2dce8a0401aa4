import { ensureDevCertificate } from '../certs/dev-certificate.ts';
import { CertificateError, type KeyPair, type KeyPairFiles, loadKeyPair } from '../certs/key-pair.ts';
import { OPTIONS } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import { findOwnCluster, isInPod, strayContext } from '../world/which-cluster.ts';
import { readWorldFiles, type WorldFiles } from '../world/world-files.ts';
import { switchedOn } from './capacity-options.ts';
import { type ClientCa, readClientCa } from './client-ca.ts';
import type { ServeValues } from './serve-options.ts';

/** Options of which some may hold mistakes. */
type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined };

export interface Inputs {
  /** Without regions a cluster has Region objects; without a cluster's file a cluster says which namespaces there are. */
  readonly files: WorldFiles;
  /** Absent: the cluster's Secret has it, or nobody needs one. */
  readonly certificate?: { readonly files: KeyPairFiles; readonly pair: KeyPair };
  /** Absent: callers need no certificate. */
  readonly clientCa?: ClientCa;
}

/** The mistakes in what these options name: told together with mistakes in other options. */
export async function checkServe(values: Partial<ServeValues>, env: Environment): Promise<readonly string[]> {
  return (await readInputs({ ...values, certDir: undefined }, env)).issues;
}

/** Reads everything that the options name; on mistakes answers every one, a sentence each. */
export async function readInputs(
  values: Maybe<ServeValues>,
  env: Environment,
): Promise<{ inputs?: Inputs; issues: readonly string[] }> {
  // Regions may come from a file all the same.
  const { kubeconfig } = values;
  const cluster = findOwnCluster({ kubeconfig, namespaces: values.namespaces }, env);
  const inCluster = cluster !== undefined;
  const issues = [...misfits(values, inCluster), ...strayContext(values, cluster, env)];
  const namespaces = inCluster ? undefined : values.namespaces;
  const files = await readWorldFiles({ ...values, namespaces, mayLackConfig: isInPod(env) });
  issues.push(...files.issues);
  const clientCa = values.clientCa === undefined ? undefined : await readClientCa(values.clientCa);
  if (clientCa && 'issue' in clientCa) issues.push(`--client-ca: ${clientCa.issue}`);
  const certificate = await openCertificate(values, inCluster, issues);
  if (issues.length > 0) return { issues };
  return { inputs: { files, ...certificate, ...(clientCa && 'pem' in clientCa && { clientCa }) }, issues };
}

function misfits(values: Maybe<ServeValues>, inCluster: boolean): readonly string[] {
  const { regions, namespaces, kubeconfig } = values;
  const issues: string[] = [...contradictions(values)];
  if (!inCluster)
    for (const flag of switchedOn(values).keys())
      issues.push(`${flag}: needs a cluster, and there is none: run in one, or name it with --kubeconfig`);
  if (kubeconfig !== undefined && namespaces !== undefined)
    issues.push('--namespaces: means nothing beside --kubeconfig, which says where the namespaces are');
  if (!inCluster && namespaces === undefined)
    issues.push('--namespaces (GRIDGATE_NAMESPACES): is missing; outside a cluster give it or --kubeconfig');
  if (!inCluster && regions === undefined)
    issues.push('--regions (GRIDGATE_REGIONS): is missing; outside a cluster give a file of Region resources');
  return issues;
}

/** What RegionalAutoscalers leave open has to fit together, as what they say. */
function contradictions(values: Maybe<ServeValues>): readonly string[] {
  const { minReplicas: min = 0, maxReplicas: max = Number.POSITIVE_INFINITY } = values;
  const { scaleDownThreshold: down = 0, scaleUpThreshold: up = Number.POSITIVE_INFINITY } = values;
  return [
    ...(min > max ? [`--min-replicas: ${min} is above --max-replicas, ${max}`] : []),
    ...(down >= up ? [`--scale-down-threshold: ${down} is not below --scale-up-threshold, ${up}`] : []),
  ];
}

/** The pair that the options name; else the development certificate, but in a cluster the one in its Secret. */
async function openCertificate(
  { certFile, keyFile, certDir }: Maybe<ServeValues>,
  inCluster: boolean,
  issues: string[],
): Promise<Pick<Inputs, 'certificate'>> {
  try {
    const given = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined;
    // One is made only for a server that is going to start.
    if (!given && (issues.length > 0 || certDir === undefined)) return {};
    if (!given && inCluster && certDir === OPTIONS.certDir.default) return {};
    const files = given ?? (await ensureDevCertificate({ dir: certDir ?? '', clock: Date.now }));
    return { certificate: { files, pair: loadKeyPair(files) } };
  } catch (error) {
    const hint = error instanceof CertificateError ? '' : `--cert-dir ${certDir}: `;
    issues.push(`${hint}${(error as Error).message}`);
    return {};
  }
}
