/**
 * `npm run release`: what people download, in `.release`. `manifests/release/README.md` says what each file is for. Refuses whatever
 * is not the commit that `npm version` tagged, unchanged, with the packages that its lock file names.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { notOfLock } from './installed-packages.ts';
import { fillKrewManifest } from './krew-manifest.ts';
import { stateProvenance } from './provenance.ts';

const FOLDER = '.release';
const USAGE = `npm run release -- --source URL --downloads URL [--builder URI]
  --source     where the repository is, such as https://git.example.com/gridgate
  --downloads  where the files will be, such as https://downloads.example.com/gridgate/v1.2.3
  --builder    who builds (SLSA's builder.id); a person at a machine unless it says otherwise`;

const obstacle = findObstacle();
if (obstacle === undefined) release();
else {
  process.stderr.write(`${obstacle}\n`);
  process.exitCode = 1;
}

function findObstacle(): string | undefined {
  const { source, downloads } = readArguments();
  if (!source || !downloads) return USAGE;
  const changed = git('status', '--porcelain');
  if (changed) return `not committed, so nobody could build it again:\n${changed}`;
  const tags = git('tag', '--points-at', 'HEAD').split('\n');
  if (!tags.includes(`v${version()}`))
    return `this commit is not v${version()}: \`npm version\` makes the commit and its tag`;
  const strangers = notOfLock(readJson('package-lock.json'), readJson('node_modules/.package-lock.json'));
  if (strangers.length > 0)
    return `installed otherwise than package-lock.json says, run npm ci: ${strangers.join(', ')}`;
  return undefined;
}

function release(): void {
  const {
    source = '',
    downloads = '',
    builder = `${source}/manifests/release#a-person-at-a-machine`,
  } = readArguments();
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', FOLDER], { stdio: ['ignore', 'ignore', 'inherit'] });
  const name = `gridgate-${version()}`;
  copyFileSync('dist/gridgate.cdx.json', join(FOLDER, `${name}.cdx.json`));
  // krew asks that the file is called what the plugin is.
  const krew = {
    VERSION: version(),
    SOURCE: source,
    DOWNLOADS: downloads,
    SHA256: sha256(join(FOLDER, `${name}.tgz`)),
  };
  writeFileSync(
    join(FOLDER, 'gridgate.yaml'),
    fillKrewManifest(readFileSync('manifests/release/krew.yaml', 'utf8'), krew),
  );
  const statement = stateProvenance({
    subjects: digests(),
    source,
    downloads,
    builder,
    version: version(),
    commit: git('rev-parse', 'HEAD'),
    lockSha256: sha256('package-lock.json'),
    node: process.versions.node,
    npm: execFileSync('npm', ['--version'], { encoding: 'utf8' }).trim(),
  });
  writeFileSync(join(FOLDER, `${name}.provenance.json`), `${JSON.stringify(statement, null, 2)}\n`);
  const sums = digests().map((file) => `${file.sha256}  ${file.name}\n`);
  writeFileSync(join(FOLDER, 'SHA256SUMS'), sums.join(''));
  process.stdout.write(sums.join(''));
}

function readArguments() {
  const text = { type: 'string' } as const;
  return parseArgs({ options: { source: text, downloads: text, builder: text } }).values;
}

function version(): string {
  return readJson('package.json').version;
}

function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

function digests() {
  return readdirSync(FOLDER)
    .sort()
    .map((name) => ({ name, sha256: sha256(join(FOLDER, name)) }));
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
