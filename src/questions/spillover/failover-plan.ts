import { decide } from '../../decision/decide.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import type { Policy } from '../../decision/policy.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import type { Refusal } from '../../decision/reasons.ts';
import { comparableReading, latencyFromHome } from '../../decision/refuse.ts';
import { type Freshness, MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';
import type { RegionView, Snapshot } from '../../regions/snapshot.ts';
import { compareText } from '../../units/compare-text.ts';
import { type Flow, type TransferModel, transferKg } from './flow.ts';

/** One region that the traffic could have gone to, or why it could not; `null` where nobody knows. */
export interface ReportedOption {
  readonly region: string;
  /** From the region that failed. */
  readonly latencyMs: number | null;
  /** Its reading in the policy signal, down to its age. */
  readonly gramsPerKwh: number | null;
  readonly source: string | null;
  readonly freshness: Freshness | null;
  readonly estimated: boolean | null;
  readonly measuredAt: string | null;
  readonly ageSeconds: number | null;
  /** What all of the failed region's traffic would have emitted here. */
  readonly kgCO2e: number | null;
  /** That, less what it did emit. */
  readonly differenceKgCO2e: number | null;
  readonly refusal: Refusal | null;
  readonly chosen: boolean;
  /** What did go here. */
  readonly bytes: number;
}

/** Where one failed region's traffic went, and where it should have gone. */
export interface ReportedPlan {
  readonly from: string;
  readonly bytes: number;
  readonly kgCO2e: number;
  /** What carbon-aware failover would have chosen; `null` where nothing is acceptable, or nothing known. */
  readonly chosen: string | null;
  /** Cleanest first, those of unknown intensity after them, refused ones last. */
  readonly regions: readonly ReportedOption[];
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
export function planFailover({ from, flows, snapshot, policy, model }: PlanInput): ReportedPlan {
  const failed = withOutage(snapshot, from);
  const decision = decide({ pod: TRAFFIC, policy, snapshot: failed, now: snapshot.takenAt });
  const { refused = [], ranked = [] } = decision.steps?.judgement ?? {};
  const refusals = new Map(refused.map(({ region, refusal }) => [region.name, refusal]));
  const chosen = ranked[0]?.region.name;
  const bytes = sum(flows, ({ bytes }) => bytes);
  const emitted = sum(flows, ({ to, bytes }) => kgAt(to, bytes, snapshot, model) ?? 0);
  const regions = failed.regions
    .filter(({ name }) => name !== from)
    .map((region): ReportedOption => {
      const { name } = region;
      const kg = kgAt(name, bytes, snapshot, model);
      return {
        region: name,
        latencyMs: latencyFromHome(region, from) ?? null,
        ...readingFields(region, snapshot),
        kgCO2e: kg ?? null,
        differenceKgCO2e: kg === undefined ? null : kg - emitted,
        refusal: refusals.get(name) ?? null,
        chosen: name === chosen,
        bytes: sum(flows, (flow) => (flow.to === name ? flow.bytes : 0)),
      };
    })
    .sort(cleanestAcceptableFirst);
  return { from, bytes, kgCO2e: emitted, chosen: chosen ?? null, regions };
}

function readingFields(region: RegionView, snapshot: Snapshot) {
  const { gramsPerKwh, source, freshness, estimated, measuredAt } = comparableReading(region, snapshot) ?? {};
  return {
    gramsPerKwh: gramsPerKwh ?? null,
    source: source ?? null,
    freshness: freshness ?? null,
    estimated: estimated ?? null,
    measuredAt: measuredAt === undefined ? null : new Date(measuredAt).toISOString(),
    ageSeconds: measuredAt === undefined ? null : Math.max(0, Math.floor((snapshot.takenAt - measuredAt) / 1_000)),
  };
}

function cleanestAcceptableFirst(a: ReportedOption, b: ReportedOption): number {
  const byRefusal = Number(a.refusal !== null) - Number(b.refusal !== null);
  const byKnowledge = Number(a.gramsPerKwh === null) - Number(b.gramsPerKwh === null);
  // Not kilograms: those of no bytes are all the same.
  const byGrams = (a.gramsPerKwh ?? 0) - (b.gramsPerKwh ?? 0);
  return byRefusal || byKnowledge || byGrams || compareText(a.region, b.region);
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
  readonly from: string;
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
