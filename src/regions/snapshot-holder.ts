import type { BandThresholds } from './band.ts';
import { buildSnapshot, nextChange, type SnapshotInput } from './build-snapshot.ts';
import type { ObservedRegion } from './observed-region.ts';
import type { Reading } from './reading.ts';
import type { Snapshot } from './snapshot.ts';

export interface SnapshotHolder {
  /** The picture of this moment; the same object until something changes. */
  current(): Snapshot;
  /** Replaces the regions with what the leader, where there is one, saw of them; other fixed values count as read now. */
  setRegions(regions: readonly ObservedRegion[]): void;
  /** Replaces what sources say; a region that is not among them has its fallback. */
  setReadings(readings: ReadonlyMap<string, Reading>): void;
  /** Replaces what is known of nodes and PriorityClasses. */
  setCluster(cluster: Pick<SnapshotInput, 'topology' | 'priorityClasses'>): void;
  /** gCO2e/kWh, of regions whose band nobody else says. */
  setThresholds(thresholds: BandThresholds): void;
  stop(): void;
}

type Fixed = Pick<SnapshotInput, 'regionLabel' | 'policySignal' | 'fallbackReading' | 'thresholds'>;

/** setTimeout waits at most this long. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Holds the one current snapshot and replaces it as a whole; `onChange` hears of each new one. */
export function createSnapshotHolder(fixed: Fixed, clock: () => number, onChange = () => {}): SnapshotHolder {
  let input: Omit<SnapshotInput, 'now'> = { ...fixed, regions: [], regionsReadAt: clock() };
  let snapshot = buildSnapshot({ ...input, now: clock() });
  let timer: NodeJS.Timeout | undefined;

  function rebuild(): void {
    const now = clock();
    const heldBands = new Map(
      snapshot.regions.flatMap(({ name, heldBand }) => (heldBand ? [[name, heldBand] as const] : [])),
    );
    snapshot = buildSnapshot({ ...input, heldBands, now });
    clearTimeout(timer);
    const next = nextChange(input.regions, now);
    if (next !== undefined) timer = setTimeout(rebuild, Math.min(next - now, LONGEST_TIMER_MS)).unref();
    onChange();
  }

  return {
    current: () => snapshot,
    setRegions(regions) {
      input = { ...input, regions, regionsReadAt: clock() };
      rebuild();
    },
    setReadings(readings) {
      const fallbackReading = (region: string, gridZone: string | undefined) =>
        readings.get(region) ?? fixed.fallbackReading(region, gridZone);
      input = { ...input, fallbackReading };
      rebuild();
    },
    setCluster(cluster) {
      input = { ...input, ...cluster };
      rebuild();
    },
    setThresholds(thresholds) {
      input = { ...input, thresholds };
      rebuild();
    },
    stop: () => clearTimeout(timer),
  };
}
