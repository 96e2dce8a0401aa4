import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

type Claim = KubeObject & { readonly spec?: { readonly volumeName?: string } };

/** The volume of a claim; empty while it has none, as under WaitForFirstConsumer: then it binds no pod. */
export function toVolumeName(object: KubeObject): string {
  return (object as Claim).spec?.volumeName ?? '';
}

export const PERSISTENT_VOLUME_CLAIMS: WatchedResource<string> = {
  name: 'persistentvolumeclaims',
  path: '/api/v1/persistentvolumeclaims',
  content: 'full',
  project: toVolumeName,
  differs: () => false, // looked up when a pod comes, never announced
};
