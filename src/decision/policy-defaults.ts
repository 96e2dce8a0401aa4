import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { POLICY_ANNOTATIONS, type PolicyDefaults, parsePolicy, quoted } from './policy-annotations.ts';

/** What gridgate does where neither a namespace nor the configuration says anything, as it would be written. */
export const BUILT_IN_DEFAULTS: Readonly<Record<string, string>> = {
  mode: 'off',
  'max-intensity': '300',
  'when-all-dirty': 'cleanest',
  regions: '*',
  weights: 'carbon=1,cost=0,latency=0',
  placement: 'prefer',
  priority: 'flexible',
  'defer-min-saving': '10',
  'defer-by': 'gate',
  'pod-overrides': 'tighten',
};

/** Compiles defaults written like annotations without their prefix; every mistake is a sentence, with its key. */
export function parsePolicyDefaults(texts: Readonly<Record<string, string>>): {
  readonly defaults: PolicyDefaults;
  readonly mistakes: readonly { readonly name: string; readonly message: string }[];
} {
  const entries = Object.entries(texts);
  const { issues } = parsePolicy(Object.fromEntries(entries.map(([name, value]) => [ANNOTATION_PREFIX + name, value])));
  const mistakes = issues.map(({ key, value, allowed, nearest }) => ({
    name: withoutPrefix(key),
    message:
      allowed === ''
        ? `no such annotation${nearest === undefined ? '' : `, did you mean ${withoutPrefix(nearest)}?`}`
        : `${quoted(value)} is not ${allowed}`,
  }));
  let defaults: PolicyDefaults = {};
  for (const [name, value] of entries) {
    const known = Object.hasOwn(POLICY_ANNOTATIONS, name) ? POLICY_ANNOTATIONS[name] : undefined;
    defaults = { ...defaults, ...known?.parse(value.trim()) };
  }
  if (defaults.maxIntensity !== undefined) defaults = { ...defaults, maxIntensitySetBy: 'default' };
  return {
    defaults: entries.length === 0 ? defaults : { ...defaults, defaulted: new Set(Object.keys(texts)) },
    mistakes,
  };
}

function withoutPrefix(key: string): string {
  return key.slice(ANNOTATION_PREFIX.length);
}
