import { isMapping } from '../units/is-mapping.ts';
import type { OwnerReference, Pod } from './pod.ts';

/**
 * Where each kind keeps the template of its pods. DaemonSets are not here: their pods are not placed, see
 * `podOfDaemonSet`.
 */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  '/ReplicationController': ['spec', 'template'],
  'batch/Job': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Where objects of other kinds keep one: Rollout, CloneSet, a Service of Knative; AdvancedCronJob; ScaledJob. */
const OTHER_TEMPLATES: readonly (readonly string[])[] = [
  ['spec', 'template'],
  ['spec', 'jobTemplate', 'spec', 'template'],
  ['spec', 'jobTargetRef', 'template'],
];

type JsonObject = Readonly<Record<string, unknown>>;

/** The group of a kind of ours; undefined of another. */
export function groupOfWorkload(kind: string): string | undefined {
  if (kind === 'DaemonSet') return 'apps';
  const key = Object.keys(TEMPLATES).find((one) => one.endsWith(`/${kind}`));
  return key?.slice(0, -kind.length - 1);
}

export function isWorkload(group: string, kind: string): boolean {
  return Object.hasOwn(TEMPLATES, `${group}/${kind}`);
}

/** A pod as a workload will create it; `undefined` when the object has no template of one. */
export function podOfWorkload(group: string, kind: string, object: JsonObject): Pod | undefined {
  const path = TEMPLATES[`${group}/${kind}`];
  return path && podAt(path, object);
}

/** Where an object of a kind keeps the template of its pods, `spec.template` where nobody knows. */
export function pathOfTemplate(group: string, kind: string): string {
  return (TEMPLATES[`${group}/${kind}`] ?? ['spec', 'template']).join('.');
}

/** A pod as a daemon set of any kind will create it, but for the node that it will name. */
export function podOfDaemonSet(object: JsonObject): Pod | undefined {
  return podAt(['spec', 'template'], object);
}

/** A pod as an object of any kind will create it, where it carries what can only be a template of one: containers. */
export function podOfTemplate(object: JsonObject): Pod | undefined {
  const pods = OTHER_TEMPLATES.map((path) => podAt(path, object));
  return pods.find((pod) => hasContainers(pod?.spec));
}

function podAt(path: readonly string[], object: JsonObject): Pod | undefined {
  let template: JsonObject | undefined = object;
  for (const step of path) template = template && child(template, step);
  const spec = template && child(template, 'spec');
  if (!template || !spec) return undefined;
  const { name = '' } = child(object, 'metadata') ?? {};
  return { metadata: { ...child(template, 'metadata'), generateName: `${String(name)}-` }, spec };
}

/** Whether a controller made this object for another one, whose author was told already. */
export function isControlled(object: JsonObject): boolean {
  const owners = child(object, 'metadata')?.['ownerReferences'];
  return Array.isArray(owners) && owners.some((owner: OwnerReference) => owner?.controller === true);
}

function hasContainers(spec: object | undefined): boolean {
  const { containers } = (spec ?? {}) as { readonly containers?: unknown };
  return Array.isArray(containers) && containers.length > 0;
}

function child(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isMapping(value) ? value : undefined;
}
