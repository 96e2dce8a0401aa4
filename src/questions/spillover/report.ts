import type { Policy } from '../../decision/policy.ts';
import { comparableReading } from '../../decision/refuse.ts';
import type { Signal } from '../../regions/reading.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { compareText } from '../../units/compare-text.ts';
import { planFailover, type ReportedPlan } from './failover-plan.ts';
import { type Flow, KWH_PER_GB, type TransferModel, transferKg, transferKwh } from './flow.ts';

/**
 * What `gridgate spillover --output json` prints. Within `v1` fields are added, never taken away or given another meaning;
 * every field is always there, `null` where nobody knows. Times are ISO 8601, in UTC.
 */
export interface SpilloverReport {
  readonly version: 'v1';
  /** When the intensities were read: the flows count at those, whenever they flowed. */
  readonly takenAt: string;
  readonly policySignal: Signal;
  /** Where the bytes come from: what kind of source, and which. */
  readonly bytesFrom: BytesSource;
  readonly start: string | null;
  readonly end: string | null;
  readonly formula: typeof FORMULA;
  readonly factor: Figure;
  readonly kwhPerGb: Figure;
  readonly flows: readonly ReportedFlow[];
  readonly total: {
    readonly flows: number;
    readonly bytes: number;
    readonly kwh: number;
    readonly kgCO2e: number;
    readonly baselineKgCO2e: number;
    readonly percentOfBaseline: number;
  };
  /** The same total with other published energies of moving a GB. */
  readonly otherwise: readonly (Figure & { readonly kgCO2e: number; readonly percentOfBaseline: number })[];
  /** One for each region that failed, the one that moved most bytes first. */
  readonly plans: readonly ReportedPlan[];
  /** What the figures lack, a sentence each. */
  readonly notes: readonly string[];
}

const FORMULA = 'bytes / 1e9 * factor * kwhPerGb * gramsPerKwh / 1000 = kgCO2e';

export interface BytesSource {
  readonly kind: 'bytes' | 'file' | 'cloudwatch' | 'prometheus';
  /** The file, the address or the region; `null` for bytes that were given. */
  readonly name: string | null;
  readonly query: string | null;
}

export interface Figure {
  readonly value: number;
  readonly source: string;
}

export interface ReportedFlow {
  readonly from: string;
  readonly to: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly bytes: number;
  readonly kwh: number;
  readonly gramsPerKwh: number;
  readonly kgCO2e: number;
}

export interface SpilloverInput {
  /** Every destination has a comparable reading. */
  readonly flows: readonly Flow[];
  readonly snapshot: Snapshot;
  readonly policyFrom: (from: string) => Policy;
  readonly bytesFrom: BytesSource;
  readonly factor: Figure;
  readonly kwhPerGb: Figure;
  readonly baselineKg: number;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  readonly notes: readonly string[];
}

/** Puts together what spillover emitted, and what it would have emitted elsewhere. */
export function reportSpillover(input: SpilloverInput): SpilloverReport {
  const { snapshot, factor, kwhPerGb, baselineKg } = input;
  const model = { factor: factor.value, kwhPerGb: kwhPerGb.value };
  const flows = input.flows.map((flow) => toReported(flow, snapshot, model));
  const kgCO2e = flows.reduce((sum, flow) => sum + flow.kgCO2e, 0);
  const bytes = flows.reduce((sum, flow) => sum + flow.bytes, 0);
  return {
    version: 'v1',
    takenAt: toIso(snapshot.takenAt) ?? '',
    policySignal: snapshot.policySignal,
    bytesFrom: input.bytesFrom,
    start: toIso(input.startMs),
    end: toIso(input.endMs),
    formula: FORMULA,
    factor,
    kwhPerGb,
    flows,
    total: {
      flows: flows.length,
      bytes,
      kwh: transferKwh(bytes, model),
      kgCO2e,
      baselineKgCO2e: baselineKg,
      percentOfBaseline: percentOf(kgCO2e, baselineKg),
    },
    otherwise: otherEnergies(kgCO2e, kwhPerGb.value, baselineKg),
    plans: plansOf(input, model),
    notes: input.notes,
  };
}

function toReported({ from, to, bytes, startMs, endMs }: Flow, snapshot: Snapshot, model: TransferModel): ReportedFlow {
  const view = snapshot.byName.get(to);
  const gramsPerKwh = (view && comparableReading(view, snapshot))?.gramsPerKwh ?? Number.NaN;
  const kwh = transferKwh(bytes, model);
  const kgCO2e = transferKg(bytes, gramsPerKwh, model);
  return { from, to, start: toIso(startMs), end: toIso(endMs), bytes, kwh, gramsPerKwh, kgCO2e };
}

function otherEnergies(kg: number, kwhPerGb: number, baselineKg: number): SpilloverReport['otherwise'] {
  return Object.values(KWH_PER_GB)
    .filter(({ value }) => value !== kwhPerGb)
    .map(({ value, source }) => {
      const kgCO2e = (kg / kwhPerGb) * value;
      return { value, source, kgCO2e, percentOfBaseline: percentOf(kgCO2e, baselineKg) };
    });
}

function plansOf({ flows, snapshot, policyFrom }: SpilloverInput, model: TransferModel): readonly ReportedPlan[] {
  return [...Map.groupBy(flows, ({ from }) => from)]
    .map(([from, ofRegion]) => planFailover({ from, flows: ofRegion, snapshot, policy: policyFrom(from), model }))
    .sort((a, b) => b.bytes - a.bytes || compareText(a.from, b.from));
}

function percentOf(kg: number, baselineKg: number): number {
  return (kg / baselineKg) * 100;
}

function toIso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
