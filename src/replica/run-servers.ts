import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { malformedPolicies } from '../controllers/policy-reporter/policy-metrics.ts';
import type { Mode } from '../decision/policy.ts';
import type { WaitingFacts } from '../decision/waiting.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { flushLog, type Log } from '../telemetry/log.ts';
import type { Metric } from '../telemetry/metric.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { regionMetrics } from '../telemetry/region-metrics.ts';
import type { SourceTally } from '../telemetry/source-tally.ts';
import { createPolicyFinder } from '../webhook/find-policy.ts';
import { createOperatorsApp } from '../webhook/operators-app.ts';
import type { StatusDeps } from '../webhook/page/status.ts';
import { createPolicyBook } from '../webhook/policy-book.ts';
import { createRecorder } from '../webhook/recorder.ts';
import { createBindingGuard } from '../webhook/review-binding.ts';
import { createWebhookApp, type ServedTls } from '../webhook/webhook-app.ts';
import type { CertificateSource } from './certificate-source.ts';
import type { ClientCa } from './client-ca.ts';
import type { ClusterSource } from './cluster-source.ts';
import type { LiveConfig } from './live-config.ts';
import type { ServeValues } from './serve-options.ts';
import { certificateTimes, reviewBodies, unreadSettings, watchIdle } from './server-metrics.ts';
import { absoluteThresholds, idleSeconds, rolesPlayed, settingProblems, sourceStatuses } from './status-facts.ts';
import { startWebhookServer } from './webhook-server.ts';

export interface Served {
  readonly source: ClusterSource;
  /** Absent: this replica answers no reviews. */
  readonly certificate?: CertificateSource | undefined;
  readonly modeCap?: (() => Mode | undefined) | undefined;
  /** What is known of waiting; absent: nothing waits. */
  readonly waitingFacts?: (() => WaitingFacts) | undefined;
  /** Why the kill switch is not as it was meant; absent where there is none. */
  readonly killSwitchProblem?: (() => string | undefined) | undefined;
  /** Absent where this replica does not run for the lease. */
  readonly isLeader?: (() => boolean) | undefined;
  readonly metrics: readonly Metric[];
  /** What waits for a cleaner hour; `undefined` while another replica leads. Absent where nobody makes anything wait. */
  readonly waiting?: StatusDeps['waiting'] | undefined;
  /** Sources of intensities that this replica asks; undefined while another does. */
  readonly askedSources: () => readonly string[] | undefined;
  readonly stop: () => Promise<void>;
}

interface Running extends Served {
  readonly values: ServeValues;
  readonly host: string;
  readonly config: LiveConfig;
  readonly holder: SnapshotHolder;
  readonly tally: SourceTally;
  readonly log: Log;
  /** How long to go on serving, not ready, after a signal. */
  readonly shutdownDelayMs: number;
  /** Where the operators' port listens unless `--metrics-host` says. */
  readonly operatorsHost: string;
  readonly clientCa: ClientCa | undefined;
}

/** What requests in flight get after the delay, before the process ends all the same. */
const DRAIN_MS = 10_000;

/** Listens on both ports and answers reviews until a signal ends the process. Rejects when a port is taken. */
export async function runServers(running: Running): Promise<void> {
  const { values, host, config, log, holder, source, certificate, isLeader } = running;
  const { modeCap, killSwitchProblem, waitingFacts } = running;
  let closing = false;
  const clock = Date.now;
  const book = createPolicyBook(
    config.rules,
    (namespace, mistakes) => log.warn({ namespace, mistakes }, 'malformed policy'),
    (namespace, excess) => log.warn({ namespace, excess }, 'policy beyond the limits, which count'),
  );
  const metrics = createMetrics({
    metrics: [
      ...regionMetrics(clock, holder.current),
      ...certificateTimes(() => webhook?.pair(), clock),
      watchIdle(source.lastEventAt, clock),
      running.tally.metric,
      ...running.metrics,
      // Counts the namespaces that were asked about, where no leader counts all.
      malformedPolicies(() => (certificate ? book.malformed(source.namespace) : undefined)),
      ...unreadSettings(config.problem, killSwitchProblem),
      ...reviewBodies(() => webhook?.bodies()),
    ],
  });
  const recorder = createRecorder({ log, clock, metrics });
  const create = (tls: ServedTls) =>
    createWebhookApp({
      tls,
      snapshot: holder.current,
      policies: createPolicyFinder(source, book, clock),
      rules: config.rules,
      bindings: createBindingGuard(source),
      volumes: source.volumesOf,
      modeCap,
      waiting: waitingFacts,
      recorder,
      log,
      countRejection: metrics.countRejection,
      clock,
      isClosing: () => closing,
    });
  const { clientCa } = running;
  const webhook = certificate && startWebhookServer({ certificate, create, clientCa, host, port: values.port, log });
  const operators = createOperatorsApp({
    renderMetrics: metrics.render,
    unready: () => [
      ...(closing ? ['shutting down'] : []),
      ...source.unready(),
      ...(webhook && !webhook.pair() ? ['there is no certificate yet'] : []),
      ...(certificate?.unready() ?? []),
    ],
    snapshot: holder.current,
    recent: recorder.recent,
    clock,
    roles: rolesPlayed(certificate !== undefined, isLeader !== undefined),
    ...(modeCap && { modeCap }),
    unreadSettings: () => settingProblems({ configFile: config.problem(), killSwitch: killSwitchProblem?.() }),
    ...(isLeader && { leader: isLeader }),
    certificateEnd: () => webhook?.pair()?.notAfter,
    sources: () => {
      const asked = running.askedSources();
      return asked && sourceStatuses(asked, running.tally.read());
    },
    ...(running.waiting && { waiting: running.waiting }),
    watches: () => idleSeconds(source.lastEventAt(), clock()),
    thresholds: () => absoluteThresholds(config.current()),
  });
  const close = async () => {
    await Promise.all([webhook?.close(), operators.close()]);
    await running.stop();
  };
  try {
    // Before anything is waited for: a signal ends a process with the id 1, as in a container, only where it is listened to, and the
    // first certificate may be long in coming.
    closeOnSignal(running, async () => {
      closing = true;
      await sleep(running.shutdownDelayMs);
      await close();
    });
    await operators.listen({ host: values.metricsHost ?? running.operatorsHost, port: values.metricsPort });
    const origin = await webhook?.listening;
    log.info({ webhook: origin, operators: operators.listeningOrigin }, 'listening');
    await flushLog(log);
  } catch (error) {
    if (closing) return;
    await close();
    throw error;
  }
}

/** Ends the process with 0 after a signal, with 1 after a fault or when requests in flight outlast their time. */
function closeOnSignal({ shutdownDelayMs, log }: Running, close: () => Promise<void>): void {
  const logger = { error: (fault: unknown) => log.error({ err: fault }, 'closing') };
  closeWithGrace({ delay: shutdownDelayMs + DRAIN_MS, logger, skip: ['beforeExit'] }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, 'closing after a fault');
    else log.info({ signal }, 'closing');
    await close();
    log.info('closed');
    await flushLog(log);
  });
}
