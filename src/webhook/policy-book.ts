import { LRUCache } from 'lru-cache';
import { cohortOf, effectivePolicy } from '../decision/effective-policy.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Policy } from '../decision/policy.ts';
import { describeIssue, type PolicyIssue } from '../decision/policy-annotations.ts';
import type { PolicyRules } from '../decision/policy-rules.ts';
import { tellFew } from '../units/tell-few.ts';

export interface PolicyBook {
  /** The policy of a namespace, compiled once per resourceVersion. */
  policyOf(namespace: NamespaceRecord): Policy;
  /** How many of the namespaces that there are have annotations that do not parse. */
  malformed(namespaceNamed: (name: string) => NamespaceRecord | undefined): number;
}

type Tell = (namespace: string, sentences: readonly string[]) => void;

interface Entry {
  readonly resourceVersion: string;
  readonly policy: Policy;
  /** What the policy was compiled from: the last good version, or the only one there was. */
  readonly annotations: NamespaceRecord['annotations'];
}

interface Compiled {
  readonly policy: Policy;
  readonly mistakes: readonly string[];
  readonly excess: readonly string[];
}

const MOST_NAMESPACES = 20_000;
/** Namespaces with the same annotations share one policy, and so what was worked out from it. */
const MOST_POLICIES = 2_000;
/** Of what they were compiled from, and of what is wrong with it. */
const MOST_CHARACTERS = 16_000_000;
const MOST_MISTAKES = 20;

/**
 * Keeps compiled policies until `rules` answers another object. Annotations that do not parse (written while gridgate was away) leave
 * the last good policy in force; where there is none, the namespace counts as `audit`. `onMalformed` tells of each such
 * version once, `onExcess` of each that asks for more than the limits, which count, and again when other limits come.
 */
export function createPolicyBook(rules: () => PolicyRules, onMalformed: Tell, onExcess: Tell = () => {}): PolicyBook {
  let known = rules();
  const entries = new LRUCache<string, Entry>({ max: MOST_NAMESPACES });
  const policies = new LRUCache<string, Compiled>({
    max: MOST_POLICIES,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (_compiled, key) => key.length,
  });
  const malformed = new LRUCache<string, true>({ max: MOST_NAMESPACES });
  /** The version that was told of last, and what: other limits can make the same version ask for too much. */
  const told = new LRUCache<string, string>({ max: MOST_NAMESPACES });

  function compile(name: string, annotations: NamespaceRecord['annotations']): Compiled {
    const key = `${cohortOf(name, known)} ${JSON.stringify(annotations)}`;
    let compiled = policies.get(key);
    if (!compiled) {
      const { policy, mistakes, excess } = effectivePolicy(name, annotations, known);
      compiled = { policy, mistakes: describeIssues(mistakes), excess: excess.map(describeIssue) };
      policies.set(key, compiled);
    }
    return compiled;
  }

  function report(name: string, version: string, { mistakes, excess }: Compiled): void {
    if (mistakes.length > 0) malformed.set(name, true);
    else malformed.delete(name);
    if (mistakes.length + excess.length === 0) return;
    const news = [version, ...mistakes, ...excess].join('\n');
    if (told.get(name) === news) return;
    told.set(name, news);
    if (mistakes.length > 0) onMalformed(name, mistakes);
    if (excess.length > 0) onExcess(name, excess);
  }

  function policyOf({ name, resourceVersion, annotations }: NamespaceRecord): Policy {
    const current = rules();
    if (current !== known) {
      known = current;
      policies.clear();
    }
    const entry = entries.get(name);
    if (entry?.resourceVersion === resourceVersion && entry.policy.madeUnder === known) return entry.policy;
    const compiled = compile(name, annotations);
    const basis = compiled.mistakes.length > 0 && entry ? entry.annotations : annotations;
    const { policy } = compile(name, basis);
    entries.set(name, { resourceVersion, policy, annotations: basis });
    report(name, resourceVersion, compiled);
    return policy;
  }

  return {
    policyOf,
    malformed(namespaceNamed) {
      for (const name of [...malformed.keys()]) {
        const namespace = namespaceNamed(name);
        if (namespace) policyOf(namespace);
        else malformed.delete(name);
      }
      return malformed.size;
    },
  };
}

/** Annotations hold thousands of mistakes where somebody wants them to. */
function describeIssues(issues: readonly PolicyIssue[]): readonly string[] {
  return tellFew(issues, MOST_MISTAKES, describeIssue, (more) => `and ${more} more`);
}
