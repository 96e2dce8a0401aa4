import type { Band } from '../regions/band.ts';
import type { NamePatterns, RegionPatterns } from './region-patterns.ts';

export const MODES = ['off', 'audit', 'warn', 'enforce'] as const;
export type Mode = (typeof MODES)[number];
export type PodClass = 'critical' | 'standard' | 'flexible';
export type Factor = 'carbon' | 'cost' | 'latency';
export type Weights = Readonly<Record<Factor, number>>;
/** Who set a limit, for messages. */
export type SetBy = 'namespace' | 'pod' | 'default' | 'limits';

/** The defaults where neither a namespace nor the configuration says anything, written as annotations. */
export const BUILT_IN_DEFAULTS: Readonly<Record<string, string>> = {
  mode: 'off',
  'max-intensity': '300',
  'when-all-dirty': 'cleanest',
  regions: '*',
  weights: 'carbon=1,cost=0,latency=0',
  placement: 'prefer',
  priority: 'flexible',
  'defer-min-saving': '0.5',
  'defer-by': 'gate',
  'pod-overrides': 'tighten',
};

/** What a namespace asks for, compiled from its annotations and the configuration's defaults. */
export interface Policy {
  readonly mode: Mode;
  /** gCO2e/kWh. */
  readonly maxIntensity: number;
  readonly maxIntensitySetBy: SetBy;
  /** gCO2e/kWh: no pod's own ceiling counts above it. */
  readonly ceilingLimit?: number;
  readonly whenAllDirty: 'cleanest' | 'deny';
  readonly regions: RegionPatterns;
  /** The annotations (without prefix) whose value is the configuration's default; absent: none. */
  readonly defaulted?: ReadonlySet<string>;
  readonly homeRegion?: string;
  readonly maxLatencyMs?: number;
  readonly weights: Weights;
  readonly placement: 'auto' | 'prefer' | 'require' | 'none';
  /** How many of the best regions get equal weight; absent: each gets its own. */
  readonly spread?: number;
  readonly preferArch?: string;
  readonly priority: 'none' | 'flexible' | 'failover';
  /** Bands whose taint any pod may tolerate; absent: what the pod's class tolerates. */
  readonly tolerate?: readonly Band[];
  readonly deferMs?: number;
  readonly deferMinSavingPercent: number;
  readonly deferBy: 'gate' | 'suspend';
  /** Kinds, as group/Kind, whose pods may wait as those of Jobs; absent: none. */
  readonly deferKinds?: readonly string[];
  readonly podOverrides: 'tighten' | 'allow';
  /** Whether a system PriorityClass exempts from carbon and waiting; absent: it does. */
  readonly systemPriorityExempts?: boolean;
  /** Whether a spread that clean regions cannot meet opens dirty ones; absent: it does, else its pods are denied. */
  readonly spreadOpensDirty?: boolean;
  /** Kinds, as group/Kind, whose pods belong to one node each; absent: `DAEMON_OWNERS`. */
  readonly daemonOwners?: readonly string[];
  /** The accounts that may create exempt pods of these; absent: any. */
  readonly daemonAccounts?: NamePatterns;
  /** The configuration's rules that it was compiled under; a kept policy is void once these change. */
  readonly madeUnder?: object;
}
