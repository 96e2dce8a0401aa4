import type { Decision } from '../../decision/decide.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Pod } from '../../decision/pod.ts';
import type { Mode } from '../../decision/policy.ts';
import type { Reason } from '../../decision/reasons.ts';
import type { VolumeTerms } from '../../decision/volume-terms.ts';
import type { WaitData } from '../../decision/wait-words.ts';
import type { Basis } from '../../energy/basis.ts';
import type { EmbodiedPerVcpu } from '../../energy/embodied.ts';
import type { DefaultRequests } from '../../energy/pod-requests.ts';
import type { Autoscaling } from '../../regions/autoscaling.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { NodePoolFacts } from '../../regions/node-pool.ts';
import type { RegionResource } from '../../regions/region-resource.ts';
import type { RequestingSpec } from '../../units/requested-amounts.ts';

/** Reasons of decisions, and what an audit finds besides. */
export type AuditReason = Reason | 'unknown_region' | 'wrong_annotation' | 'daemonset_outside';

/** What stands for the file of an object that has none. */
export const STANDARD_INPUT = 'standard input';

/** Where an object of a file stands. */
export interface Place {
  /** As it was named, or `standard input`. */
  readonly file: string;
  /** Counted from 1. */
  readonly document: number;
  readonly line: number;
}

/** A workload as it was read, with the pod that its author wrote: never bound to a node. Only what decisions read is kept. */
export interface Workload {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly pod: Pod;
  /** As many as are written (replicas, parallelism), or run. */
  readonly pods: number;
  /** The requests of its containers; a LimitRange that adds to them may stand later in the stream. */
  readonly resources: RequestingSpec;
  readonly place?: Place;
  /** Running pods by region; the key '' stands for nodes of no known region. */
  readonly runsIn?: ReadonlyMap<string, number>;
  /** The mean of the machines that its pods run on; absent where none has a node. */
  readonly machine?: EmbodiedPerVcpu;
  readonly volumes?: readonly VolumeTerms[];
  /** What is written for its pods where nothing reads it, a sentence each. */
  readonly misplaced?: readonly string[];
  /** Of a kind that nobody knows: judged by the template of pods that it carries. */
  readonly byTemplate?: true;
}

/** A Namespace of the input. */
export interface GivenNamespace extends NamespaceRecord {
  readonly place: Place;
  /** Labels that should be annotations, a sentence each. */
  readonly misplaced: readonly string[];
}

/** A Namespace whose annotations the webhook would refuse, or that are not what they were meant to be. */
export interface WrongNamespace {
  readonly namespace: string;
  /** `null` where it comes from the cluster, or from a file that only describes one. */
  readonly place: Place | null;
  /** A sentence each. */
  readonly mistakes: readonly string[];
}

/** One thing out of files or a cluster, in the order in which they come. */
export type AuditItem =
  | { readonly type: 'workload'; readonly workload: Workload }
  | { readonly type: 'namespace'; readonly namespace: GivenNamespace }
  /** A LimitRange's. */
  | { readonly type: 'defaults'; readonly namespace: string; readonly defaults: DefaultRequests }
  | { readonly type: 'region'; readonly region: RegionResource }
  | { readonly type: 'node'; readonly node: NodeFacts }
  | { readonly type: 'node-pool'; readonly nodePool: NodePoolFacts }
  | { readonly type: 'priority-class'; readonly name: string; readonly value: number; readonly globalDefault: boolean }
  /** A bound claim, by `namespace/name`. */
  | { readonly type: 'claim'; readonly claim: string; readonly volume: string }
  | { readonly type: 'volume'; readonly volume: string; readonly terms: VolumeTerms['terms'] }
  /** An object without pods. */
  | { readonly type: 'passed-over'; readonly kind: string }
  /** An object of a kind that nobody knows, and that carries no template of pods: it may well make some. */
  | { readonly type: 'not-judged'; readonly kind: string }
  /** What is no Kubernetes object: a patch, values of a chart, a file of another program. */
  | { readonly type: 'no-object'; readonly what: string }
  /** A sentence on what kubectl reads without a word, with file, document and line. */
  | { readonly type: 'oddity'; readonly message: string }
  /** A sentence with file, document and line. */
  | { readonly type: 'broken'; readonly message: string };

