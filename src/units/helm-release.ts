/** A release as `helm list` shows it. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
}

/** The release that made an object, by the annotations that Helm alone writes, always both. */
export function helmReleaseOf(annotations: Readonly<Record<string, string>> = {}): HelmRelease | undefined {
  const { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace } = annotations;
  return name !== undefined && namespace !== undefined ? { name, namespace } : undefined;
}
