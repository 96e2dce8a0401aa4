import { parse } from 'yaml';

/**
 * What Cluster Autoscaler's priority expander makes of a text, written after its readme and source (cluster-autoscaler/expander/priority,
 * Apache-2.0): of the groups that could take a pod, those that an expression of the highest priority is found in; a group that nothing
 * names is not used where another is named; where none is, all are left to chance.
 */
export function chosenGroups(text: string, options: readonly string[]): readonly string[] {
  const priorities = Object.entries((parse(text, { version: '1.1' }) ?? {}) as Record<string, string[] | null>);
  const priorityOf = (group: string) =>
    Math.max(
      ...priorities
        .filter(([, expressions]) => (expressions ?? []).some((expression) => new RegExp(expression).test(group)))
        .map(([priority]) => Number(priority)),
    );
  const best = Math.max(...options.map(priorityOf));
  return best === Number.NEGATIVE_INFINITY ? options : options.filter((group) => priorityOf(group) === best);
}
