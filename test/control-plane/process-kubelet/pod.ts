// biome-ignore lint/suspicious/noExplicitAny: a pod, or part of one, as the API server wrote it
export type Pod = any;

/** Of a `fieldRef`, what pods of ours ask for. Throws for any other. */
export function valueOfField(pod: Pod, path: string, address?: string): string {
  const values: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': address,
  };
  const value = values[path];
  if (value === undefined) throw new Error(`fieldRef ${path} is not played`);
  return value;
}

/** What a pod asks for that nothing here plays: it must not seem to have got it. */
export function unplayed({ spec }: Pod): string | undefined {
  const [container, ...others] = spec.containers;
  if (others.length > 0) return 'more than one container';
  if (spec.initContainers?.length > 0) return 'init containers';
  if (container.lifecycle) return 'lifecycle hooks';
  if (container.volumeMounts?.some(({ subPath }: Pod) => subPath)) return 'subPath';
  const probes = [container.readinessProbe, container.livenessProbe, container.startupProbe].filter(Boolean);
  if (probes.some(({ httpGet }: Pod) => !httpGet)) return 'probes other than httpGet';
  return undefined;
}
