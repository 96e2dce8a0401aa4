import { createHash } from 'node:crypto';
import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { warningEvent } from '../warning-event.ts';

/** The `reason` of the Event. */
export const MALFORMED = 'PolicyMalformed';

/** A namespace whose annotations do not parse, and why. */
export interface Malformed {
  readonly namespace: string;
  readonly mistakes: readonly string[];
}

/** The namespaces to tell of; those that gridgate leaves alone anyway are not among them. */
export function findMalformed(
  namespaces: Iterable<NamespaceRecord>,
  mistakesOf: (namespace: NamespaceRecord) => readonly string[],
  ownNamespace?: string,
): readonly Malformed[] {
  return Array.from(namespaces)
    .filter(({ name, annotations }) => !isLeftAlone(name, ownNamespace) && Object.keys(annotations).length > 0)
    .map((namespace) => ({ namespace: namespace.name, mistakes: mistakesOf(namespace) }))
    .filter(({ mistakes }) => mistakes.length > 0);
}

function isLeftAlone(name: string, ownNamespace: string | undefined): boolean {
  return NEVER_MANAGED.has(name) || name === ownNamespace;
}

/**
 * Names the mistakes, not the resourceVersion: that one changes with every label, and the next leader must find that this
 * was told.
 */
export function eventName({ mistakes }: Malformed): string {
  const hash = createHash('sha256').update(mistakes.join('\n')).digest('hex');
  return `gridgate-policy-malformed-${hash.slice(0, 12)}`;
}

/** An Event in the namespace itself, where its owners look; `now` is epoch milliseconds. */
export function malformedEvent(malformed: Malformed, instance: string, now: number): object {
  const { namespace, mistakes } = malformed;
  const note = `gridgate cannot read this namespace's policy; its last good version counts, else mode audit: ${mistakes.join('; ')}`;
  // An Event is in the namespace of what it is about, and only a namespace itself has none.
  const regarding = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
  const what = { name: eventName(malformed), namespace, reason: MALFORMED, action: 'ReadPolicy' };
  return warningEvent({ ...what, note, regarding, instance }, now);
}