/**
 * What gridgate would do with a workload, and the carbon at stake. Within `v1` of the report fields are added, never taken
 * away or given another meaning; every field is always there, `null` where nobody knows or it does not apply.
 */
export interface AuditedWorkload {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly place: Place | null;
  /** The mode that counts for the namespace: its own as far as the kill switch lets it, or the one to assume. */
  readonly mode: Mode;
  readonly pods: number;
  /** As under `enforce`, whatever the mode. */
  readonly decision: Decision['decision'];
  readonly reason: AuditReason;
  /** Whether its pods are, in this mode, denied. */
  readonly denied: boolean;
  /** Why they are (or in another mode would be) denied, as the webhook says it; otherwise the reason's sentence. */
  readonly message: string;
  /** Which of its own needs and wishes leaves which regions, where it is denied, `all_dirty` or `unreachable` with them. */
  readonly asks: readonly ToldAsk[];
  /** Of a DaemonSet the regions outside its namespace's `regions` that it reaches; '' stands for nodes without a region label. */
  readonly reachesOutside: readonly string[];
  /** Names of regions that it asks for and nobody knows, and placeholders that nobody rendered. */
  readonly unknownRegions: readonly string[];
  /** What is wrong with the annotations of its pods, or stands where nothing reads it, a sentence each. */
  readonly wrongAnnotations: readonly string[];
  /** `pod template` for kinds that nobody knows. */
  readonly judgedBy: 'kind' | 'pod template';
  /** That it may use, best first where anything ranks them; at most 10. */
  readonly regions: readonly string[];
  /** Whether anything ranks these: else their order says nothing. */
  readonly isRanked: boolean;
  /** Where gridgate would place it first. */
  readonly region: string | null;
  /** Whether its pods only prefer these regions to others that stay open: what brings nodes need not follow that. */
  readonly prefers: boolean;
  /** Running pods by region; `null` for files. */
  readonly runsIn: Readonly<Record<string, number>> | null;
  /** Running pods in regions that the policy refuses; `null` for files. */
  readonly misplaced: number | null;
  /** These by region; `null` for files. */
  readonly misplacedIn: Readonly<Record<string, number>> | null;
  /** Of one whose pods, made now, would wait for a cleaner hour, were somebody there who lets them go. */
  readonly waits: WaitData | null;
  readonly requests: { readonly vcpu: number; readonly memoryGb: number; readonly basis: Basis };
  /** Operational CO2e of all its pods. */
  readonly gramsPerHour: {
    /** Where it runs; for files the mean over the regions its own constraints leave, as a scheduler without carbon data spreads. */
    readonly asWritten: number | null;
    readonly atHome: number | null;
    /** Where gridgate would place it. */
    readonly placed: number | null;
  };
  /**
   * Embodied CO2e of all its pods: the making of the share of machines that they reserve, an estimate. It comes on top of
   * `gramsPerHour`, wherever the pods run.
   */
  readonly embodied: {
    readonly gramsPerHour: number;
    /** Of the machines: `looked-up` where it runs on known types alone, else `estimated`. */
    readonly basis: Basis;
  };
  /** The cleanest region the policy accepts, without the workload's own constraints: where that is cleaner, or the workload denied. */
  readonly alternative: { readonly region: string; readonly gramsPerHour: number } | null;
}

/** One thing that a workload asks for, `node selector pool=gpu`, and the regions that it alone leaves. */
export interface ToldAsk {
  readonly what: string;
  readonly kind: 'need' | 'wish';
  readonly leaves: readonly string[];
}

