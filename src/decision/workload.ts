import type { OwnerReference, Pod } from './pod.ts';

/** Where each kind keeps the template of its pods. DaemonSets are not here: their pods are left alone. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  'batch/Job': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
};

type JsonObject = Readonly<Record<string, unknown>>;

export function isWorkload(group: string, kind: string): boolean {
  return Object.hasOwn(TEMPLATES, `${group}/${kind}`);
}

/** A pod as a workload will create it; `undefined` when the object has no template of one. */
export function podOfWorkload(group: string, kind: string, object: JsonObject): Pod | undefined {
  const metadata = child(object, 'metadata') ?? {};
  let template: JsonObject | undefined = object;
  for (const step of TEMPLATES[`${group}/${kind}`] ?? []) template = template && child(template, step);
  const spec = template && child(template, 'spec');
  if (!template || !spec || template === object) return undefined;
  return { metadata: { ...child(template, 'metadata'), generateName: `${String(metadata['name'] ?? '')}-` }, spec };
}

/** Whether another object's controller made this one: its author was told already. */
export function isControlled(object: JsonObject): boolean {
  const owners = child(object, 'metadata')?.['ownerReferences'];
  return Array.isArray(owners) && owners.some((owner: OwnerReference) => owner?.controller === true);
}

function child(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
