import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import release from './previous-release.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = join(ROOT, '.control-plane/releases');
/** What a release is built and installed from. */
const CONTENTS = ['src', 'manifests', 'package.json', 'package-lock.json'];

/** The release before this one (N-1): `previous-release.json` names its version and its commit. */
export interface PreviousRelease {
  readonly version: string;
  /** What its image holds: `package.json` and `dist`. */
  readonly folder: string;
  /** The bundled `main.js`. */
  readonly program: string;
  /** The folder of its manifests. */
  readonly manifests: string;
}

/** Why tests that need it are skipped: a shallow clone without a network has no history. `false`: they can run. */
export const skip: string | false =
  isInHistory() || fetchCommit()
    ? false
    : `commit ${release.commit} (gridgate ${release.version}) is not in this clone, and cannot be fetched`;

/**
 * Builds it from this repository's history, once: its own `src/bundle.ts` with its own dependencies. These are the ones that are
 * installed here, as long as both lock files name the same versions of all that is shipped; else `npm ci` gets them.
 */
export function previousRelease(): PreviousRelease {
  const folder = join(BUILT, release.commit);
  if (!existsSync(folder)) buildInto(folder);
  const real = realpathSync(folder); // kustomize follows no symbolic links
  const { version } = release;
  return { version, folder: real, program: join(real, 'dist/main.js'), manifests: join(real, 'manifests') };
}

function isInHistory(): boolean {
  return git('cat-file', '-e', `${release.commit}^{commit}`);
}

function fetchCommit(): boolean {
  return git('fetch', '--quiet', '--depth', '1', 'origin', release.commit) && isInHistory();
}

function git(...args: readonly string[]): boolean {
  return spawnSync('git', args, { cwd: ROOT, stdio: 'ignore', timeout: 60_000 }).status === 0;
}

function buildInto(folder: string): void {
  mkdirSync(BUILT, { recursive: true });
  const unfinished = mkdtempSync(join(BUILT, 'unfinished-'));
  try {
    const archive = execFileSync('git', ['archive', release.commit, ...CONTENTS], { cwd: ROOT, maxBuffer: 1 << 30 });
    execFileSync('tar', ['x', '-C', unfinished], { input: archive });
    if (hasSameDependencies(unfinished)) symlinkSync(join(ROOT, 'node_modules'), join(unfinished, 'node_modules'));
    else execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: unfinished });
    execFileSync(process.execPath, ['src/bundle.ts'], { cwd: unfinished });
    rmSync(join(unfinished, 'node_modules'), { recursive: true });
    chmodSync(unfinished, 0o755); // its pods are not root
    publish(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Two test files may build it at once: the first wins. */
function publish(unfinished: string, folder: string): void {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function hasSameDependencies(folder: string): boolean {
  const here = shippedPackages(ROOT);
  return [...shippedPackages(folder)].every(([path, version]) => here.get(path) === version);
}

/** Versions by path, of what does not serve development alone. */
function shippedPackages(folder: string): Map<string, string | undefined> {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; dev?: boolean }>;
  };
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  return new Map(shipped.map(([path, { version }]) => [path, version]));
}
