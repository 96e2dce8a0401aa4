import { effectivePolicy } from '../../decision/effective-policy.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { describeIssue } from '../../decision/policy-annotations.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import { HOME_KEY, REGIONS_KEY, unknownNames } from '../../decision/unknown-names.ts';
import { compareText } from '../../units/compare-text.ts';
import type { GivenNamespace, WrongNamespace } from './audited-workload.ts';
import type { AuditContext } from './judge-workload.ts';
import { type KnownRegions, placeholdersOf } from './unknown-regions.ts';

export interface AuditPolicies {
  readonly policyOf: AuditContext['policyOf'];
  /** All of the input, and those that were asked for: what is wrong with their annotations. */
  wrong(): readonly WrongNamespace[];
}

/**
 * The policy of each namespace, compiled once. A namespace of the input counts before what is known of it, key by key, as
 * `kubectl apply` would have it. `onExcess` hears, once, what it asks beyond the limits, which count.
 */
export function createPolicies(deps: {
  readonly rules: PolicyRules;
  readonly known: ReadonlyMap<string, NamespaceRecord>;
  readonly input: ReadonlyMap<string, GivenNamespace>;
  readonly knownRegions: KnownRegions;
  readonly onExcess: (sentence: string) => void;
}): AuditPolicies {
  const { rules, known, input, knownRegions, onExcess } = deps;
  const wrong: WrongNamespace[] = [];
  const compiled = new Map<string, ReturnType<AuditContext['policyOf']>>();

  function compile(name: string): ReturnType<AuditContext['policyOf']> {
    const records = [known.get(name), input.get(name)].filter((record) => record !== undefined);
    const annotations = Object.assign({}, ...records.map((record) => record.annotations));
    const { policy, mistakes, excess } = effectivePolicy(name, annotations, rules);
    for (const issue of excess) onExcess(`namespace ${name}: ${describeIssue(issue)}`);
    const { place = null, misplaced = [] } = input.get(name) ?? {};
    const unknown = unknownNames(annotations, [REGIONS_KEY, HOME_KEY], knownRegions);
    const told = [...mistakes.map(describeIssue), ...misplaced, ...unknown];
    if (told.length > 0) wrong.push({ namespace: name, place, mistakes: told });
    return { policy, isDescribed: records.length > 0, placeholders: placeholdersOf(annotations) };
  }

  function policyOf(name: string): ReturnType<AuditContext['policyOf']> {
    const found = compiled.get(name) ?? compile(name);
    compiled.set(name, found);
    return found;
  }

  return {
    policyOf,
    wrong() {
      for (const name of input.keys()) policyOf(name);
      return wrong.toSorted((a, b) => compareText(a.namespace, b.namespace));
    },
  };
}
