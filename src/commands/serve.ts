import type { GridgateConfig } from '../config/config-file.ts';
import { longFlag } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import type { Environment, Origins } from '../config/read-options.ts';
import { unenforceablePolicies } from '../controllers/policy-reporter/policy-metrics.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import { createSnapshotHolder, type SnapshotHolder } from '../regions/snapshot-holder.ts';
import { anyAddress } from '../replica/any-address.ts';
import { certificateFromFiles } from '../replica/certificate-source.ts';
import { openFileSource } from '../replica/cluster-source.ts';
import { followFile } from '../replica/follow-file.ts';
import { createNamespaceJudge } from '../replica/judge-namespaces.ts';
import { createLiveConfig, type LiveConfig } from '../replica/live-config.ts';
import { createStandAloneRefresher } from '../replica/refresh-readings.ts';
import { runServers, type Served } from '../replica/run-servers.ts';
import { type Inputs, readInputs } from '../replica/serve-inputs.ts';
import type { ServeValues } from '../replica/serve-options.ts';
import { sourceNames } from '../replica/status-facts.ts';
import { embeddedReading } from '../sources/intensity/embedded.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createLogOutput, droppedLines } from '../telemetry/log-output.ts';
import { prettyOutput } from '../telemetry/pretty-log.ts';
import { createSourceTally, type SourceTally } from '../telemetry/source-tally.ts';
import { EXIT, reportIssues } from '../terminal/exit-codes.ts';
import { type ClusterFile, type FileContents, parseRegionsText } from '../world/read-files.ts';
import { printConfig } from './print-config.ts';

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
const LOOPBACK = '127.0.0.1';
const OUTPUT_OF_NOTHING = '--output: needs --print-config; a server prints its log alone (--log-format)';

/** Starts webhook and controllers, which run until SIGTERM or SIGINT; answers exit code 2 when options or files hold mistakes. */
export async function serve(values: ServeValues, env: Environment, origins: Origins): Promise<number> {
  if (values.printConfig) return printConfig({ values, origins });
  if (origins.output === longFlag(OPTIONS.output.flags)) return reportIssues([OUTPUT_OF_NOTHING]);
  const read = await readInputs(values, env);
  if (!read.inputs) return reportIssues(read.issues);
  const { inputs } = read;
  const { files, clientCa } = inputs;
  const output = createLogOutput();
  // A log is read in terminals, and the names in it are anybody's.
  const destination = values.logFormat === 'pretty' ? await prettyOutput(output) : output;
  const log = createLog({ level: values.logLevel, destination });
  let onConfig: Begun['onConfig'] = () => {};
  let onSnapshot = () => {};
  let onProblem = () => {};
  const config = createLiveConfig({
    path: values.config,
    initial: { config: files.config, text: files.configText },
    defaultRegion: values.defaultRegion,
    bands: values.bands,
    taintNodes: values.taintNodes,
    log,
    onProblem: () => onProblem(),
    onChange(next, previous) {
      if (next.bands !== previous.bands) holder.setThresholds(next.bands.thresholds);
      if (next.nodes !== previous.nodes) holder.setNodeRules(next.nodes);
      onConfig(next, previous);
    },
  });
  const holder = createSnapshotHolder(
    {
      regionLabel: values.regionLabel,
      policySignal: values.policySignal,
      fallbackReading: embeddedReading,
      thresholds: files.config.bands.thresholds,
      nodeRules: config.current().nodes,
    },
    Date.now,
    () => onSnapshot(),
  );
  const beginning = { values, env, inputs, config, holder, tally: createSourceTally(), log };
  try {
    const served = files.cluster ? beginStandAlone(beginning, files.cluster) : await beginInCluster(beginning);
    onConfig = served.onConfig;
    onSnapshot = served.onSnapshot;
    onProblem = served.onProblem;
    const shutdownDelayMs = values.shutdownDelay ?? (files.cluster ? 0 : CLUSTER_SHUTDOWN_DELAY_MS);
    const stop = async () => {
      config.stop();
      holder.stop();
      await served.stop();
    };
    const host = values.host ?? (await anyAddress());
    await runServers({
      ...served,
      metrics: [...served.metrics, droppedLines(output)],
      values,
      host,
      config,
      holder,
      tally: beginning.tally,
      log,
      stop,
      shutdownDelayMs,
      // Outside a cluster no NetworkPolicy stands before it.
      operatorsHost: files.cluster ? LOOPBACK : host,
      clientCa,
    });
    return EXIT.fine;
  } catch (error) {
    return reportIssues([(error as Error).message]);
  }
}

/** What feeds the servers, and what wants to hear of changes. */
type Begun = Served & {
  readonly onConfig: (next: GridgateConfig, previous: GridgateConfig) => void;
  readonly onSnapshot: () => void;
  readonly onProblem: () => void;
};

function beginStandAlone(beginning: Beginning, cluster: FileContents<ClusterFile>): Begun {
  const { values, env, inputs, config, holder, tally, log } = beginning;
  const refresher = createStandAloneRefresher({ config, env, policySignal: values.policySignal, tally, holder, log });
  const stopRegions = followRegions(beginning, refresher.follow);
  const source = openFileSource(values.namespaces ?? '', values.regionLabel, cluster, { holder, log });
  const judge = createNamespaceJudge({ view: source, config, holder, modeCap: () => undefined, clock: Date.now });
  const { certificate } = inputs;
  return {
    source,
    askedSources: () => sourceNames(config.current()),
    metrics: [
      unenforceablePolicies(() => [...source.namespaces()].filter(judge.unenforceableOf).map(({ name }) => name)),
    ],
    ...(certificate && { certificate: certificateFromFiles(certificate.files, certificate.pair, log) }),
    onConfig: refresher.configChanged,
    onSnapshot: () => {},
    onProblem: () => {},
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
  const { openReplica } = await import('../replica/cluster-replica.ts');
  const { certificate } = inputs;
  const fromFiles = certificate && certificateFromFiles(certificate.files, certificate.pair, log);
  const replica = openReplica({ ...beginning, certificate: fromFiles });
  const stopRegions = followRegions(beginning, () => {});
  return {
    ...replica,
    onConfig: replica.configChanged,
    onSnapshot: replica.snapshotChanged,
    onProblem: replica.problemChanged,
    async stop() {
      stopRegions();
      await replica.source.stop();
    },
  };
}

/** Regions of a file, where there is one; `onRegions` hears of each version. */
function followRegions(
  { values: { regions: path = '' }, inputs, holder, log }: Beginning,
  onRegions: (regions: readonly RegionResource[]) => void,
): () => void {
  const { regions } = inputs.files;
  if (!regions) return () => {};
  return followFile({
    path,
    initial: regions,
    parse: (text) => parseRegionsText(text, path),
    accept(next) {
      holder.setRegions(next);
      onRegions(next);
    },
    log,
  });
}
