import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { MODES, type Mode, type Policy } from './policy.ts';
import { ANY_REGION, narrowRegions, patternsOutside, type RegionPatterns } from './region-patterns.ts';

/** What the configuration lets namespaces ask for. What is absent has no limit. */
export interface Limits {
  /** The highest ceiling, gCO2e/kWh. */
  readonly maxIntensity?: number;
  readonly regions?: RegionPatterns;
  /** The weakest mode of namespaces that take part. */
  readonly mode?: Mode;
  /** Namespaces that may use `priority: failover`, names or globs. */
  readonly failover?: RegionPatterns;
  /** Namespaces that may use `pod-overrides: allow`. */
  readonly podOverrides?: RegionPatterns;
  /** Namespaces that may not choose `off`, and what they get instead. */
  readonly noOptOut?: { readonly namespaces: RegionPatterns; readonly mode: Mode };
  /** Namespaces in which a system PriorityClass exempts from carbon and waiting. */
  readonly systemPriority?: RegionPatterns;
  /** A spread that clean regions cannot meet opens no dirty ones; absent: it does. */
  readonly spreadOpensDirty?: false;
}

export const NO_LIMITS: Limits = {};

/** What a policy asks beyond the limits: the annotation's key, and what would have been allowed. */
export interface Excess {
  readonly key: string;
  readonly allowed: string;
}

/**
 * A policy cut to the limits on its namespace, and what it asked beyond them; the same object where it asked nothing beyond.
 * The stricter counts:
 *
 * | limit           | asked                                     | counts                                         |
 * | --------------- | ----------------------------------------- | ---------------------------------------------- |
 * | `max-intensity` | a higher ceiling                          | the limit, for pods too                        |
 * | `regions`       | any                                       | what both allow; too much asks who names a     |
 * |                 |                                           | region, or a glob, that is wholly outside      |
 * | `no-opt-out`    | `off`, in a namespace listed there        | the strongest of `audit`, default and `mode`   |
 * | `mode`          | `off`, in any other namespace             | `off`                                          |
 * | `mode`          | a mode but `off` that is weaker           | the limit                                      |
 * | `failover`      | `failover`, in a namespace not listed     | `flexible`                                     |
 * | `pod-overrides` | `allow`, in a namespace not listed        | `tighten`                                      |
 *
 * Two more are about what pods claim, which no annotation of a namespace can ask for:
 *
 * | limit                       | counts                                                            |
 * | --------------------------- | ----------------------------------------------------------------- |
 * | `system-priority`           | in a namespace not listed a system PriorityClass exempts nothing  |
 * | `spread-opens-dirty: false` | a spread that clean regions cannot meet opens no dirty ones       |
 */
export function applyLimits(
  policy: Policy,
  namespace: string,
  limits: Limits,
): { readonly policy: Policy; readonly excess: readonly Excess[] } {
  const cuts = [
    cutCeiling(policy, limits),
    cutRegions(policy, limits),
    cutMode(policy, namespace, limits),
    cutFailover(policy, namespace, limits),
    cutOverrides(policy, namespace, limits),
    cutSystemPriority(policy, namespace, limits),
    cutSpread(policy, limits),
  ];
  const parts = cuts.flatMap((cut) => (cut.part ? [cut.part] : []));
  return {
    policy: parts.length === 0 ? policy : Object.assign({}, policy, ...parts),
    excess: cuts.flatMap(({ excess }) => (excess ? [excess] : [])),
  };
}

/** Which lists of namespaces this one is on. Namespaces with the same answer have the same limits. */
export function standingOf(namespace: string, { failover, podOverrides, noOptOut, systemPriority }: Limits): string {
  return [failover, podOverrides, noOptOut?.namespaces, systemPriority]
    .map((list) => (isOn(list, namespace) ? 1 : 0))
    .join('');
}

/** The stronger of two modes: off < audit < warn < enforce. */
export function strongerMode(some: Mode, other: Mode): Mode {
  return MODES.indexOf(some) > MODES.indexOf(other) ? some : other;
}

/** What a policy loses to one limit. */
interface Cut {
  readonly part?: Partial<Policy>;
  readonly excess?: Excess;
}

const NOTHING: Cut = {};

function cutCeiling(policy: Policy, { maxIntensity: most }: Limits): Cut {
  if (most === undefined) return NOTHING;
  if (policy.maxIntensity <= most) return policy.ceilingLimit === most ? NOTHING : { part: { ceilingLimit: most } };
  return {
    part: { maxIntensity: most, maxIntensitySetBy: 'limits', ceilingLimit: most },
    excess: excessOf('max-intensity', `at most ${most} gCO2e/kWh${LIMITED}`),
  };
}

function cutRegions({ regions }: Policy, { regions: allowed }: Limits): Cut {
  if (!allowed || regions.within === allowed) return NOTHING;
  const outside = regions === ANY_REGION ? [] : patternsOutside(regions, allowed);
  return {
    part: { regions: narrowRegions(regions, allowed) },
    ...(outside.length > 0 && {
      excess: excessOf('regions', `within ${allowed.text}${LIMITED}: ${outside.join(', ')} is outside`),
    }),
  };
}

function cutMode({ mode }: Policy, namespace: string, { mode: weakest = 'off', noOptOut }: Limits): Cut {
  if (mode === 'off') {
    if (!noOptOut?.namespaces.matches(namespace)) return NOTHING;
    const allowed = MODES.filter((other) => other !== 'off' && strongerMode(other, weakest) === other);
    return {
      part: { mode: noOptOut.mode },
      excess: excessOf('mode', `one of ${allowed.join(', ')}${LIMITED}: it may not opt out`),
    };
  }
  if (strongerMode(mode, weakest) === mode) return NOTHING;
  const allowed = MODES.slice(MODES.indexOf(weakest)).join(', ');
  return { part: { mode: weakest }, excess: excessOf('mode', `one of ${allowed}${LIMITED}`) };
}

function cutFailover({ priority }: Policy, namespace: string, { failover }: Limits): Cut {
  if (priority !== 'failover' || isOn(failover, namespace)) return NOTHING;
  return { part: { priority: 'flexible' }, excess: excessOf('priority', `one of none, flexible${LIMITED}`) };
}

function cutOverrides(policy: Policy, namespace: string, limits: Limits): Cut {
  if (policy.podOverrides !== 'allow' || isOn(limits.podOverrides, namespace)) return NOTHING;
  return { part: { podOverrides: 'tighten' }, excess: excessOf('pod-overrides', `tighten${LIMITED}`) };
}

function cutSystemPriority(policy: Policy, namespace: string, { systemPriority }: Limits): Cut {
  if (policy.systemPriorityExempts === false || isOn(systemPriority, namespace)) return NOTHING;
  return { part: { systemPriorityExempts: false } };
}

function cutSpread(policy: Policy, { spreadOpensDirty }: Limits): Cut {
  if (spreadOpensDirty === undefined || policy.spreadOpensDirty === spreadOpensDirty) return NOTHING;
  return { part: { spreadOpensDirty } };
}

/** The end of a sentence on what would be allowed. */
const LIMITED = ", which gridgate's configuration limits this namespace to";

function excessOf(name: string, allowed: string): Excess {
  return { key: ANNOTATION_PREFIX + name, allowed };
}

/** Without a list, all are on it. */
function isOn(list: RegionPatterns | undefined, namespace: string): boolean {
  return list === undefined || list.matches(namespace);
}
