import { compareText } from '../units/compare-text.ts';
import type { GroupFacts } from './autoscaling.ts';
import { BANDS, type Band, type BandThresholds, bandOf, type HeldBand, nextBand } from './band.ts';
import type { NodePoolFacts } from './node-pool.ts';
import { NO_NODE_RULES, type NodeRules } from './node-rules.ts';
import { type NodeSupply, nodeSupply } from './node-supply.ts';
import {
  automaticOutage,
  changesByItself,
  fixedReading,
  isOfSameZone,
  type ObservedRegion,
  observedReading,
  outageAt,
} from './observed-region.ts';
import type { Reading, Signal } from './reading.ts';
import type { PriorityClasses, RegionView, Snapshot } from './snapshot.ts';
import { isMeasured, thresholdsInForce } from './thresholds-in-force.ts';
import type { Topology } from './topology.ts';

export interface SnapshotInput {
  readonly regions: readonly ObservedRegion[];
  /** When the fixed values among them were read, epoch milliseconds. */
  readonly regionsReadAt: number;
  /** What is known of a region that has no fixed value. */
  readonly fallbackReading: (region: string, gridZone: string | undefined) => Reading | undefined;
  /** The bands of the snapshot before, by region: a measured region leaves one only with hysteresis. */
  readonly heldBands?: ReadonlyMap<string, HeldBand> | undefined;
  /** gCO2e/kWh, for bands that no leader holds. */
  readonly thresholds?: BandThresholds | undefined;
  /** A region's own ones, with relative bands. */
  readonly thresholdsOf?: ((region: ObservedRegion) => BandThresholds | undefined) | undefined;
  readonly regionLabel: string;
  readonly policySignal: Signal;
  readonly topology?: Topology | undefined;
  /** Absent where they may not be read, or nobody serves them. */
  readonly nodePools?: readonly NodePoolFacts[] | undefined;
  /** Those of Cluster Autoscaler, none where it has no status that counts; absent where nobody could look. */
  readonly nodeGroups?: readonly GroupFacts[] | undefined;
  /** That of the snapshot before: what stays as it was is the same object. */
  readonly supply?: NodeSupply | undefined;
  readonly nodeRules?: NodeRules | undefined;
  readonly priorityClasses?: PriorityClasses | undefined;
  readonly now: number;
}

/** Makes the picture of all regions at one moment. */
export function buildSnapshot(input: SnapshotInput): Snapshot {
  const supply = supplyFor(input);
  const regions = [...input.regions, ...undescribed(input, supply)]
    .map((region) => viewOf(region, input))
    .sort((a, b) => compareText(a.name, b.name));
  return {
    takenAt: input.now,
    regionLabel: input.regionLabel,
    policySignal: input.policySignal,
    regions,
    byName: new Map(regions.map((region) => [region.name, region])),
    ...(input.topology && {
      topology: input.topology,
      taintedBands: taintedBands(input.topology, supply, input.nodeRules),
      startupTaints: input.nodeRules?.startupTaints ?? [],
    }),
    ...(supply && { supply }),
    ...(input.priorityClasses && { priorityClasses: input.priorityClasses }),
  };
}

/** What nodes may come, by what is known of nodes, NodePools and node groups. */
export function supplyFor(input: Omit<SnapshotInput, 'now'>): NodeSupply | undefined {
  const { regionLabel, topology, nodePools, nodeGroups, nodeRules } = input;
  const groupPatterns = nodeRules?.clusterAutoscaler.groups;
  const described = input.regions.map(({ metadata }) => metadata.name);
  const regions = [...new Set([...described, ...(topology?.regions ?? [])])].sort();
  return nodeSupply({ regionLabel, regions, topology, nodePools, nodeGroups, groupPatterns }, input.supply);
}

