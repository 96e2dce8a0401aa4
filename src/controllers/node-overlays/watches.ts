import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import { NO_OVERLAYS, NODE_OVERLAYS } from '../../cluster/node-overlays.ts';
import { followNow } from '../../cluster/reflector.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';

/** NodeOverlays, as the API server shows them from the first list on. */
export interface OverlayWatch {
  overlays(): Iterable<NodeOverlayFacts>;
  overlay(name: string): NodeOverlayFacts | undefined;
  /** Whether all were listed, and the cluster knows NodeOverlays. */
  isReady(): boolean;
  lastEventAt(): LastEvents;
  stop(): Promise<void>;
}

export interface WatchDeps {
  readonly api: ApiClient;
  readonly log: Logger;
  readonly onChange: () => void;
}

/** Follows NodeOverlays; a cluster may not know them, and get to know them later. */
export function watchOverlays({ api, log, onChange }: WatchDeps): OverlayWatch {
  const overlays = followNow({ api, resource: NODE_OVERLAYS, log, onChange });
  return {
    overlays: overlays.values,
    overlay: overlays.get,
    isReady: () => overlays.synced() && overlays.failure() !== NO_OVERLAYS,
    lastEventAt: overlays.lastEvents,
    stop: overlays.stop,
  };
}
