import { DAEMON_OWNERS } from './daemon-owners.ts';
import { type Limits, strongerMode } from './limits.ts';
import type { Mode } from './policy.ts';
import type { PolicyDefaults } from './policy-annotations.ts';
import { parsePolicyDefaults } from './policy-defaults.ts';
import {
  type NamePatterns,
  parseAccountPatterns,
  parseRegionPatterns,
  type RegionPatterns,
} from './region-patterns.ts';

/** What the configuration says of all policies: replaced as a whole when it changes. */
export interface PolicyRules {
  readonly defaults: PolicyDefaults;
  readonly limits: Limits;
  /** Kinds, as group/Kind, whose pods belong to one node each; absent: `DAEMON_OWNERS`. */
  readonly daemonOwners?: readonly string[];
  /** The accounts that may create exempt pods of these; absent: any. */
  readonly daemonAccounts?: NamePatterns;
  /** Kinds, as group/Kind, whose pods may wait as those of Jobs; absent: none. */
  readonly deferKinds?: readonly string[];
}

/** Limits as they are written in gridgate.yaml; patterns and globs are lists of names. */
export interface WrittenLimits {
  readonly 'max-intensity'?: number | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly mode?: Mode | undefined;
  readonly failover?: readonly string[] | undefined;
  readonly 'pod-overrides'?: readonly string[] | undefined;
  readonly 'no-opt-out'?: readonly string[] | undefined;
  readonly 'system-priority'?: readonly string[] | undefined;
  readonly 'spread-opens-dirty'?: boolean | undefined;
  readonly 'daemon-accounts'?: readonly string[] | undefined;
}

/** Compiles what gridgate.yaml says, mistakes left out; `homeRegion` (an option) counts before the file's. */
export function compileRules(
  written: {
    readonly policy?: Readonly<Record<string, string>>;
    readonly limits?: WrittenLimits;
    /** Beside the built-in ones. */
    readonly daemonOwners?: readonly string[];
    readonly defer?: { readonly kinds: readonly string[] };
  },
  homeRegion?: string,
): PolicyRules {
  const { defaults } = parsePolicyDefaults(written.policy ?? {});
  const limits = written.limits ?? {};
  const { mode = 'off', 'max-intensity': maxIntensity } = limits;
  const { daemonOwners = [], defer = { kinds: [] } } = written;
  const daemonAccounts = matcherOf(limits['daemon-accounts'], parseAccountPatterns);
  const [regions, failover, podOverrides, noOptOut, systemPriority] = [
    patternsOf(limits.regions),
    patternsOf(limits.failover),
    patternsOf(limits['pod-overrides']),
    patternsOf(limits['no-opt-out']),
    patternsOf(limits['system-priority']),
  ];
  return {
    defaults: { ...defaults, ...(homeRegion !== undefined && { homeRegion }) },
    limits: {
      ...(maxIntensity !== undefined && { maxIntensity }),
      ...(regions && { regions }),
      mode,
      ...(failover && { failover }),
      ...(podOverrides && { podOverrides }),
      ...(noOptOut && {
        noOptOut: { namespaces: noOptOut, mode: strongerMode('audit', strongerMode(mode, defaults.mode ?? 'off')) },
      }),
      ...(systemPriority && { systemPriority }),
      ...(limits['spread-opens-dirty'] === false && { spreadOpensDirty: false }),
    },
    ...(daemonOwners.length > 0 && { daemonOwners: [...new Set([...DAEMON_OWNERS, ...daemonOwners])] }),
    ...(daemonAccounts && { daemonAccounts }),
    ...(defer.kinds.length > 0 && { deferKinds: defer.kinds }),
  };
}

function patternsOf(list: readonly string[] | undefined): RegionPatterns | undefined {
  return matcherOf(list, (patterns) => parseRegionPatterns(patterns.join(',')));
}

/** An empty list matches nothing. */
function matcherOf(
  list: readonly string[] | undefined,
  parse: (patterns: readonly string[]) => NamePatterns | undefined,
): NamePatterns | undefined {
  return list?.length === 0 ? { text: 'none', matches: () => false } : list && parse(list);
}
