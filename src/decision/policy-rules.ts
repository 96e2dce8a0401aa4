import { type Limits, strongerMode } from './limits.ts';
import type { Mode } from './policy.ts';
import type { PolicyDefaults } from './policy-annotations.ts';
import { parsePolicyDefaults } from './policy-defaults.ts';
import { parseRegionPatterns, type RegionPatterns } from './region-patterns.ts';

/** What the configuration says of all policies: replaced as a whole when it changes. */
export interface PolicyRules {
  readonly defaults: PolicyDefaults;
  readonly limits: Limits;
}

/** Limits as they are written in gridgate.yaml; patterns and globs are lists of names. */
export interface WrittenLimits {
  readonly 'max-intensity'?: number | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly mode?: Mode | undefined;
  readonly failover?: readonly string[] | undefined;
  readonly 'pod-overrides'?: readonly string[] | undefined;
  readonly 'no-opt-out'?: readonly string[] | undefined;
}

/** Compiles what gridgate.yaml says, mistakes left out; `homeRegion` (an option) counts before the file's. */
export function compileRules(
  written: { readonly policy?: Readonly<Record<string, string>>; readonly limits?: WrittenLimits },
  homeRegion?: string,
): PolicyRules {
  const { defaults } = parsePolicyDefaults(written.policy ?? {});
  const limits = written.limits ?? {};
  const { mode = 'off', 'max-intensity': maxIntensity } = limits;
  const [regions, failover, podOverrides, noOptOut] = [
    patternsOf(limits.regions),
    patternsOf(limits.failover),
    patternsOf(limits['pod-overrides']),
    patternsOf(limits['no-opt-out']),
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
    },
  };
}

function patternsOf(list: readonly string[] | undefined): RegionPatterns | undefined {
  if (list === undefined) return undefined;
  return list.length === 0 ? { text: 'none', matches: () => false } : parseRegionPatterns(list.join(','));
}
