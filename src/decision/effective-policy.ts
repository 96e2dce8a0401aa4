import { budgetIssues } from './carbon-budget.ts';
import { applyLimits, NO_LIMITS, standingOf } from './limits.ts';
import { NEVER_MANAGED } from './managed-label.ts';
import type { NamespaceRecord } from './namespace-record.ts';
import type { Policy } from './policy.ts';
import { type PolicyIssue, parsePolicy } from './policy-annotations.ts';
import type { PolicyRules } from './policy-rules.ts';

/** The policy that counts for a namespace, with all mistakes in its annotations and all that it asks beyond the limits. */
export interface EffectivePolicy {
  readonly policy: Policy;
  readonly mistakes: readonly PolicyIssue[];
  readonly excess: readonly PolicyIssue[];
}

type Annotations = NamespaceRecord['annotations'];

/** Compiles a namespace's annotations under the configuration's rules; with mistakes it counts as `audit`, or stays out. */
export function effectivePolicy(name: string, annotations: Annotations, rules: PolicyRules): EffectivePolicy {
  const asked = parsePolicy(annotations, rules.defaults);
  const limited = applyLimits(asked.policy, name, NEVER_MANAGED.has(name) ? NO_LIMITS : rules.limits);
  const excess = limited.excess.flatMap(({ key, allowed }) => {
    const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    // A default beyond the limits is not something that the namespace asked for.
    return value === undefined || asked.issues.some((issue) => issue.key === key) ? [] : [{ key, value, allowed }];
  });
  const { daemonOwners, daemonAccounts, deferKinds } = rules;
  const policy: Policy = {
    ...limited.policy,
    ...(daemonOwners && { daemonOwners }),
    ...(daemonAccounts && { daemonAccounts }),
    ...(deferKinds && { deferKinds }),
    madeUnder: rules,
  };
  return {
    policy: asked.issues.length > 0 ? policyDespiteMistakes(policy, annotations) : policy,
    // A budget that cannot be read changes nothing of the policy.
    mistakes: [...asked.issues, ...(NEVER_MANAGED.has(name) ? [] : budgetIssues(annotations))],
    excess,
  };
}

/** Namespaces of one cohort get the same policy from the same annotations. */
export function cohortOf(name: string, { limits }: PolicyRules): string {
  return NEVER_MANAGED.has(name) ? 'never' : standingOf(name, limits);
}

/** A namespace that opted out stays out; any other, a misspelt mode included, is only observed. */
function policyDespiteMistakes(policy: Policy, annotations: Annotations): Policy {
  const saysMode = Object.hasOwn(annotations, 'gridgate.dev/mode');
  const off = policy.mode === 'off' && (!saysMode || annotations['gridgate.dev/mode']?.trim() === 'off');
  return off ? policy : { ...policy, mode: 'audit' };
}
