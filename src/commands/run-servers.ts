import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { findExpiry, type KeyPair, type KeyPairFiles } from '../certs/key-pair.ts';
import { watchKeyPair } from '../certs/watch-key-pair.ts';
import type { PolicyDefaults } from '../decision/policy-annotations.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { flushLog, type Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { SourceRequests } from '../telemetry/source-tally.ts';
import { createPolicyFinder } from '../webhook/find-policy.ts';
import { createOperatorsApp } from '../webhook/operators-app.ts';
import { createPolicyBook } from '../webhook/policy-book.ts';
import { createRecorder } from '../webhook/recorder.ts';
import { createBindingGuard } from '../webhook/review-binding.ts';
import { createWebhookApp, type WebhookApp } from '../webhook/webhook-app.ts';
import type { ClusterSource } from './cluster-source.ts';
import type { ServeValues } from './serve-options.ts';

interface Running {
  readonly values: ServeValues;
  readonly certificate: { readonly files: KeyPairFiles; readonly pair: KeyPair };
  readonly holder: SnapshotHolder;
  readonly source: ClusterSource;
  readonly sourceRequests: () => readonly SourceRequests[];
  readonly log: Log;
  /** Stops what feeds the servers. */
  readonly stop: () => Promise<void>;
  /** How long to go on serving, not ready, after a signal. */
  readonly shutdownDelayMs: number;
}

/** What requests in flight get after the delay, before the process ends all the same. */
const DRAIN_MS = 10_000;

/** Listens on both ports and answers reviews until a signal ends the process. Rejects when a port is taken. */
export async function runServers(running: Running): Promise<void> {
  const { values, log, holder, source } = running;
  let closing = false;
  let { pair } = running.certificate;
  const clock = Date.now;
  const { defaultRegion } = values;
  const policyDefaults: PolicyDefaults = defaultRegion === undefined ? {} : { homeRegion: defaultRegion };
  const book = createPolicyBook(policyDefaults, (namespace, mistakes) =>
    log.warn({ namespace, mistakes }, 'malformed policy'),
  );
  const metrics = createMetrics({
    clock,
    sources: {
      snapshot: holder.current,
      certificateNotAfter: () => pair.notAfter,
      watchLastEventAt: source.lastEventAt,
      sourceRequests: running.sourceRequests,
      malformedPolicies: () => book.malformed(source.namespace),
    },
  });
  const recorder = createRecorder({ log, clock, metrics });
  const webhook = createWebhookApp({
    tls: pair,
    snapshot: holder.current,
    policies: createPolicyFinder(source, book, clock),
    policyDefaults,
    bindings: createBindingGuard(source.pendingPod),
    recorder,
    clock,
    isClosing: () => closing,
  });
  const operators = createOperatorsApp({
    renderMetrics: metrics.render,
    unready: () => [...(closing ? ['shutting down'] : []), ...source.unready()],
    snapshot: holder.current,
    recent: recorder.recent,
    clock,
  });
  const stopWatching = serveNewCertificates(running, webhook, (next) => {
    pair = next;
  });
  const close = async () => {
    stopWatching();
    await Promise.all([webhook.close(), operators.close()]);
    await running.stop();
  };
  try {
    await webhook.listen({ host: values.host, port: values.port });
    await operators.listen({ host: values.metricsHost ?? values.host, port: values.metricsPort });
  } catch (error) {
    await close();
    throw error;
  }
  closeOnSignal(running, async () => {
    closing = true;
    await sleep(running.shutdownDelayMs);
    await close();
  });
  log.info({ webhook: webhook.listeningOrigin, operators: operators.listeningOrigin }, 'listening');
  await flushLog(log);
}

/** Serves a renewed certificate from the next handshake on; connections and requests in flight do not notice. */
function serveNewCertificates(
  { certificate: { files, pair }, log }: Running,
  webhook: WebhookApp,
  onRenewed: (pair: KeyPair) => void,
): () => void {
  const expiry = findExpiry(pair, Date.now(), files.certFile);
  if (expiry) log.error({ err: expiry }, 'certificate');
  return watchKeyPair({
    ...files,
    current: pair,
    clock: Date.now,
    onChange(next) {
      webhook.server.setSecureContext({ cert: next.cert, key: next.key, minVersion: 'TLSv1.3' });
      onRenewed(next);
      log.info(
        { fingerprint: next.fingerprint, notAfter: new Date(next.notAfter).toISOString() },
        'certificate reloaded',
      );
    },
    onError: (error) => log.error({ err: error }, 'certificate'),
  });
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
