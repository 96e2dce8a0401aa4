/** `v1.33.2-eks-1a2b3c`, `v1.33.2+k3s1`, `1.33`. */
const VERSION = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?![\d.])/;

/** Major and minor of what a kubelet reports, such as `1.33`; `undefined` where it is no version. */
export function minorVersionOf(version: string | undefined): string | undefined {
  const parts = VERSION.exec(version ?? '');
  return parts ? `${Number(parts[1])}.${Number(parts[2])}` : undefined;
}

/** The newest of the minors that kubelets report, such as `1.33`; `undefined` where none reports a version. */
export function newestMinorOf(versions: readonly (string | undefined)[]): string | undefined {
  const minors = new Set(versions.flatMap((version) => minorVersionOf(version) ?? []));
  return [...minors].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0];
}

/**
 * Whether a kubelet's version is the one that is asked for:
 *
 * | target   | v1.33.2-eks-1a2b3c | v1.33.4 | v1.3.3 | no version |
 * | -------- | ------------------ | ------- | ------ | ---------- |
 * | `1.33`   | yes                | yes     | no     | no         |
 * | `1.33.2` | yes                | no      | no     | no         |
 */
export function isVersion(version: string | undefined, target: string): boolean {
  const wanted = VERSION.exec(target);
  if (!wanted || minorVersionOf(version) !== minorVersionOf(target)) return false;
  const patch = VERSION.exec(version ?? '')?.[3];
  return wanted[3] === undefined || Number(wanted[3]) === Number(patch);
}
