import { effectivePolicy } from '../../decision/effective-policy.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { describeIssue } from '../../decision/policy-annotations.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import type { AuditContext } from './judge-workload.ts';
import { placeholdersOf } from './unknown-regions.ts';

type Namespaces = ReadonlyMap<string, NamespaceRecord>;

/**
 * The policy of each namespace, compiled once. A namespace of the input counts before what is known of it, key by key, as
 * `kubectl apply` would have it. `onIssue` hears, once, what is wrong with its annotations.
 */
export function createPolicies(deps: {
  readonly rules: PolicyRules;
  readonly known: Namespaces;
  readonly input: Namespaces;
  readonly onIssue: (sentence: string) => void;
}): AuditContext['policyOf'] {
  const { rules, known, input, onIssue } = deps;
  const compiled = new Map<string, ReturnType<AuditContext['policyOf']>>();

  function compile(name: string): ReturnType<AuditContext['policyOf']> {
    const records = [known.get(name), input.get(name)].filter((record) => record !== undefined);
    const annotations = Object.assign({}, ...records.map((record) => record.annotations));
    const { policy, mistakes, excess } = effectivePolicy(name, annotations, rules);
    for (const issue of [...mistakes, ...excess]) onIssue(`namespace ${name}: ${describeIssue(issue)}`);
    return { policy, isDescribed: records.length > 0, placeholders: placeholdersOf(annotations) };
  }

  return (name) => {
    const found = compiled.get(name) ?? compile(name);
    compiled.set(name, found);
    return found;
  };
}
