import { accessSync, constants, readFileSync } from 'node:fs';
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
  'karpenter',
  'metrics-server',
  'helm',
  'kubeconform',
] as const;

export type Binary = (typeof BINARIES)[number];

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILT = fileURLToPath(new URL('../../.control-plane', import.meta.url));

/**
 * The folder with all binaries, or one sentence saying what is missing, fit for a test's skip reason. Throws for a version that
 * `versions` does not name: whoever asks for one wants to see its tests run.
 *
 * | K8S_VERSION | KUBEBUILDER_ASSETS | the folder                                                          |
 * | ----------- | ------------------ | ------------------------------------------------------------------- |
 * | not set     | complete           | KUBEBUILDER_ASSETS                                                  |
 * | not set     | otherwise          | our own build: setup-envtest's folder has no kwok or scheduler      |
 * | set         | any                | our own build of that version: a folder does not say what is in it  |
 */
export function findAssets({
  kubebuilderAssets = process.env['KUBEBUILDER_ASSETS'],
  k8sVersion = process.env['K8S_VERSION'],
} = {}): { dir: string } | { missing: string } {
  const built = builtDir(k8sVersion);
  const candidates = kubebuilderAssets && !k8sVersion ? [kubebuilderAssets, built] : [built];
  const complete = candidates.find((dir) => absentFrom(dir).length === 0);
  if (complete !== undefined) return { dir: complete };
  const lacks = candidates.map((dir) => `${dir} lacks ${absentFrom(dir).join(', ')}`);
  return { missing: `${lacks.join('; ')} (run test/control-plane/build.sh)` };
}

/** Where `build.sh` puts a version of Kubernetes, such as `1.37`: the one of the Go module beside it has no folder of its own. */
function builtDir(minor: string | undefined): string {
  if (!minor) return join(BUILT, 'bin');
  const lines = readFileSync(join(HERE, 'versions'), 'utf8').trim().split('\n');
  const versions = new Map(lines.map((line) => line.split(' ') as [string, string]));
  const version = versions.get(minor);
  if (version === undefined) throw new Error(`K8S_VERSION=${minor}: there is ${[...versions.keys()].join(', ')}`);
  const isOwn = readFileSync(join(HERE, 'kubernetes/go.mod'), 'utf8').includes(`\tk8s.io/kubernetes ${version} `);
  return isOwn ? join(BUILT, 'bin') : join(BUILT, minor, 'bin');
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

/** Where an executable is; only where tests of a control plane are not skipped. */
export function pathOf(binary: Binary): string {
  if ('missing' in assets) throw new Error(assets.missing);
  return join(assets.dir, binary);
}

/** Why tests of a control plane are skipped, for each of them: a suite that is skipped counts as no skipped test. `false`: they run. */
export const skip: string | false = 'missing' in assets && assets.missing;
