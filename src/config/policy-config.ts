import { z } from 'zod';
import { applyLimits } from '../decision/limits.ts';
import { MODES } from '../decision/policy.ts';
import { parsePolicy } from '../decision/policy-annotations.ts';
import { parsePolicyDefaults } from '../decision/policy-defaults.ts';
import { compileRules, type WrittenLimits } from '../decision/policy-rules.ts';
import { parseAccountPatterns, parseRegionPatterns } from '../decision/region-patterns.ts';

/** YAML 1.1 reads the word off as a boolean; a mode can mean nothing else by it. */
const mode = z.preprocess((value) => (value === false ? 'off' : value), z.enum(MODES));

const scalar = z.union([z.string(), z.number(), z.boolean()], { message: 'must be text, a number or a list of them' });
const written = z.union([scalar, z.array(scalar)], { message: 'must be text, a number or a list of them' });

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
  .default({});

/** A name or glob; `!` excludes. */
const pattern = z
  .string()
  .refine(
    (text) => !text.includes(',') && parseRegionPatterns(text) !== undefined,
    'must be a name or glob such as eu-*',
  );
const patterns = z.array(pattern).max(100);
const account = z
  .string()
  .refine(
    (text) => !text.includes(',') && parseAccountPatterns([text]) !== undefined,
    'must be an account or glob such as system:serviceaccount:kube-system:*',
  );
const MOST_GRAMS_PER_KWH = 1_000_000;

/** What namespaces may ask for; without a key there is no such limit. */
export const limitsConfig = z
  .strictObject({
    'max-intensity': z.number().nonnegative().max(MOST_GRAMS_PER_KWH).optional(),
    regions: patterns.min(1).optional(),
    mode: mode.optional(),
    failover: patterns.optional(),
    'pod-overrides': patterns.optional(),
    'no-opt-out': patterns.optional(),
    /** Namespaces in which a system PriorityClass exempts from carbon and waiting. */
    'system-priority': patterns.optional(),
    /** Whether a spread that clean regions cannot meet opens dirty ones; otherwise its pods are denied. */
    'spread-opens-dirty': z.boolean().optional(),
    /** Who may create pods of daemon sets that are exempt. */
    'daemon-accounts': z.array(account).max(100).optional(),
  })
  .default({});

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
