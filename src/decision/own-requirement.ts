import { isEmptyTerm, type NodeSelectorTerm, type Requirement } from './node-selector.ts';
import { type Pod, requiredTerms } from './pod.ts';

/** A requirement on the region label that gridgate adds. */
export interface RegionRequirement {
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

/**
 * Follows each requirement of ours and is true on every node, so that a pod which is decided again (reinvocation, a
 * copied or restored pod) is judged by what its author asked for. Whoever forges it gains nothing: the requirement
 * before it stays in force at the scheduler, and gridgate only ever adds to it.
 */
const MARKER: Requirement = { key: 'gridgate.dev/placed', operator: 'DoesNotExist' };

/** The expressions that carry a requirement of ours. */
export function ownExpressions(regionLabel: string, requirement: RegionRequirement): readonly Requirement[] {
  return [{ key: regionLabel, operator: requirement.operator, values: requirement.values }, MARKER];
}

/** Whether a term already carries this very requirement of ours. */
export function carries(term: NodeSelectorTerm, regionLabel: string, requirement: RegionRequirement): boolean {
  const expressions = term.matchExpressions ?? [];
  return expressions.some(
    (expression, index) =>
      isOwn(expressions, index) &&
      expression.key === regionLabel &&
      expression.operator === requirement.operator &&
      isSameList(expression.values ?? [], requirement.values),
  );
}

/** The terms as the pod's author wrote them; `undefined` when only ours are there. An empty term stays: it matches no node. */
export function withoutOwn(terms: readonly NodeSelectorTerm[]): readonly NodeSelectorTerm[] | undefined {
  if (!terms.some(hasOwn)) return terms;
  const stripped = terms.map((term) => (hasOwn(term) ? strip(term) : term));
  return stripped.some((term, index) => isEmptyTerm(term) && !isEmptyTerm(terms[index] ?? {})) ? undefined : stripped;
}

/** Whether a pod carries a requirement that gridgate added, or that somebody forged. */
export function carriesOwn(pod: Pod): boolean {
  return requiredTerms(pod)?.some(hasOwn) ?? false;
}

function hasOwn(term: NodeSelectorTerm): boolean {
  return (term.matchExpressions ?? []).some((_, index, expressions) => isOwn(expressions, index));
}

function strip(term: NodeSelectorTerm): NodeSelectorTerm {
  const expressions = term.matchExpressions ?? [];
  return {
    ...term,
    matchExpressions: expressions.filter((expression, index) => !isMarker(expression) && !isOwn(expressions, index)),
  };
}

function isOwn(expressions: readonly Requirement[], index: number): boolean {
  const next = expressions[index + 1];
  return next !== undefined && isMarker(next) && !isMarker(expressions[index] ?? next);
}

function isMarker(expression: Requirement): boolean {
  return expression.key === MARKER.key && expression.operator === MARKER.operator;
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
