import { ensureDevCertificate } from '../certs/dev-certificate.ts';
import { CertificateError, type KeyPair, type KeyPairFiles, loadKeyPair } from '../certs/key-pair.ts';
import { DEFAULT_CONFIG, type GridgateConfig, readConfigFile } from '../config/config-file.ts';
import { OPTIONS } from '../config/options.ts';
import type { Environment, Origins } from '../config/read-options.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import { createSnapshotHolder, type SnapshotHolder } from '../regions/snapshot-holder.ts';
import { embeddedReading } from '../signals/intensity/embedded.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createSourceTally, type SourceTally } from '../telemetry/source-tally.ts';
import { certificateFromFiles } from './certificate-source.ts';
import { openFileSource } from './cluster-source.ts';
import { EXIT, reportIssues } from './exit-codes.ts';
import { followFile } from './follow-file.ts';
import { createLiveConfig, type LiveConfig } from './live-config.ts';
import { printConfig } from './print-config.ts';
import { type ClusterFile, type FileContents, parseRegionsText, readCluster, readRegions } from './read-files.ts';
import { createStandAloneRefresher } from './refresh-readings.ts';
import { runServers, type Served } from './run-servers.ts';
import type { ServeValues } from './serve-options.ts';
import { sourceNames } from './status-facts.ts';

/** Options of which some may hold mistakes. */
type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What the options name, read and found in order. */
interface Inputs {
  /** Absent: a cluster has Region objects. */
  readonly regions?: { readonly path: string; readonly contents: FileContents<readonly RegionResource[]> };
  /** Absent: a cluster says which namespaces there are. */
  readonly cluster?: FileContents<ClusterFile>;
  readonly config: { readonly config: GridgateConfig; readonly text?: string };
  /** Absent: the cluster's Secret has it, or nobody needs one. */
  readonly certificate?: { readonly files: KeyPairFiles; readonly pair: KeyPair };
}

interface Beginning {
  readonly values: ServeValues;
  readonly env: Environment;
  readonly inputs: Inputs;
  readonly config: LiveConfig;
  readonly holder: SnapshotHolder;
  readonly tally: SourceTally;
  readonly log: Log;
}

const CLUSTER_SHUTDOWN_DELAY_MS = 10_000;

/** Starts webhook and controllers, which run until SIGTERM or SIGINT; answers exit code 2 when options or files hold mistakes. */
export async function serve(values: ServeValues, env: Environment, origins: Origins): Promise<number> {
  if (values.printConfig) return printConfig({ values, origins });
  const read = await readInputs(values, env);
  if (!read.inputs) return reportIssues(read.issues);
  const { inputs } = read;
  const log = createLog({ level: values.logLevel });
  let onConfig: Begun['onConfig'] = () => {};
  let onSnapshot = () => {};
  const config = createLiveConfig({
    path: values.config,
    initial: inputs.config,
    defaultRegion: values.defaultRegion,
    bands: values.bands,
    log,
    onChange(next, previous) {
      if (next.bands !== previous.bands) holder.setThresholds(next.bands.thresholds);
      onConfig(next, previous);
    },
  });
  const holder = createSnapshotHolder(
    {
      regionLabel: values.regionLabel,
      policySignal: values.policySignal,
      fallbackReading: embeddedReading,
      thresholds: inputs.config.config.bands.thresholds,
    },
    Date.now,
    () => onSnapshot(),
  );
  const beginning = { values, env, inputs, config, holder, tally: createSourceTally(), log };
  try {
    const served = inputs.cluster ? beginStandAlone(beginning, inputs.cluster) : await beginInCluster(beginning);
    onConfig = served.onConfig;
    onSnapshot = served.onSnapshot;
    const shutdownDelayMs = values.shutdownDelay ?? (inputs.cluster ? 0 : CLUSTER_SHUTDOWN_DELAY_MS);
    const stop = async () => {
      config.stop();
      holder.stop();
      await served.stop();
    };
    await runServers({
      ...served,
      values,
      config,
      holder,
      sourceRequests: beginning.tally.read,
      log,
      stop,
      shutdownDelayMs,
    });
    return EXIT.fine;
  } catch (error) {
    return reportIssues([(error as Error).message]);
  }
}

