import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { joinLastEvents, type LastEvents } from '../../cluster/last-events.ts';
import { NO_OVERLAYS, NODE_OVERLAYS } from '../../cluster/node-overlays.ts';
import { NODE_POOLS } from '../../cluster/node-pools.ts';
import { followResource } from '../../cluster/reflector.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { NodePoolFacts } from '../../regions/node-pool.ts';

/** What Karpenter goes by, as the API server shows it from the first list on. */
export interface KarpenterWatch {
  overlays(): Iterable<NodeOverlayFacts>;
  overlay(name: string): NodeOverlayFacts | undefined;
  pools(): Iterable<NodePoolFacts>;
  /** Whether all of it was listed, and the cluster knows NodeOverlays. */
  isReady(): boolean;
  lastEventAt(): LastEvents;
  stop(): Promise<void>;
}

export interface WatchDeps {
  readonly api: ApiClient;
  readonly log: Logger;
  readonly onChange: () => void;
}

/** Follows NodeOverlays and NodePools; a cluster may know neither, and get to know them later. */
export function watchKarpenter({ api, log, onChange }: WatchDeps): KarpenterWatch {
  const overlays = followResource({ api, resource: NODE_OVERLAYS, log, onChange });
  const pools = followResource({ api, resource: { ...NODE_POOLS, name: 'overlaid-nodepools' }, log, onChange });
  const all = [overlays, pools];
  // Rejected only when stopped before the first list.
  for (const one of all) one.start().then(onChange, () => {});
  return {
    overlays: overlays.values,
    overlay: overlays.get,
    pools: pools.values,
    isReady: () => all.every((one) => one.synced()) && overlays.failure() !== NO_OVERLAYS,
    lastEventAt: () => joinLastEvents(all.map((one) => one.lastEvents())),
    stop: async () => void (await Promise.all(all.map((one) => one.stop()))),
  };
}
