import { effectivePolicy } from '../../decision/effective-policy.ts';
import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import type { Policy } from '../../decision/policy.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';

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
