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
  /** How many budgets are not followed, by namespace. */
  readonly left: ReadonlyMap<string, number>;
}

/** More are not followed: each is counted, told and shown by itself. Those of namespaces come first, and none takes all that there is. */
export const MOST_SCOPES = 2_000;
export const MOST_SCOPES_OF_WORKLOADS = 200;
const MOST_MISTAKES = 200;

export function scopeKey({ kind, namespace, name }: Pick<BudgetScope, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

export function namespaceKey(name: string): string {
  return scopeKey({ kind: 'Namespace', namespace: name, name });
}

/** One step for each that may have one; answers all at the end. */
export function* findScopes(
  namespaces: Iterable<NamespaceRecord>,
  workloads: Iterable<ScaledWorkload>,
): Generator<unknown, BudgetScopes> {
  const scopes = new Map<string, BudgetScope>();
  const mistakes: BudgetMistake[] = [];
  const left = new Map<string, number>();
  const ofWorkloads = new Map<string, number>();

  function follow(scope: BudgetScope): void {
    const { kind, namespace } = scope;
    const count = kind === 'Namespace' ? 0 : (ofWorkloads.get(namespace) ?? 0) + 1;
    const isFull = scopes.size >= MOST_SCOPES || count > MOST_SCOPES_OF_WORKLOADS;
    if (isFull) left.set(namespace, (left.get(namespace) ?? 0) + 1);
    else {
      scopes.set(scopeKey(scope), scope);
      if (count > 0) ofWorkloads.set(namespace, count);
    }
  }

  function look(what: Omit<BudgetScope, 'limit'>, annotations: Readonly<Record<string, string>>): void {
    const { [CARBON_BUDGET]: budget, [MIN_REPLICAS]: least } = annotations;
    const limit = budget === undefined ? undefined : parseCarbonBudget(budget);
    if (limit !== undefined) follow({ ...what, limit });
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

  for (const { name, annotations } of namespaces) yield look({ kind: 'Namespace', namespace: name, name }, annotations);
  for (const { kind, namespace, name, uid, annotations } of workloads)
    yield look({ kind, namespace, name, uid }, annotations);
  return { scopes, mistakes, left };
}
