import type { ApiClient } from './api-client.ts';
import type { Lease } from './lease.ts';
import { followResource, type Reflector, type WatchLog } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

/** The Lease that is renewed for as long as what waits is let go. */
export const HEARTBEAT_LEASE = 'gridgate-releaser';

const ALIVE_MS = 60_000;

/** A heartbeat as this process saw it, on its own clock. */
export interface Heartbeat {
  readonly holder: string;
  readonly renewTime: string;
  /** When it was last seen, changed or not. */
  readonly seenAt: number;
  /** The last renewal is no older than this; absent where none was seen to happen. */
  readonly renewedSince?: number | undefined;
}

interface HeartbeatDeps {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly log: WatchLog;
  /** Milliseconds that only go forward. */
  readonly monotonicNow: () => number;
}

/**
 * What a heartbeat proves. Another process's clock counts for nothing: a renewal that is seen happened after the last time that the
 * Lease was seen without it.
 *
 * | the Lease                             | proves                                          |
 * | ------------------------------------- | ----------------------------------------------- |
 * | seen for the first time               | nothing                                         |
 * | as it was                             | nothing new                                     |
 * | with another time of renewal          | life, since it was last seen                    |
 * | of nobody                             | that nobody lets anything go                    |
 */
export function toHeartbeat({ spec }: Pick<Lease, 'spec'>, before: Heartbeat | undefined, seenAt: number): Heartbeat {
  const holder = spec?.holderIdentity ?? '';
  const renewTime = spec?.renewTime ?? '';
  const isRenewal = before !== undefined && holder !== '' && renewTime !== before.renewTime;
  return { holder, renewTime, seenAt, renewedSince: isRenewal ? before.seenAt : before?.renewedSince };
}

export function provesLife(heartbeat: Heartbeat | undefined, now: number): boolean {
  const { holder = '', renewedSince } = heartbeat ?? {};
  return holder !== '' && renewedSince !== undefined && now - renewedSince < ALIVE_MS;
}

/** Follows the heartbeat of whoever lets go what waits; RBAC can grant the watch by resourceName. */
export function followHeartbeat(deps: HeartbeatDeps): Reflector & { isAlive(): boolean } {
  const { api, namespace, log, monotonicNow } = deps;
  const resource: WatchedResource<Heartbeat> = {
    name: 'releaser-heartbeat',
    path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
    content: 'full',
    fieldSelector: `metadata.name=${HEARTBEAT_LEASE}`,
    project: (lease, before) => toHeartbeat(lease as Lease, before, monotonicNow()),
    differs: () => false,
  };
  const followed = followResource({ api, resource, log, onChange: () => {} });
  return {
    ...followed,
    isAlive() {
      const [heartbeat] = followed.values();
      return provesLife(heartbeat, monotonicNow());
    },
  };
}