/** What feeds the servers, and what wants to hear of changes. */
type Begun = Omit<Served, 'stop'> & {
  readonly stop: () => Promise<void>;
  readonly onConfig: (next: GridgateConfig, previous: GridgateConfig) => void;
  readonly onSnapshot: () => void;
};

function beginStandAlone(beginning: Beginning, cluster: FileContents<ClusterFile>): Begun {
  const { values, env, inputs, config, holder, tally, log } = beginning;
  const refresher = createStandAloneRefresher({ config, env, policySignal: values.policySignal, tally, holder, log });
  const stopRegions = followRegions(beginning, refresher.follow);
  const source = openFileSource(values.namespaces ?? '', values.regionLabel, cluster, { holder, log });
  const { certificate } = inputs;
  return {
    source,
    askedSources: () => sourceNames(config.current()),
    ...(certificate && { certificate: certificateFromFiles(certificate.files, certificate.pair, log) }),
    onConfig: refresher.configChanged,
    onSnapshot: () => {},
    async stop() {
      stopRegions();
      refresher.stop();
      await source.stop();
    },
  };
}

async function beginInCluster(beginning: Beginning): Promise<Begun> {
  const { inputs, log } = beginning;
  // Importing the Kubernetes client costs 88 MB and half a second: only those pay who use a cluster.
  const { openReplica } = await import('./cluster-replica.ts');
  const { certificate } = inputs;
  const fromFiles = certificate && certificateFromFiles(certificate.files, certificate.pair, log);
  const replica = openReplica({ ...beginning, certificate: fromFiles });
  const stopRegions = followRegions(beginning, () => {});
  return {
    ...replica,
    onConfig: replica.configChanged,
    onSnapshot: replica.snapshotChanged,
    async stop() {
      stopRegions();
      await replica.source.stop();
    },
  };
}

/** Regions of a file, where there is one; `onRegions` hears of each version. */
function followRegions(
  { inputs: { regions }, holder, log }: Beginning,
  onRegions: (regions: readonly RegionResource[]) => void,
): () => void {
  if (!regions) return () => {};
  return followFile({
    path: regions.path,
    initial: regions.contents,
    parse: (text) => parseRegionsText(text, regions.path),
    accept(next) {
      holder.setRegions(next);
      onRegions(next);
    },
    log,
  });
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
  if (!inCluster && regionsPath === undefined)
    issues.push('--regions (GRIDGATE_REGIONS): is missing; outside a cluster give a file of Region resources');
  const contents = regionsPath === undefined ? undefined : await readRegions(regionsPath);
  const cluster = inCluster || namespaces === undefined ? undefined : await readCluster(namespaces, regionLabel);
  const config = values.config === undefined ? { config: DEFAULT_CONFIG } : await readConfigFile(values.config);
  const configIssues = 'issues' in config ? config.issues : [];
  issues.push(...(contents?.issues ?? []), ...(cluster?.issues ?? []), ...configIssues);
  const certificate = await openCertificate(values, inCluster, issues);
  if (issues.length > 0 || 'issues' in config) return { issues };
  return {
    inputs: {
      config,
      ...(regionsPath !== undefined && contents && { regions: { path: regionsPath, contents } }),
      ...(certificate && { certificate }),
      ...(cluster && { cluster }),
    },
    issues,
  };
}

/** The pair that the options name; else the development certificate, but in a cluster the one in its Secret. */
async function openCertificate(
  { certFile, keyFile, certDir }: Maybe<ServeValues>,
  inCluster: boolean,
  issues: string[],
): Promise<Inputs['certificate']> {
  try {
    const given = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined;
    // One is made only for a server that is going to start.
    if (!given && (issues.length > 0 || certDir === undefined)) return undefined;
    if (!given && inCluster && certDir === OPTIONS.certDir.default) return undefined;
    const files = given ?? (await ensureDevCertificate({ dir: certDir ?? '', clock: Date.now }));
    return { files, pair: loadKeyPair(files) };
  } catch (error) {
    const hint = error instanceof CertificateError ? '' : `--cert-dir ${certDir}: `;
    issues.push(`${hint}${(error as Error).message}`);
    return undefined;
  }
}
