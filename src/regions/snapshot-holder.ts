import type { BandThresholds } from './band.ts';
import { buildSnapshot, nextChange, type SnapshotInput, supplyFor } from './build-snapshot.ts';
import type { NodeRules } from './node-rules.ts';
import type { ObservedRegion } from './observed-region.ts';
import { withNodes } from './picture.ts';
import type { Reading } from './reading.ts';
import type { Snapshot } from './snapshot.ts';

export interface SnapshotHolder {
  /** The picture of this moment; the same object until something changes. */
  current(): Snapshot;
  /** Replaces the regions with what the leader, where there is one, saw of them; other fixed values count as read now. */
  setRegions(regions: readonly ObservedRegion[]): void;
  /** Replaces what sources say, and the thresholds they make; a region that is not among them has its fallback. */
  setReadings(readings: ReadonlyMap<string, Reading>, thresholdsOf?: SnapshotInput['thresholdsOf']): void;
  /** Replaces what is known of nodes, of what brings them, and of PriorityClasses. */
  setCluster(cluster: Pick<SnapshotInput, 'topology' | 'priorityClasses' | 'nodePools' | 'nodeGroups'>): void;
  /** gCO2e/kWh, of regions whose band nobody else says. */
  setThresholds(thresholds: BandThresholds): void;
  setNodeRules(rules: NodeRules): void;
  stop(): void;
}

type Input = Omit<SnapshotInput, 'now'>;
type Fixed = Pick<Input, 'regionLabel' | 'policySignal' | 'fallbackReading' | 'thresholds' | 'nodeRules'>;

/** How long a jump of the clock may go unnoticed: timers count real time. */
const LOOK_MS = 10_000;

/** Holds the one current snapshot and replaces it as a whole; `onChange` hears of each new one. */
export function createSnapshotHolder(fixed: Fixed, clock: () => number, onChange = () => {}): SnapshotHolder {
  let input: Input = { ...fixed, regions: [], regionsReadAt: clock() };
  let snapshot = buildSnapshot({ ...input, now: clock() });
  let timer: NodeJS.Timeout | undefined;

  function change(next: Partial<Input>): void {
    input = { ...input, ...next };
    rebuild();
  }

  function rebuild(): void {
    const now = clock();
    const heldBands = new Map(
      snapshot.regions.flatMap(({ name, heldBand }) => (heldBand ? [[name, heldBand] as const] : [])),
    );
    snapshot = buildSnapshot({ ...input, supply: snapshot.supply, heldBands, now });
    const next = nextChange(input.regions, now) ?? Number.POSITIVE_INFINITY;
    wait(next - now, () => look(now, next));
    onChange();
  }

  /** Rebuilds when a change is due, or when the clock was set back to before the last build. */
  function look(builtAt: number, next: number): void {
    const now = clock();
    if (now >= next || now < builtAt) rebuild();
    else wait(next - now, () => look(builtAt, next));
  }

  function wait(ms: number, then: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(then, Math.min(ms, LOOK_MS)).unref();
  }

  return {
    current: () => snapshot,
    setRegions: (regions) => change({ regions, regionsReadAt: clock() }),
    setReadings(readings, thresholdsOf) {
      const fallbackReading = (region: string, gridZone: string | undefined) =>
        readings.get(region) ?? fixed.fallbackReading(region, gridZone);
      change({ fallbackReading, thresholdsOf });
    },
    setCluster(cluster) {
      const { priorityClasses } = input;
      input = { ...input, ...cluster };
      const supply = supplyFor({ ...input, supply: snapshot.supply });
      const ofNodes = input.priorityClasses === priorityClasses && withNodes(snapshot, input.topology, supply);
      if (!ofNodes) return rebuild();
      snapshot = ofNodes;
      onChange();
    },
    setThresholds: (thresholds) => change({ thresholds }),
    setNodeRules: (nodeRules) => change({ nodeRules }),
    stop: () => clearTimeout(timer),
  };
}
