import type { LiveRegion } from '../../cluster/regions.ts';

export interface WrittenRegions {
  /** The regions of the view, those that it shows as they were before a write of ours as they are after it. */
  current(seen: readonly LiveRegion[]): readonly LiveRegion[];
  /** After a write to `from` that made `to` of it. */
  written(from: LiveRegion, to: LiveRegion): void;
}

interface Written {
  /** The versions that our writes have ended. */
  readonly ended: ReadonlySet<string>;
  readonly region: LiveRegion;
}

/** Reads our own writes, so that a view that lags behind neither has them written twice nor makes the next one a 409. */
export function createWrittenRegions(): WrittenRegions {
  let latest = new Map<string, Written>();
  return {
    current(seen) {
      const kept = new Map<string, Written>();
      const regions = seen.map((region) => {
        const own = latest.get(region.metadata.name);
        if (!own?.ended.has(region.metadata.resourceVersion)) return region;
        kept.set(region.metadata.name, own);
        return own.region;
      });
      latest = kept;
      return regions;
    },
    written(from, to) {
      const { name, resourceVersion } = from.metadata;
      if (to.metadata.resourceVersion === resourceVersion) return; // nothing changed, so no event will come
      const ended = new Set([...(latest.get(name)?.ended ?? []), resourceVersion]);
      latest.set(name, { ended, region: to });
    },
  };
}
