import { isoTime } from '../units/moment.ts';
import type { Decision } from './decide.ts';
import { ungateOperations } from './gate.ts';
import { annotationOperations, type PatchOperation } from './patch.ts';
import type { Pod } from './pod.ts';
import { RELEASED } from './wait-annotations.ts';

/**
 * The JSON Patch that lets a waiting pod go: our gate away, what the decision of the moment adds, and when that was, in one write. It
 * applies only to the very version of the pod that it was made for; the API server answers 409 for any other. Without `now` nothing says
 * when: annotations may be as many as an object can hold.
 */
export function releasePatch(
  pod: Pod & { readonly metadata: { readonly resourceVersion?: string | undefined } },
  { patch }: Pick<Decision, 'patch'>,
  now: number | undefined,
): readonly PatchOperation[] {
  const ungate = ungateOperations(pod);
  // A pod that the policy refuses by now, or leaves alone, has no patch of its own.
  const due = patch.some(({ op, path }) => op === 'remove' && path === ungate[0]?.path) ? patch : [...ungate, ...patch];
  const hasAnnotations = pod.metadata.annotations || due.some(({ path }) => path === '/metadata/annotations');
  const marked = hasAnnotations
    ? { ...pod, metadata: { ...pod.metadata, annotations: pod.metadata.annotations ?? {} } }
    : pod;
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: pod.metadata.resourceVersion },
    ...due,
    ...(now === undefined ? [] : annotationOperations(marked, { [RELEASED]: isoTime(now) })),
  ];
}
