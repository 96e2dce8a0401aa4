import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The executables a control plane is made of, as `build.sh` names them. */
export const BINARIES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kwok',
] as const;

export type Binary = (typeof BINARIES)[number];

const BUILT_DIR = fileURLToPath(new URL('../../.control-plane/bin', import.meta.url));

/**
 * The folder with all binaries, or one sentence saying what is missing, fit for a test's skip reason.
 * KUBEBUILDER_ASSETS wins when it is complete; setup-envtest's has no kwok or scheduler, hence the fall back to our own build.
 */
export function findAssets(
  kubebuilderAssets = process.env['KUBEBUILDER_ASSETS'],
): { dir: string } | { missing: string } {
  const candidates = kubebuilderAssets ? [kubebuilderAssets, BUILT_DIR] : [BUILT_DIR];
  const complete = candidates.find((dir) => absentFrom(dir).length === 0);
  if (complete !== undefined) return { dir: complete };
  const lacks = candidates.map((dir) => `${dir} lacks ${absentFrom(dir).join(', ')}`);
  return { missing: `${lacks.join('; ')} (run test/control-plane/build.sh)` };
}

function absentFrom(dir: string): Binary[] {
  return BINARIES.filter((name) => !isExecutable(join(dir, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const assets = findAssets();

/** Why tests of a control plane are skipped, for each of them: a suite that is skipped counts as no skipped test. `false`: they run. */
export const skip: string | false = 'missing' in assets && assets.missing;
