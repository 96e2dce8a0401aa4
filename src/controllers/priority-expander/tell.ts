import { createHash } from 'node:crypto';
import { isoTime } from '../../units/moment.ts';
import { nameFew } from '../../units/tell-few.ts';
import { type EventParts, toEvent } from '../event.ts';
import type { Notice } from '../notices.ts';
import type { Placed } from './plan.ts';

/** Something to tell of the priorities for as long as it is so. */
export type Told = Pick<EventParts, 'type' | 'reason' | 'note'>;

/** On the ConfigMap, by its owner: which priorities are gridgate's, such as `100-199`. Without it gridgate writes nothing there. */
export const DECLARED = 'gridgate.dev/priorities';
/** On it, by gridgate: when it last changed the priorities (stamp.ts). What it wrote is there only with this. */
export const CHANGED = 'gridgate.dev/priorities-changed';

const MOST_NAMED = 8;

export function tellMissing(configMap: string): Told {
  return warning('PrioritiesMissing', `there is no ConfigMap ${configMap}: ${howToDeclare(configMap)}`);
}

export function tellUndeclared(configMap: string): Told {
  return warning(
    'PrioritiesNotDeclared',
    `the ConfigMap ${configMap} does not say which priorities are gridgate's, so nothing is written: ${howToDeclare(configMap)}`,
  );
}

export function tellMalformed(configMap: string, value: string): Told {
  return warning(
    'PrioritiesNotDeclared',
    `${DECLARED} of ${configMap} is ${JSON.stringify(value.slice(0, 80))}, not a range of three priorities or more such as 100-199: nothing is written`,
  );
}

export function tellRefused(configMap: string, why: string): Told {
  return warning('PrioritiesRefused', `${configMap} stays as it is: ${why}`);
}

export function tellStatus(status: string, problem: string): Told {
  return warning(
    'PrioritiesStatus',
    `the status of Cluster Autoscaler, ConfigMap ${status}, ${problem}: its priorities stay as they are`,
  );
}

/** Of what is written, where something is. */
export function tellWritten({ priorities }: Placed, changedAt: number | undefined): readonly Told[] {
  if (priorities.size === 0) return [];
  const since = changedAt === undefined ? '' : `since ${isoTime(changedAt)} `;
  const note = `${since}node groups have the priority of their region: ${tellPriorities(priorities)}`;
  return [{ type: 'Normal', reason: 'PrioritiesWritten', note }];
}

/** Of what was put back, and is not written again at once. */
export function tellResting(until: number): Told {
  const note = `the priorities were put back, and are written again from ${isoTime(until)} on`;
  return { type: 'Normal', reason: 'PrioritiesResting', note };
}

/** Of what would be. */
export function tellWould({ priorities }: Placed): Told {
  return {
    type: 'Normal',
    reason: 'PrioritiesWouldChange',
    note: `with --priority-expander=on node groups would have the priority of their region: ${tellPriorities(priorities)}`,
  };
}

export function tellOutranked({ outranked }: Placed): readonly Told[] {
  if (outranked.length === 0) return [];
  const named = nameFew(outranked, MOST_NAMED, ({ group, priority }) => `${group.slice(0, 100)} (${priority})`);
  return [
    {
      type: 'Normal',
      reason: 'PrioritiesOutranked',
      note: `entries that people wrote rank higher than those of gridgate, which say nothing there: ${named}`,
    },
  ];
}

function tellPriorities(priorities: Placed['priorities']): string {
  const sorted = [...priorities].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  return nameFew(sorted, MOST_NAMED, ([region, priority]) => `${region} ${priority}`);
}

function howToDeclare(configMap: string): string {
  const [namespace, name] = configMap.split('/');
  return `kubectl annotate configmap -n ${namespace} ${name} ${DECLARED}=100-199`;
}

function warning(reason: string, note: string): Told {
  return { type: 'Warning', reason, note };
}

/** An Event on gridgate's own Namespace: in that of Kubernetes itself gridgate writes none. Its name is that of what it says. */
export function toNotice(
  told: Told,
  {
    ownNamespace,
    instance,
    now,
  }: { readonly ownNamespace: string; readonly instance: string; readonly now: () => number },
): Notice {
  const hash = createHash('sha256').update(`${told.reason}\n${told.note}`).digest('hex');
  const name = `gridgate-priorities-${hash.slice(0, 12)}`;
  const regarding = { apiVersion: 'v1', kind: 'Namespace', name: ownNamespace };
  const parts = { ...told, name, namespace: ownNamespace, action: 'KeepPriorities', regarding, instance };
  return { namespace: ownNamespace, name, event: () => toEvent(parts, now()) };
}
