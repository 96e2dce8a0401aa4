import {
  BUDGET_WORDS,
  CARBON_BUDGET,
  MIN_REPLICAS,
  parseCarbonBudget,
  parseMinReplicas,
} from '../decision/carbon-budget.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import { quoted } from '../decision/policy-annotations.ts';
import type { ScaledKind, ScaledWorkload } from './scaled-workload.ts';

/** What a budget is about: all pods of a namespace, or those of one workload. */
export interface BudgetScope {
  readonly kind: 'Namespace' | ScaledKind;
  /** Of a Namespace its own name. */
  readonly namespace: string;
  readonly name: string;
  /** Unknown of a Namespace. */
  readonly uid?: string;
  /** kgCO2e an hour. */
  readonly limit: number;
}

/** An annotation that means nothing as it stands, and what it is on. */
export interface BudgetMistake extends Pick<BudgetScope, 'kind' | 'namespace' | 'name' | 'uid'> {
  readonly key: string;
  /** In words. */
  readonly mistake: string;
}

export interface BudgetScopes {
  /** By `scopeKey`. */
  readonly scopes: ReadonlyMap<string, BudgetScope>;
  readonly mistakes: readonly BudgetMistake[];
}

/** More are not followed: each is counted, told and shown by itself. Those of namespaces come first. */
export const MOST_SCOPES = 2_000;
const MOST_MISTAKES = 200;

export function scopeKey({ kind, namespace, name }: Pick<BudgetScope, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

export function namespaceKey(name: string): string {
  return scopeKey({ kind: 'Namespace', namespace: name, name });
}

export function findScopes(namespaces: Iterable<NamespaceRecord>, workloads: Iterable<ScaledWorkload>): BudgetScopes {
  const scopes = new Map<string, BudgetScope>();
  const mistakes: BudgetMistake[] = [];

  function look(what: Omit<BudgetScope, 'limit'>, annotations: Readonly<Record<string, string>>): void {
    const { [CARBON_BUDGET]: budget, [MIN_REPLICAS]: least } = annotations;
    const limit = budget === undefined ? undefined : parseCarbonBudget(budget);
    if (limit !== undefined && scopes.size < MOST_SCOPES) scopes.set(scopeKey(what), { ...what, limit });
    if (mistakes.length >= MOST_MISTAKES) return;
    if (budget !== undefined && limit === undefined)
      mistakes.push({
        ...what,
        key: CARBON_BUDGET,
        mistake: `${CARBON_BUDGET}: ${quoted(budget)} is not ${BUDGET_WORDS[CARBON_BUDGET]}`,
      });
    if (least !== undefined && what.kind !== 'Namespace' && parseMinReplicas(least) === undefined)
      mistakes.push({
        ...what,
        key: MIN_REPLICAS,
        mistake: `${MIN_REPLICAS}: ${quoted(least)} is not ${BUDGET_WORDS[MIN_REPLICAS]}`,
      });
  }

  for (const { name, annotations } of namespaces) look({ kind: 'Namespace', namespace: name, name }, annotations);
  for (const { kind, namespace, name, uid, annotations } of workloads)
    look({ kind, namespace, name, uid }, annotations);
  return { scopes, mistakes };
}
