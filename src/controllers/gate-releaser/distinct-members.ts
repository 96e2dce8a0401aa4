import type { Pod } from '../../decision/pod.ts';
import { createMemory, remember } from '../../decision/remember.ts';
import { NOT_BEFORE, WAITS } from '../../decision/wait-annotations.ts';
import type { Member, Unit } from './units.ts';

const shapes = createMemory<Pod, string>();

/** All of a pod that tells it from others where decisions are made: two of one Job are mostly equal. */
export function shapeOf(pod: Pod): string {
  return remember(shapes, pod, () => {
    const { annotations, labels, ownerReferences, namespace } = pod.metadata ?? {};
    const { [NOT_BEFORE]: _when, [WAITS]: _why, ...asked } = annotations ?? {};
    return JSON.stringify([namespace, asked, labels, ownerReferences, pod.spec]);
  });
}

/** One of each kind of its members, in their order: a Job may have thousands of pods, and each costs a decision. */
export function distinctMembers({ members }: Pick<Unit, 'members'>): readonly [Member, ...Member[]] {
  const distinct = new Map(members.map((member) => [`${member.job?.metadata.uid} ${shapeOf(member.pod)}`, member]));
  return [...distinct.values()] as [Member, ...Member[]];
}
