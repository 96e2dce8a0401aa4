import { annotationOperations, type PatchOperation } from '../../decision/patch.ts';
import { NOT_BEFORE, readWait, waitAnnotations } from '../../decision/wait-annotations.ts';
import { isoTime } from '../../units/moment.ts';
import type { PlannedUnit } from './plan.ts';
import type { Member } from './units.ts';

/** What a member is to say of its wait, where it says something else. */
export interface Correction {
  readonly member: Member;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Of what goes on waiting: those that tell another start, or another last one, than is planned. */
export function correctionsOf(planned: PlannedUnit): readonly Correction[] {
  const { reason, startAt, latestStart, unit } = planned;
  if (reason !== 'cleaner_later' && reason !== 'refused') return [];
  const wanted = [isoTime(startAt), isoTime(latestStart)].join();
  return unit.members.flatMap((member) => {
    const { annotations = {} } = member.metadata;
    const said = readWait(annotations);
    const told = said && [annotations[NOT_BEFORE], isoTime(said.latestStart)].join();
    return told === wanted ? [] : [{ member, annotations: annotationsFor(planned, said) }];
  });
}

/** What it would have emitted had it started at once stays as it was when it was created. */
function annotationsFor(
  { start, startAt, latestStart, length }: PlannedUnit,
  said: ReturnType<typeof readWait>,
): Readonly<Record<string, string>> {
  const { grams, place } = start ?? {};
  const now = said?.now ?? grams?.now;
  const plan = {
    startAt,
    latestStart,
    reason: 'cleaner_later' as const,
    ...(grams && now !== undefined && { grams: { now, planned: grams.planned } }),
    ...(place !== undefined && { place }),
  };
  return waitAnnotations({ start: plan, length });
}

/** The patch of a correction, for the very version that was planned for: JSON Patch of a pod, merge patch of a Job. */
export function correctionPatch({ member, annotations }: Correction): readonly PatchOperation[] | object {
  const { kind, metadata, pod } = member;
  const { resourceVersion, uid } = metadata;
  if (kind === 'Job') return { metadata: { uid, resourceVersion, annotations } };
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ...annotationOperations({ ...pod, metadata }, annotations),
  ];
}
