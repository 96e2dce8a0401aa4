import type { Decision } from '../../decision/decide.ts';
import type { Finding } from '../../decision/explain.ts';
import type { PlacementData } from '../../decision/placement.ts';
import type { Mode } from '../../decision/policy.ts';
import type { Reason, Refusal } from '../../decision/reasons.ts';
import type { WaitData } from '../../decision/wait-words.ts';
import type { Basis } from '../../energy/basis.ts';
import type { Autoscaling } from '../../regions/autoscaling.ts';
import type { Band } from '../../regions/band.ts';
import type { Freshness, Signal } from '../../regions/reading.ts';
import type { WrittenRecord } from './read-record.ts';

export interface RunsOn {
  readonly node: string;
  /** `null` where the node has no label of a region, or may not be seen. */
  readonly region: string | null;
  /** ISO 8601. */
  readonly since: string | null;
  readonly reading: {
    readonly gramsPerKwh: number;
    readonly signal: Signal;
    readonly source: string;
    /** `null` for what has no moment: a fixed value, a yearly average. */
    readonly ageSeconds: number | null;
    readonly freshness: Freshness;
  } | null;
  readonly band: Band | null;
  /** Why a pod that came now would be kept out of this region. */
  readonly refusedNow: Refusal | null;
}

export interface DecidedNow {
  readonly decision: Decision['decision'];
  readonly reason: Reason;
  readonly region: string | null;
  /** What the mode that counts makes of it. */
  readonly allowed: boolean;
  /** Why it is denied, as the webhook says it; otherwise the reason's sentence. */
  readonly message: string;
  readonly warnings: readonly string[];
  readonly steps: readonly Finding[];
  /** Whether it is led by preferences or by a requirement; `null` where it is left alone or denied. */
  readonly placement: PlacementData | null;
  /** Of what would wait for a cleaner hour, were it made now. */
  readonly wait: WaitData | null;
}

/**
 * What `gridgate explain --output json` prints. Within `v1` fields are added, never taken away or given another meaning;
 * every field is always there, `null` where nobody knows or it does not apply.
 */
export interface ExplainReport {
  readonly version: 'v1';
  /** ISO 8601. */
  readonly takenAt: string;
  readonly policySignal: Signal;
  readonly object: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    /** ISO 8601. */
    readonly createdAt: string | null;
    /** Of a pod: `Pending`, `Running`, `Succeeded`, ... */
    readonly phase: string | null;
    readonly owner: { readonly kind: string; readonly name: string } | null;
    /** How it ended: of a pod `Succeeded` or `Failed`, of a Job `Complete` or `Failed`; `null` while it has work to do. */
    readonly ended: string | null;
  };
  readonly mode: {
    /** The one that counts; `null` where the namespace may not be read. */
    readonly counts: Mode | null;
    /** What the namespace asks for, within the limits. */
    readonly ofNamespace: Mode | null;
    /** What the kill switch caps it to. */
    readonly killSwitch: Mode | null;
    /** Whether the API server asks gridgate about pods of this namespace. */
    readonly managed: boolean | null;
  };
  /** What a pod says was decided when it came: nothing vouches for it. `null` where it says nothing, and for owners. */
  readonly record: WrittenRecord | null;
  /** Of a pod with a node. */
  readonly runs: RunsOn | null;
  /** Of an owner: its pods that have not ended; the region '' stands for nodes of no known region. */
  readonly pods: {
    readonly wanted: number | null;
    readonly running: Readonly<Record<string, number>>;
    /** Created, but without a node; at most 10 of their names. */
    readonly waiting: { readonly count: number; readonly names: readonly string[] };
  } | null;
  /** When gridgate let it go, as it says itself; ISO 8601. `null` for what never waited, or waits. */
  readonly released: string | null;
  /** Why there is no node yet, or why nothing is created. */
  readonly waiting: {
    readonly gates: readonly string[];
    readonly reason: string | null;
    readonly message: string | null;
    /** What one that gridgate made wait says of that; nothing vouches for it. */
    readonly wait: WaitData | null;
  } | null;
  /** Why its controller cannot create pods. */
  readonly refusal: {
    readonly byGridgate: boolean;
    readonly reason: Refusal | null;
    /** gridgate's own words, else the controller's. */
    readonly message: string;
    readonly controller: { readonly kind: string; readonly name: string };
    /** ISO 8601; of the last try. */
    readonly at: string | null;
  } | null;
  /** Who brings nodes to this cluster, and so what a preference does; `null` where nobody looked. */
  readonly autoscaling: Autoscaling | null;
  /** `null` too for what has ended: nothing is decided about it any more. */
  readonly now: DecidedNow | null;
  /** Operational CO2e, of all its pods. */
  readonly gramsPerHour: {
    readonly pods: number;
    readonly now: number | null;
    readonly home: number | null;
    /** Where gridgate would place it first, or the cleanest region that the policy accepts. */
    readonly best: number | null;
    readonly homeRegion: string | null;
    readonly bestRegion: string | null;
    /** Of the requests. */
    readonly basis: Basis;
  };
  /**
   * Embodied CO2e of all its pods, an estimate: the making of the share of machines that they reserve. It comes on top of
   * `gramsPerHour`, wherever they run.
   */
  readonly embodied: {
    readonly gramsPerHour: number;
    /** Of the machines: `looked-up` where all its pods run on known types, else `estimated`. */
    readonly basis: Basis;
    /** What stands for the machines: 'embedded table', '4 vCPU of a rack server', 'mean of the nodes there', 'default'. */
    readonly how: string;
  };
  /** What is not known, and why; what to do next. */
  readonly notes: readonly string[];
}
