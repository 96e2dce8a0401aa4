import type { Band, HeldBand } from './band.ts';
import type { NodeSupply } from './node-supply.ts';
import type { Reading, Signal } from './reading.ts';
import type { ForecastPoint } from './region-status.ts';
import type { Topology } from './topology.ts';

export interface Outage {
  readonly active: boolean;
  readonly reason?: string;
  /** Who says so: `manual`, `prometheus`, ... */
  readonly sources: readonly string[];
}

export interface RegionView {
  readonly name: string;
  readonly reading?: Reading;
  readonly band?: Band;
  /** How the band of a measured region is held, for the next snapshot. */
  readonly heldBand?: HeldBand;
  readonly outage?: Outage;
  /** Earliest first; decisions do not read it. */
  readonly forecast?: readonly ForecastPoint[];
  /** Milliseconds from a home region to this one. */
  readonly latencyMs: ReadonlyMap<string, number>;
  readonly pricePerHour?: number;
  /** May scale from no nodes. */
  readonly elastic: boolean;
  /** Its Region says that it may not: no node comes there, whoever else might bring one. */
  readonly isClosed?: true;
}

/** The PriorityClasses that exist; absent from a snapshot when nobody told. */
export interface PriorityClasses {
  readonly names: ReadonlySet<string>;
  readonly globalDefault?: string;
}

/** An immutable picture of all regions and nodes; a request reads exactly one. */
export interface Snapshot {
  /** Epoch milliseconds. */
  readonly takenAt: number;
  /** The node label that names a region. */
  readonly regionLabel: string;
  /** Readings of another signal count as unknown for ceilings, bands and ranking. */
  readonly policySignal: Signal;
  /** Sorted by name. */
  readonly regions: readonly RegionView[];
  readonly byName: ReadonlyMap<string, RegionView>;
  /** Absent: nothing is known of nodes. */
  readonly topology?: Topology;
  /** What nodes may come; absent where nobody looked. */
  readonly supply?: NodeSupply;
  /** Bands whose taint some node carries or may come to carry; absent where nodes are not known. */
  readonly taintedBands?: ReadonlySet<Band>;
  /** Keys of taints that go away by themselves when a node has started: they keep nothing away. */
  readonly startupTaints?: readonly string[];
  readonly priorityClasses?: PriorityClasses;
}

/** What regions are judged by: a snapshot without its single nodes. */
export interface Picture extends Omit<Snapshot, 'topology' | 'startupTaints'> {
  readonly topology?: Pick<Topology, 'regions'>;
}
