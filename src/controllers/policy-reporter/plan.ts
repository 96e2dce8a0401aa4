import { createHash } from 'node:crypto';
import { isLeftAlone } from '../../decision/managed-label.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Mode } from '../../decision/policy.ts';
import { type Regarding, toEvent } from '../event.ts';

/** The `reason` of the Events. */
export const MALFORMED = 'PolicyMalformed';
export const UNENFORCEABLE = 'NothingAllowedIsKnown';

/** A namespace whose annotations do not parse, and why. */
export interface Malformed {
  readonly namespace: string;
  readonly mistakes: readonly string[];
}

/** A namespace of whose `regions` nothing here is any: sovereignty fails closed. */
export interface Unenforceable {
  readonly namespace: string;
  /** As they are written. */
  readonly regions: string;
  readonly mode: Mode;
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

/** `regionsOf` answers what a namespace's policy allows where that is nothing known here. */
export function findUnenforceable(
  namespaces: Iterable<NamespaceRecord>,
  regionsOf: (namespace: NamespaceRecord) => Omit<Unenforceable, 'namespace'> | undefined,
  ownNamespace?: string,
): readonly Unenforceable[] {
  const found: Unenforceable[] = [];
  for (const namespace of namespaces) {
    const { name } = namespace;
    const policy = isLeftAlone(name, ownNamespace) ? undefined : regionsOf(namespace);
    if (policy) found.push({ namespace: name, ...policy });
  }
  return found;
}

/** Names what is allowed, not what is known: nodes that come and go in other regions change nothing of it. */
export function unenforceableName({ regions, mode }: Unenforceable): string {
  const hash = createHash('sha256').update(`${mode}\n${regions}`).digest('hex');
  return `gridgate-nothing-allowed-${hash.slice(0, 12)}`;
}

/** An Event in the namespace itself; `known` as `listKnown` says it, `now` is epoch milliseconds. */
export function unenforceableEvent(
  found: Unenforceable,
  known: string,
  { instance, now }: { readonly instance: string; readonly now: number },
): object {
  const { namespace, regions, mode } = found;
  const what = mode === 'enforce' ? 'every new pod is denied' : 'in mode enforce every new pod would be denied';
  const note = `nothing here is among the regions that this namespace allows, so ${what} (${known}): ${regions}`;
  const event = { name: unenforceableName(found), namespace, reason: UNENFORCEABLE, action: 'ReadPolicy' };
  return toEvent({ type: 'Warning', ...event, note, regarding: regardingOf(namespace), instance }, now);
}

/** An Event is in the namespace of what it is about, and only a namespace itself has none. */
function regardingOf(namespace: string): Regarding {
  return { apiVersion: 'v1', kind: 'Namespace', name: namespace };
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
  const what = { name: eventName(malformed), namespace, reason: MALFORMED, action: 'ReadPolicy' };
  return toEvent({ type: 'Warning', ...what, note, regarding: regardingOf(namespace), instance }, now);
}