/** Regions that nodes are in, or may come in, though nobody describes them: their names are judged like any other's. */
function undescribed({ regions, topology }: SnapshotInput, supply: NodeSupply | undefined): readonly ObservedRegion[] {
  const described = new Set(regions.map(({ metadata }) => metadata.name));
  const ofNodes = new Set([...(topology?.regions ?? []), ...(supply?.regions ?? []), ...(supply?.laterRegions ?? [])]);
  return [...ofNodes].filter((name) => !described.has(name)).map((name) => ({ metadata: { name }, spec: {} }));
}

function taintedBands(
  { carbonTaints }: Topology,
  supply: NodeSupply | undefined,
  rules: NodeRules = NO_NODE_RULES,
): ReadonlySet<Band> {
  const isCarried = (band: Band) => carbonTaints.has(band) || supply?.carbonTaints.has(band);
  return new Set(BANDS.filter((band) => rules.tolerateAlways || isCarried(band) || rules.taintedBands.includes(band)));
}

/** The next moment (epoch milliseconds) at which the same input gives another snapshot; `undefined` when none will. */
export function nextChange(regions: readonly ObservedRegion[], now: number): number | undefined {
  const next = regions.flatMap(changesByItself).reduce((least, at) => (at > now && at < least ? at : least), Infinity);
  return Number.isFinite(next) ? next : undefined;
}

/**
 * | spec.gramsPerKwh | measured by the leader (`observedReading`) | fallback | reading      |
 * | ---------------- | ------------------------------------------ | -------- | ------------ |
 * | given            | any                                        | any      | the fixed    |
 * | -                | fresh or stale                             | any      | the measured |
 * | -                | -                                          | any      | the fallback |
 */
function viewOf(region: ObservedRegion, input: SnapshotInput): RegionView {
  const { spec, observed } = region;
  const { name } = region.metadata;
  const reading =
    fixedReading(region, input.regionsReadAt) ??
    observedReading(region, input.now) ??
    input.fallbackReading(name, spec.gridZone);
  const outage = outageAt(spec.outage, automaticOutage(observed), input.now);
  const forecast = observed && spec.gramsPerKwh === undefined && isOfSameZone(spec, observed) && observed.forecast;
  return {
    name,
    ...(reading && { reading }),
    ...(reading?.signal === input.policySignal && bandsOf(region, reading, input)),
    ...(outage && { outage }),
    ...(forecast && { forecast }),
    latencyMs: new Map(Object.entries(spec.latencyMs ?? {})),
    ...(spec.pricePerHour !== undefined && { pricePerHour: spec.pricePerHour }),
    elastic: spec.elastic ?? isGrouped(name, input),
    ...(spec.elastic === false && { isClosed: true as const }),
  };
}

/** Whether nodes of the region tell that more may come. Of Karpenter's, its NodePools tell what and where, where they can be read. */
function isGrouped(region: string, { topology, nodePools }: SnapshotInput): boolean {
  if (!topology?.grouped.has(region)) return false;
  return !(nodePools && topology.pooled.has(region));
}

/**
 * The leader's band goes with the leader's reading, so that all replicas agree. Otherwise values set by hand and yearly
 * averages count at once, since they do not waver, and measured ones with hysteresis.
 */
function bandsOf(region: ObservedRegion, reading: Reading, input: SnapshotInput) {
  const { metadata, observed } = region;
  const { gramsPerKwh } = reading;
  const { heldBands, now } = input;
  if (observed?.band && isSameValue(observed.reading, reading)) return { band: observed.band };
  const thresholds = thresholdsInForce(reading, { absolute: input.thresholds, own: input.thresholdsOf?.(region) });
  if (!isMeasured(reading)) return { band: bandOf(gramsPerKwh, thresholds) };
  const heldBand = nextBand({ previous: heldBands?.get(metadata.name), gramsPerKwh, now, thresholds });
  return { band: heldBand.band, heldBand };
}

function isSameValue(one: Reading | undefined, other: Reading): boolean {
  return one?.gramsPerKwh === other.gramsPerKwh && one.signal === other.signal && one.source === other.source;
}
