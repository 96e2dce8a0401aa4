import assert from 'node:assert/strict';
import { type Logger, pino } from 'pino';
import { serviceNames } from '../../src/certs/authority.ts';
import { parseCertificates } from '../../src/certs/parsed-certificate.ts';
import { verifies } from '../../src/certs/trust.ts';
import type { Lifetimes } from '../../src/controllers/certificates/apply-action.ts';
import { createCertificatesController } from '../../src/controllers/certificates/controller.ts';
import type { Controller } from '../../src/controllers/manager.ts';
import { CONFIGURATIONS, createCertificateCluster, LEAF, NAMESPACE } from './certificate-cluster.ts';

export const START = Date.UTC(2026, 10, 22);
/** What lies between any two rounds, and between a change and its round: no time here. */
const REST_MS = 20;
export const HOSTS = serviceNames('gridgate', NAMESPACE);

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly action?: string;
  readonly reason?: string;
  readonly failure?: string;
  readonly missing?: string;
}

/** Controllers over a cluster in memory, and a clock that moves only while they pause. */
export function simulateCertificates({ lifetimes, intervalMs }: { lifetimes: Lifetimes; intervalMs: number }) {
  const cluster = createCertificateCluster();
  const logged: LogLine[] = [];
  const log: Logger = pino({ level: 'debug' }, { write: (text) => void logged.push(JSON.parse(text)) });
  let now = START;
  /** What the API server's clock says, which nobody sets back. */
  let latest = START;
  let served: { cert: string; key: string } | undefined;
  let before: { cert: string } | undefined;

  function createController(pause: (ms: number, signal: AbortSignal) => Promise<unknown>): Controller {
    const names = {
      namespace: NAMESPACE,
      hosts: HOSTS,
      secrets: { authority: 'gridgate-ca', leaf: 'gridgate-tls' },
      configurations: CONFIGURATIONS,
    };
    const { api, writer } = cluster;
    const clock = {
      now: () => now,
      pause: (ms: number, signal: AbortSignal) => (ms === REST_MS ? Promise.resolve() : pause(ms, signal)),
    };
    return createCertificatesController({ api, writer, names, lifetimes, log, now: () => now, intervalMs, clock });
  }

  /** One turn of a new leader; answers after how long it wants the next. */
  async function turn(): Promise<number> {
    const paused = Promise.withResolvers<number>();
    const controller = createController((ms) => {
      paused.resolve(ms);
      return new Promise((resolve) => setImmediate(resolve));
    });
    controller.start();
    const ms = await paused.promise;
    await controller.stop();
    takeOver();
    return ms;
  }

  /** What a replica does: it serves what fits together, and keeps it when the Secret is gone or damaged. */
  function takeOver(): void {
    const cert = cluster.read(LEAF, 'tls.crt') ?? '';
    const key = cluster.read(LEAF, 'tls.key') ?? '';
    const [leaf] = parseCertificates(cert);
    if (!leaf || cert === served?.cert) return;
    before = served;
    served = { cert, key };
  }

  /** The served certificate, and the one before it on a replica that is late, are accepted under these bundles. */
  function assertAccepted(bundles = cluster.bundles(), when = ''): void {
    for (const one of [served, before]) {
      const [leaf] = parseCertificates(one?.cert ?? '');
      if (!leaf || (one === before && leaf.notAfter <= latest)) continue;
      for (const bundle of bundles) {
        const reason = verifies(bundle, leaf.pem, HOSTS[0] ?? '', latest);
        assert.equal(
          reason,
          undefined,
          `${when} at ${new Date(now).toISOString()}, ${JSON.stringify(logged.slice(-8))}`,
        );
      }
    }
  }

  return {
    cluster,
    logged,
    createController,
    turn,
    assertAccepted,
    served: () => served,
    reads: cluster.reads,
    now: () => now,
    /** Moves the clock, also backwards. */
    pass: (ms: number) => {
      now += ms;
      latest = Math.max(latest, now);
    },
    actions: () => logged.flatMap(({ action }) => (action === undefined ? [] : [action])),
  };
}
