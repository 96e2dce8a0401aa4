import type { PatchOperation } from './patch.ts';
import type { Pod } from './pod.ts';

/** The scheduling gate of pods that wait for a cleaner hour. */
export const WAIT_GATE = 'gridgate.dev/defer';
const GATES = '/spec/schedulingGates';

export function isGated(pod: Pod): boolean {
  return pod.spec?.schedulingGates?.some(({ name }) => name === WAIT_GATE) ?? false;
}

/** Adds our gate to those of others. */
export function gateOperations(pod: Pod): readonly PatchOperation[] {
  if (isGated(pod)) return [];
  const gate = { name: WAIT_GATE };
  return pod.spec?.schedulingGates
    ? [{ op: 'add', path: `${GATES}/-`, value: gate }]
    : [{ op: 'add', path: GATES, value: [gate] }];
}

/** Takes our gate away, and those of others never; nothing where there is none. */
export function ungateOperations(pod: Pod): readonly PatchOperation[] {
  const index = pod.spec?.schedulingGates?.findIndex(({ name }) => name === WAIT_GATE) ?? -1;
  return index < 0 ? [] : [{ op: 'remove', path: `${GATES}/${index}` }];
}