export interface CarbonTotals {
  readonly workloads: number;
  readonly pods: number;
  readonly denied: number;
  /** Denied in mode `enforce`, but not in the one that counts. */
  readonly wouldBeDenied: number;
  readonly misplaced: number;
  /** Workloads whose pods, made now, would wait for a cleaner hour. */
  readonly wouldWait: number;
  /** Workloads that ask for regions that nobody knows. */
  readonly unknownRegion: number;
  /** Workloads whose annotations are wrong. */
  readonly wrongAnnotation: number;
  /** DaemonSets that reach outside their namespace's `regions`. */
  readonly daemonSetsOutside: number;
  /** Operational, of workloads that have both figures, as written and placed: denied ones are left out. Without a home, `atHome` counts them as written. */
  readonly gramsPerHour: { readonly asWritten: number; readonly atHome: number; readonly placed: number };
  /** Of the same workloads, on top of these; `estimated`: all workloads whose machines had to be assumed. */
  readonly embodied: { readonly gramsPerHour: number; readonly estimated: number };
  /** Workloads that `gramsPerHour` and `embodied` leave out. */
  readonly withoutFigure: number;
  /** Workloads whose requests had to be assumed. */
  readonly estimated: number;
  readonly balance: Balance;
}

/**
 * Operational grams of CO2e an hour of every workload that has a figure where it runs or is written, those that are denied or
 * `off` included: `now` is what their rows add up to, and `left` what the steps after it leave of it.
 */
export interface Balance {
  readonly now: number;
  /** The same at home; those without a home as they are. */
  readonly atHome: number;
  /** Negative where placing adds some. */
  readonly placingSaves: number;
  /** Of what is denied in the mode that counts. */
  readonly denialStops: number;
  /** Of what is denied in mode `enforce`, but not in the one that counts; nothing of what is `off`. */
  readonly denialWouldStop: number;
  readonly left: number;
  /** Embodied, of the same workloads, on top of `now`. */
  readonly embodied: number;
  /** Workloads of which nobody knows what they emit: they are in none of these. */
  readonly withoutFigure: number;
}

/** What `gridgate audit --output json` prints. */
export interface AuditReport {
  readonly version: 'v1';
  /** ISO 8601. */
  readonly takenAt: string;
  readonly policySignal: string;
  readonly source: 'files' | 'cluster';
  /** What the kill switch caps modes to. */
  readonly modeCap: Mode | null;
  /** Who brings nodes; `null` where nobody looked, as in files without NodePools and Nodes. */
  readonly autoscaling: Autoscaling | null;
  /** Workloads of namespaces that take part whose pods only prefer regions, and what comes of that here, in words. */
  readonly preferences: { readonly workloads: number; readonly means: string | null };
  readonly totals: CarbonTotals;
  readonly namespaces: readonly ({ readonly namespace: string; readonly mode: Mode } & CarbonTotals)[];
  readonly regions: readonly {
    readonly region: string;
    readonly gramsPerKwh: number | null;
    /** Of the workloads that `gramsPerHour` of the totals counts. */
    readonly gramsPerHour: { readonly asWritten: number; readonly placed: number };
    /** Its part of the totals' `balance`. */
    readonly balance: Pick<Balance, 'now' | 'left'>;
  }[];
  readonly workloads: readonly AuditedWorkload[];
  /** Namespaces whose own annotations are wrong, with or without workloads. */
  readonly wrongNamespaces: readonly WrongNamespace[];
  /** Objects without pods, by kind. */
  readonly passedOver: Readonly<Record<string, number>>;
  /** Objects of unknown kinds, by kind: what pods they make was not looked at. */
  readonly notJudged: Readonly<Record<string, number>>;
  /** What is no Kubernetes object, by what it is. */
  readonly noObjects: Readonly<Record<string, number>>;
  /** What could not be read, a sentence each, with file, document and line. */
  readonly broken: readonly string[];
}
