import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import { type Lease, type LeaseSpec, toMicroTime } from '../../cluster/lease.ts';
import { HEARTBEAT_LEASE } from '../../cluster/releaser-heartbeat.ts';
import type { Controller } from '../manager.ts';
import type { Clock } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';

const LEASE_SECONDS = 60;
const IDLE_MS = 10_000;
const ROUNDS = { name: 'releaser-heartbeat', resyncMs: 9_000, settleMs: 0, restMs: 1_000 } as const;

export interface HeartbeatDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'create' | 'replace'>;
  readonly namespace: string;
  readonly identity: string;
  /** Whether what waits would be let go when its time comes. */
  readonly isAlive: () => boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Renews the Lease every 10 s while `isAlive`; nobody else ever holds it, since only the leader writes. */
export function createHeartbeat(deps: HeartbeatDeps): Controller {
  const { api, writer, namespace, identity, isAlive, now, clock, log } = deps;
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${leases}/${HEARTBEAT_LEASE}`;

  function specOf(before: LeaseSpec | null | undefined): LeaseSpec {
    const time = toMicroTime(now());
    const isOwn = before?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: time,
      acquireTime: isOwn ? (before.acquireTime ?? time) : time,
      leaseTransitions: (before?.leaseTransitions ?? 0) + Number(before != null && !isOwn),
    };
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    if (!isAlive()) return 'done';
    const options = { accept: 'application/json', idleTimeoutMs: IDLE_MS, signal };
    const lease = (await getIfThere(api, path, options)) as Lease | undefined;
    const named = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    if (lease) await writer.replace(path, { ...named, ...lease, spec: specOf(lease.spec) });
    else
      await writer.create(leases, {
        ...named,
        metadata: { name: HEARTBEAT_LEASE, namespace },
        spec: specOf(undefined),
      });
    return 'done';
  }

  return createRounds({ ...ROUNDS, round, clock, log });
}
