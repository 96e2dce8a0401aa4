import type { Basis } from '../../energy/basis.ts';
import type { Freshness } from '../../regions/reading.ts';
import type { CpuManagerPolicy, PolicyOrigin } from './cpu-manager-policy.ts';

/** Idle watts: as things are, and what the same machines would draw with either CPU manager policy on all of them. */
export interface IdleWatts {
  readonly watts: number;
  readonly wattsUnderNone: number;
  readonly wattsUnderStatic: number;
}

export interface AssessedNode extends IdleWatts {
  readonly name: string;
  readonly version: string;
  readonly arch: string | null;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly policy: CpuManagerPolicy;
  readonly policyFrom: PolicyOrigin;
  readonly basis: Basis;
  /** In words: 'embedded table', 'family m7g by vCPU', 'measured', ... */
  readonly how: string;
}

export interface ArchitectureTotals extends IdleWatts {
  /** `null` for nodes that do not tell. */
  readonly arch: string | null;
  readonly nodes: number;
  readonly staticNodes: number;
  /** Of the static CPU manager. */
  readonly factor: number;
  /** Of `watts` over `wattsUnderNone`. */
  readonly increasePercent: number;
}

export interface InstanceTypeTotals extends IdleWatts {
  readonly instanceType: string | null;
  readonly arch: string | null;
  readonly nodes: number;
  /** The worst of its nodes. */
  readonly basis: Basis;
  /** In words; several where they differ. */
  readonly how: readonly string[];
}

export interface RegionCarbon {
  readonly region: string;
  readonly nodes: number;
  readonly watts: number;
  /** `null` where nobody knows: such nodes are left out of the totals. */
  readonly gramsPerKwh: number | null;
  readonly source: string | null;
  readonly freshness: Freshness | null;
  /** Of the region's provider; `estimated` where the provider is not known. */
  readonly pue: { readonly value: number; readonly basis: Basis };
  readonly kgCo2e: number | null;
}

export interface FleetCarbon {
  readonly hours: number;
  readonly kgCo2e: number;
  readonly kgCo2eUnderNone: number;
  readonly kgCo2eUnderStatic: number;
  /** Most carbon first. */
  readonly regions: readonly RegionCarbon[];
  /** Nodes of no known region, or of a region without an intensity. */
  readonly nodesLeftOut: number;
}

/** Something that the fleet has and staging lacks. */
export interface StagingGap {
  readonly what: 'architecture' | 'instance type' | 'version' | 'architecture of the target version' | 'policy';
  readonly value: string;
  /** How many nodes of the fleet have it, and how many were looked at. */
  readonly nodes: number;
  readonly ofNodes: number;
  readonly message: string;
}

/**
 * What `gridgate preflight --output json` prints. Within `v1` fields are added, never taken away or given another meaning;
 * every field is always there, `null` where nobody knows or it does not apply.
 */
export interface PreflightReport {
  readonly version: 'v1';
  /** ISO 8601. */
  readonly takenAt: string;
  readonly verdict: 'SAFE TO UPGRADE' | 'IDLE POWER SPIKE';
  readonly targetVersion: string;
  /** Of the nodes of the target version. */
  readonly total: IdleWatts & {
    readonly nodes: number;
    readonly baselineWatts: number;
    /** What the baseline is: the same nodes under `none`, watts that were given, or the same nodes under the policies of the compared fleet. */
    readonly baselineFrom: 'none' | 'given' | 'compared';
    /** Of `watts` over the baseline; negative where it is less. */
    readonly increasePercent: number;
    readonly maxIncreasePercent: number;
  };
  /** Nodes of other versions, which count for nothing; the most first. */
  readonly skipped: readonly { readonly version: string | null; readonly nodes: number }[];
  readonly architectures: readonly ArchitectureTotals[];
  /** Most watts first. */
  readonly instanceTypes: readonly InstanceTypeTotals[];
  readonly policies: Readonly<Record<CpuManagerPolicy, number>>;
  /** How many nodes' policies come from where. */
  readonly policiesFrom: Readonly<Record<PolicyOrigin, number>>;
  /** How many nodes' watts are how good. */
  readonly bases: Readonly<Record<Basis, number>>;
  readonly carbon: FleetCarbon;
  readonly staging: {
    readonly nodes: number;
    readonly lacks: readonly StagingGap[];
    /** Nodes of the fleet for which a node of their instance type tells its policy there. */
    readonly counterparts: number;
  } | null;
  readonly nodes: readonly AssessedNode[];
}
