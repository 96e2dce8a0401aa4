import { z } from 'zod';
import { applyLimits } from '../decision/limits.ts';
import { BUILT_IN_DEFAULTS, MODES } from '../decision/policy.ts';
import { POLICY_ANNOTATIONS, parsePolicy } from '../decision/policy-annotations.ts';
import { parsePolicyDefaults } from '../decision/policy-defaults.ts';
import { compileRules, type WrittenLimits } from '../decision/policy-rules.ts';
import { parseAccountPatterns, parseRegionPatterns } from '../decision/region-patterns.ts';

/** YAML 1.1 reads the word off as a boolean; a mode can mean nothing else by it. */
const mode = z
  .preprocess((value) => (value === false ? 'off' : value), z.enum(MODES))
  .meta({ type: ['string', 'boolean'], enum: [...MODES, false] });

const scalar = z.union([z.string(), z.number(), z.boolean()], { message: 'must be text, a number or a list of them' });
const written = z.union([scalar, z.array(scalar)], { message: 'must be text, a number or a list of them' });

/** What each key means; what it takes stands in the table of annotations. */
export const POLICY_MEANINGS: Readonly<Record<string, string>> = {
  mode: 'off: nothing. audit: records alone. warn: steers, and warns where enforce would deny. enforce: steers and denies',
  'max-intensity': 'Regions above it are refused',
  'when-all-dirty': 'What happens when every allowed, healthy region is above max-intensity',
  regions: 'Where data may live',
  'home-region': 'Where pods would have gone without gridgate; latency counts from here',
  'max-latency': 'Regions farther from home are refused',
  weights: 'What the ranking balances',
  placement:
    'require: only regions within 10% of the best. none: no preference. auto: require for flexible pods where Cluster Autoscaler brings nodes, which ignores preferences; prefer for all others. Refused regions are kept out in all of them',
  spread:
    'Of so many of the best regions none is preferred to another, so that replicas share them; otherwise nearly all go to the best',
  'prefer-arch': 'Preferred while home is not clean',
  priority: 'Which PriorityClasses gridgate may set; failover allows both',
  tolerate: 'Which taints gridgate.dev/carbon get a toleration',
  defer: 'How long pods may wait for cleaner electricity',
  'defer-min-saving': 'The least that waiting must save',
  'defer-by': 'How pods wait',
  'pod-overrides': "tighten: a pod's annotations only make its own treatment stricter. allow: they may loosen it",
};

const TEXT_OR_LIST = {
  anyOf: [{ type: ['string', 'number'] }, { type: 'array', items: { type: ['string', 'number'] } }],
};

/** For editors: the keys that there are, since the record below takes any and parses it itself. */
function policySchema() {
  const properties = Object.entries(POLICY_ANNOTATIONS).map(([name, { allowed, words }]) => [
    name,
    {
      description: `${POLICY_MEANINGS[name]}. Takes ${allowed}.`,
      ...(words ? { enum: name === 'mode' ? [...words, false] : words } : TEXT_OR_LIST),
      ...(Object.hasOwn(BUILT_IN_DEFAULTS, name) && { default: BUILT_IN_DEFAULTS[name] }),
    },
  ]);
  return { properties: Object.fromEntries(properties), additionalProperties: false, propertyNames: undefined };
}

/**
 * What counts for namespaces that say nothing, keyed and written like their annotations without prefix, and parsed as
 * these are; lists may be written as lists.
 */
export const policyConfig = z
  .record(z.string(), written)
  .transform((entries, context) => {
    const texts = Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, textOf(name, value)]));
    for (const { name, message } of parsePolicyDefaults(texts).mistakes)
      context.addIssue({ code: 'custom', path: [name], message });
    return texts;
  })
  .default({})
  .meta({
    description: 'What counts for namespaces that say nothing: their annotations without the prefix gridgate.dev/.',
    ...policySchema(),
  });

/** One name or glob, not several between commas. */
function glob(isOne: (text: string) => boolean, error: string) {
  return z
    .string()
    .refine((text) => !text.includes(',') && isOne(text), error)
    .meta({ pattern: '^[^,]+$' });
}

const patterns = z
  .array(glob((text) => parseRegionPatterns(text) !== undefined, 'must be a name or glob such as eu-*'))
  .max(100);
const account = glob(
  (text) => parseAccountPatterns([text]) !== undefined,
  'must be an account or glob such as system:serviceaccount:kube-system:*',
);
const MOST_GRAMS_PER_KWH = 1_000_000;

export const limitsConfig = z
  .strictObject({
    'max-intensity': z
      .number()
      .nonnegative()
      .max(MOST_GRAMS_PER_KWH)
      .optional()
      .describe('The highest max-intensity that counts, in gCO2e/kWh.'),
    regions: patterns.min(1).optional().describe('Names or globs of the only regions that may be allowed; ! excludes.'),
    mode: mode.optional().describe('The weakest mode that a namespace that has opted in may have.'),
    failover: patterns.optional().describe('Names or globs of namespaces that may have priority: failover.'),
    'pod-overrides': patterns.optional().describe('Names or globs of namespaces that may have pod-overrides: allow.'),
    'no-opt-out': patterns
      .optional()
      .describe('Names or globs of namespaces that may not be off: they count as audit at least.'),
    'system-priority': patterns
      .optional()
      .describe(
        'Names or globs of namespaces in which a system PriorityClass exempts from carbon and waiting; all where it is left out.',
      ),
    'spread-opens-dirty': z
      .boolean()
      .optional()
      .describe(
        'Whether a topology spread that clean regions cannot meet opens dirty ones, as it does where this is left out; otherwise its pods are denied.',
      ),
    'daemon-accounts': z
      .array(account)
      .max(100)
      .optional()
      .describe('Names or globs of the accounts that may create exempt pods of daemon sets; any where it is left out.'),
  })
  .default({})
  .describe('What namespaces may ask for; without a key there is no such limit.');

/** Limits on what these defaults say themselves, a sentence each: a file that contradicts itself. */
export function findContradictions(
  policy: Readonly<Record<string, string>>,
  limits: WrittenLimits,
): readonly { readonly name: string; readonly message: string }[] {
  const rules = compileRules({ policy, limits });
  const { excess } = applyLimits(parsePolicy({}, rules.defaults).policy, '', rules.limits);
  return ['max-intensity', 'regions', 'mode'].flatMap((name) => {
    const beyond = excess.find(({ key }) => key.endsWith(`/${name}`));
    const value = policy[name];
    return beyond && value !== undefined
      ? [{ name, message: `${JSON.stringify(value)} is beyond what limits allow` }]
      : [];
  });
}

type Scalar = z.infer<typeof scalar>;

function textOf(name: string, value: Scalar | readonly Scalar[]): string {
  if (Array.isArray(value)) return value.join(',');
  return name === 'mode' && value === false ? 'off' : String(value);
}
