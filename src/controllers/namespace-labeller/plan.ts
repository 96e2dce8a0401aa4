import { shouldBeManaged } from '../../decision/managed-label.ts';
import { MANAGED_LABEL, type NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Mode } from '../../decision/policy.ts';

/** What the label `gridgate.dev/managed` must become; undefined when it is right, or none of our business. */
export function planLabel(
  { name, managed }: NamespaceRecord,
  mode: Mode,
  excluded?: ReadonlySet<string>,
): 'true' | 'none' | undefined {
  const wanted = shouldBeManaged(name, mode, excluded);
  if (wanted === undefined || wanted === managed) return undefined;
  return wanted ? 'true' : 'none';
}

/** A merge patch of that one label, for exactly the version that was judged. */
export function labelPatch({ resourceVersion }: NamespaceRecord, label: 'true' | 'none'): object {
  return { metadata: { resourceVersion, labels: { [MANAGED_LABEL]: label === 'true' ? 'true' : null } } };
}
