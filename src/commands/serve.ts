import { ensureDevCertificate } from '../certs/dev-certificate.ts';
import { CertificateError, type KeyPair, type KeyPairFiles, loadKeyPair } from '../certs/key-pair.ts';
import { readConfigFile, type SourceConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import { createSnapshotHolder } from '../regions/snapshot-holder.ts';
import { createIntensityChain } from '../signals/intensity/chain.ts';
import { embeddedReading } from '../signals/intensity/embedded.ts';
import { createLog } from '../telemetry/log.ts';
import { createSourceTally } from '../telemetry/source-tally.ts';
import { certificateFromFiles } from './certificate-source.ts';
import { type ClusterSource, openClusterSource, openFileSource } from './cluster-source.ts';
import { EXIT, reportIssues } from './exit-codes.ts';
import { followFile } from './follow-file.ts';
import { createSources } from './live-sources.ts';
import { type ClusterFile, type FileContents, parseRegionsText, readCluster, readRegions } from './read-files.ts';
import { createRefresher } from './refresh-readings.ts';
import { runServers } from './run-servers.ts';
import type { ServeValues } from './serve-options.ts';

/** Options of which some may hold mistakes. */
type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What the options name, read and found in order. */
interface Inputs {
  readonly regionsPath: string;
  readonly regions: FileContents<readonly RegionResource[]>;
  /** Absent: a cluster says which namespaces there are. */
  readonly cluster?: FileContents<ClusterFile>;
  readonly sources: readonly SourceConfig[];
  readonly certificate: { readonly files: KeyPairFiles; readonly pair: KeyPair };
}

const CLUSTER_SHUTDOWN_DELAY_MS = 10_000;

/** Starts the webhook, which runs until SIGTERM or SIGINT; answers exit code 2 when options or files hold mistakes. */
export async function serve(values: ServeValues, env: Environment): Promise<number> {
  const read = await readInputs(values, env);
  if (!read.inputs) return reportIssues(read.issues);
  const { regionsPath, regions, cluster, certificate, sources } = read.inputs;

  const log = createLog({ level: values.logLevel });
  const { regionLabel, policySignal, namespaces = '' } = values;
  const holder = createSnapshotHolder({ regionLabel, policySignal, fallbackReading: embeddedReading }, Date.now);
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  const tally = createSourceTally();
  const chain = createIntensityChain({
    sources: createSources(sources, deps, env),
    policySignal,
    clock: Date.now,
    onRequest: tally.count,
  });
  const refresher = createRefresher({ chain, holder, log });
  const stopRegions = followFile({
    path: regionsPath,
    initial: regions,
    parse: (text) => parseRegionsText(text, regionsPath),
    accept(next) {
      holder.setRegions(next);
      if (sources.length > 0) refresher.follow(next);
    },
    log,
  });
  let source: ClusterSource;
  try {
    source = cluster
      ? openFileSource(namespaces, regionLabel, cluster, { holder, log })
      : await openClusterSource(values, { holder, log });
  } catch (error) {
    return reportIssues([(error as Error).message]);
  }
  const stop = async () => {
    stopRegions();
    refresher.stop();
    holder.stop();
    await source.stop();
  };
  try {
    const shutdownDelayMs = values.shutdownDelay ?? (cluster ? 0 : CLUSTER_SHUTDOWN_DELAY_MS);
    const served = certificateFromFiles(certificate.files, certificate.pair, log);
    await runServers({
      values,
      certificate: served,
      holder,
      source,
      sourceRequests: tally.read,
      log,
      stop,
      shutdownDelayMs,
    });
    return EXIT.fine;
  } catch (error) {
    return reportIssues([(error as Error).message]);
  }
}

/** The mistakes in what these options name: told together with mistakes in other options. */
export async function checkServe(values: Partial<ServeValues>, env: Environment): Promise<readonly string[]> {
  return (await readInputs({ ...values, certDir: undefined }, env)).issues;
}

async function readInputs(
  values: Maybe<ServeValues>,
  env: Environment,
): Promise<{ inputs?: Inputs; issues: readonly string[] }> {
  const { regions: regionsPath, namespaces, kubeconfig, regionLabel = '' } = values;
  const inCluster =
    kubeconfig !== undefined || (namespaces === undefined && env['KUBERNETES_SERVICE_HOST'] !== undefined);
  const issues: string[] = [];
  if (kubeconfig !== undefined && namespaces !== undefined)
    issues.push('--namespaces: means nothing beside --kubeconfig, which says where the namespaces are');
  if (!inCluster && namespaces === undefined)
    issues.push('--namespaces (GRIDGATE_NAMESPACES): is missing; outside a cluster give it or --kubeconfig');
  if (regionsPath === undefined)
    issues.push('--regions (GRIDGATE_REGIONS): is missing; give a file of Region resources');
  const regions = regionsPath === undefined ? undefined : await readRegions(regionsPath);
  const cluster = inCluster || namespaces === undefined ? undefined : await readCluster(namespaces, regionLabel);
  issues.push(...(regions?.issues ?? []), ...(cluster?.issues ?? []));
  const sources = await readSources(values.config, inCluster, issues);
  const certificate = await openCertificate(values, issues);
  if (issues.length > 0 || regionsPath === undefined || !regions || !certificate) return { issues };
  return { inputs: { regionsPath, regions, certificate, sources, ...(cluster && { cluster }) }, issues };
}

async function readSources(path: string | undefined, inCluster: boolean, issues: string[]): Promise<Inputs['sources']> {
  if (path === undefined) return [];
  const read = await readConfigFile(path);
  if ('issues' in read) {
    issues.push(...read.issues);
    return [];
  }
  const { sources } = read.config;
  if (inCluster && sources.length > 0)
    issues.push('--config: sources are asked by a stand-alone server only, until replicas of a cluster have a leader');
  return sources;
}

/** The pair that the options name, else the development certificate. */
async function openCertificate(
  { certFile, keyFile, certDir }: Maybe<ServeValues>,
  issues: string[],
): Promise<Inputs['certificate'] | undefined> {
  try {
    const given = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined;
    // One is made only for a server that is going to start.
    if (!given && (issues.length > 0 || certDir === undefined)) return undefined;
    const files = given ?? (await ensureDevCertificate({ dir: certDir ?? '', clock: Date.now }));
    return { files, pair: loadKeyPair(files) };
  } catch (error) {
    const hint = error instanceof CertificateError ? '' : `--cert-dir ${certDir}: `;
    issues.push(`${hint}${(error as Error).message}`);
    return undefined;
  }
}
