import { decide } from '../../decision/decide.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import type { Policy } from '../../decision/policy.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import type { Refusal } from '../../decision/reasons.ts';
import { comparableReading, latencyFromHome } from '../../decision/refuse.ts';
import { MAX_GRAMS_PER_KWH, type Reading } from '../../regions/reading.ts';
import type { RegionView, Snapshot } from '../../regions/snapshot.ts';
import { type Flow, type TransferModel, transferKg } from './flow.ts';

/** One region that the traffic could have gone to, or why it could not. */
export interface FailoverOption {
  readonly region: string;
  /** From the region that failed; absent where nobody measured it. */
  readonly latencyMs?: number | undefined;
  /** Of the policy signal. */
  readonly reading?: Reading | undefined;
  /** What all of the failed region's traffic would have emitted here. */
  readonly kg?: number | undefined;
  /** That, less what it did emit. */
  readonly differenceKg?: number | undefined;
  readonly refusal?: Refusal | undefined;
  /** What did go here. */
  readonly bytes: number;
}

/** Where one failed region's traffic went, and where it should have gone. */
export interface FailoverPlan {
  readonly from: string;
  readonly bytes: number;
  readonly kg: number;
  /** Cleanest first, those of unknown intensity after them, refused ones last. */
  readonly options: readonly FailoverOption[];
  /** What carbon-aware failover would have chosen; absent where nothing is acceptable, or nothing known. */
  readonly chosen?: string | undefined;
}

interface PlanInput {
  readonly from: string;
  /** Of `from` alone; every destination has a comparable reading. */
  readonly flows: readonly Flow[];
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly model: TransferModel;
}

/** What traffic is for `decide()`: work that may run anywhere. */
const TRAFFIC = { metadata: { name: 'traffic' }, spec: {} };

/** Asks the decisions of every pod where the traffic of a region in outage should go, and what each region would have emitted. */
export function planFailover({ from, flows, snapshot, policy, model }: PlanInput): FailoverPlan {
  const failed = withOutage(snapshot, from);
  const decision = decide({ pod: TRAFFIC, policy, snapshot: failed, now: snapshot.takenAt });
  const { refused = [], ranked = [] } = decision.steps?.judgement ?? {};
  const refusals = new Map(refused.map(({ region, refusal }) => [region.name, refusal]));
  const bytes = sum(flows, ({ bytes }) => bytes);
  const kg = sum(flows, ({ to, bytes }) => kgAt(to, bytes, snapshot, model) ?? 0);
  const bytesTo = new Map<string, number>();
  for (const flow of flows) bytesTo.set(flow.to, (bytesTo.get(flow.to) ?? 0) + flow.bytes);
  const options = failed.regions
    .filter(({ name }) => name !== from)
    .map((region): FailoverOption => {
      const wouldBe = kgAt(region.name, bytes, snapshot, model);
      return {
        region: region.name,
        latencyMs: latencyFromHome(region, from),
        reading: comparableReading(region, snapshot),
        kg: wouldBe,
        differenceKg: wouldBe === undefined ? undefined : wouldBe - kg,
        refusal: refusals.get(region.name),
        bytes: bytesTo.get(region.name) ?? 0,
      };
    })
    .sort(cleanestAcceptableFirst);
  return { from, bytes, kg, options, chosen: ranked[0]?.region.name };
}

function cleanestAcceptableFirst(a: FailoverOption, b: FailoverOption): number {
  const byRefusal = Number(a.refusal !== undefined) - Number(b.refusal !== undefined);
  const byKnowledge = Number(a.kg === undefined) - Number(b.kg === undefined);
  // Not kilograms: those of no bytes are all the same.
  const byGrams = (a.reading?.gramsPerKwh ?? 0) - (b.reading?.gramsPerKwh ?? 0);
  return byRefusal || byKnowledge || byGrams || (a.region < b.region ? -1 : 1);
}

/** kgCO2e of moving bytes to a region; `undefined` where its intensity is not known. */
function kgAt(region: string, bytes: number, snapshot: Snapshot, model: TransferModel): number | undefined {
  const view = snapshot.byName.get(region);
  const reading = view && comparableReading(view, snapshot);
  return reading && transferKg(bytes, reading.gramsPerKwh, model);
}

function withOutage(snapshot: Snapshot, from: string): Snapshot {
  const outage = { active: true, reason: 'its traffic moved', sources: ['spillover'] };
  const regions = snapshot.regions.map((region): RegionView => (region.name === from ? { ...region, outage } : region));
  return { ...snapshot, regions, byName: new Map(regions.map((region) => [region.name, region])) };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

export interface FailoverWishes {
  /** The region that failed. */
  readonly from: string;
  /** Names or globs, in order. */
  readonly allow?: string | undefined;
  readonly maxLatencyMs?: number | undefined;
}

/**
 * The policy that traffic fails over by: a namespace's that allows these regions, under the configuration's defaults and
 * limits. Without a ceiling: traffic has to go somewhere.
 */
export function failoverPolicy({ from, allow, maxLatencyMs }: FailoverWishes, rules: PolicyRules): Policy {
  const annotations = {
    mode: 'enforce',
    'home-region': from,
    ...(allow !== undefined && { regions: allow }),
    ...(maxLatencyMs !== undefined && { 'max-latency': `${Math.floor(maxLatencyMs)}ms` }),
  };
  const written = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [ANNOTATION_PREFIX + key, value]),
  );
  const { policy } = effectivePolicy('spillover', written, rules);
  return { ...policy, mode: 'enforce', maxIntensity: MAX_GRAMS_PER_KWH };
}
