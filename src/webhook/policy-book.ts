import { LRUCache } from 'lru-cache';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Policy } from '../decision/policy.ts';
import { describeIssue, type PolicyDefaults, parsePolicy } from '../decision/policy-annotations.ts';
import { createMemory, remember } from '../decision/remember.ts';

export interface PolicyBook {
  /** The policy of a namespace, compiled once per resourceVersion. */
  policyOf(namespace: NamespaceRecord): Policy;
  /** How many of the namespaces that there are have annotations that do not parse. */
  malformed(namespaceNamed: (name: string) => NamespaceRecord | undefined): number;
}

interface Entry {
  readonly resourceVersion: string;
  readonly policy: Policy;
}

const MOST_NAMESPACES = 20_000;
/** Namespaces with the same annotations share one policy, and so what was worked out from it. */
const MOST_POLICIES = 2_000;

/**
 * Keeps compiled policies. Annotations that do not parse (written while gridgate was away) leave the last good policy
 * in force; where there is none, the namespace counts as `audit`. `onMalformed` tells of each such version once.
 */
export function createPolicyBook(
  defaults: PolicyDefaults,
  onMalformed: (namespace: string, mistakes: readonly string[]) => void,
): PolicyBook {
  const entries = new LRUCache<string, Entry>({ max: MOST_NAMESPACES });
  const policies = new LRUCache<string, { policy: Policy; mistakes: readonly string[] }>({ max: MOST_POLICIES });
  const malformed = new LRUCache<string, true>({ max: MOST_NAMESPACES });
  /** The version whose mistakes were told last: two versions may take turns while the informer is behind. */
  const told = new LRUCache<string, string>({ max: MOST_NAMESPACES });

  const found = createMemory<NamespaceRecord, Policy>();

  function compile(annotations: NamespaceRecord['annotations']) {
    const key = JSON.stringify(annotations);
    let compiled = policies.get(key);
    if (!compiled) {
      const { policy, issues } = parsePolicy(annotations, defaults);
      compiled = {
        policy: issues.length > 0 ? policyDespiteMistakes(policy, annotations) : policy,
        mistakes: issues.map(describeIssue),
      };
      policies.set(key, compiled);
    }
    return compiled;
  }

  function report(name: string, version: string, mistakes: readonly string[]): void {
    malformed.set(name, true);
    if (told.get(name) === version) return;
    told.set(name, version);
    onMalformed(name, mistakes);
  }

  function versionOf({ name, resourceVersion, annotations }: NamespaceRecord): Policy {
    const known = entries.get(name);
    if (known?.resourceVersion === resourceVersion) return known.policy;
    const { policy, mistakes } = compile(annotations);
    const entry = { resourceVersion, policy: mistakes.length > 0 && known ? known.policy : policy };
    entries.set(name, entry);
    if (mistakes.length === 0) malformed.delete(name);
    else report(name, resourceVersion, mistakes);
    return entry.policy;
  }

  /** On the request path a look at the namespace itself: among ten thousand, every table costs its cache misses. */
  function policyOf(namespace: NamespaceRecord): Policy {
    return remember(found, namespace, () => versionOf(namespace));
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

/** A namespace that opted out stays out; any other, a misspelt mode included, is only observed. */
export function policyDespiteMistakes(policy: Policy, annotations: NamespaceRecord['annotations']): Policy {
  const saysMode = Object.hasOwn(annotations, 'gridgate.dev/mode');
  const off = policy.mode === 'off' && (!saysMode || annotations['gridgate.dev/mode']?.trim() === 'off');
  return off ? policy : { ...policy, mode: 'audit' };
}
