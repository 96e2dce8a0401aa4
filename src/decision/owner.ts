import { controllerOf, type Pod } from './pod.ts';

/** Who stands for a pod: the Deployment of its ReplicaSet, the CronJob of its Job, any other controller. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

const HASH_LABEL = 'pod-template-hash';
/** A CronJob's Job is named for it and the minute that it was due (`pkg/controller/cronjob/utils.go`, Kubernetes 1.35). */
const DUE_MINUTE = /-\d{8,}$/;
/** The controller that people know; `undefined` for a bare pod, and for a static pod, which its node owns. */
export function ownerOf(pod: Pod): Owner | undefined {
  const owner = controllerOf(pod);
  if (!owner?.kind || !owner.name || owner.kind === 'Node') return undefined;
  const { kind, name } = owner;
  const hash = pod.metadata?.labels?.[HASH_LABEL];
  if (kind === 'ReplicaSet' && hash && name.endsWith(`-${hash}`))
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
  if (kind === 'Job' && DUE_MINUTE.test(name)) return { kind: 'CronJob', name: name.replace(DUE_MINUTE, '') };
  return { kind, name };
}
