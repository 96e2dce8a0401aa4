/** What pods are grouped by: their namespace, what owns them, or the value of a label. */
export type PodGrouping = 'namespace' | 'deployment' | `label:${string}`;

const OF_LABEL = 'label:';

/** The key of the label; undefined of another grouping. */
export function groupingLabel(grouping: string): string | undefined {
  return grouping.startsWith(OF_LABEL) ? grouping.slice(OF_LABEL.length) : undefined;
}
