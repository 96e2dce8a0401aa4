import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { findAssets, skip } from '../control-plane/assets.ts';
import { runCommand } from '../process/run-command.ts';
import { copySources, type SourceTree } from './source-tree.ts';

const SOURCE = 'https://git.example.com/gridgate';
const VERSION = '99.1.0';
const ARGUMENTS = ['run', '--silent', 'release', '--', '--source', SOURCE, '--downloads', 'https://dl.example.com/g'];
const NODE = dirname(process.execPath);

/** What a licence may ask of who uses gridgate: to keep its text, which is in LICENSES.txt. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
];

describe('a release', { timeout: 600_000 }, () => {
  let home: string;
  let tree: SourceTree;
  let elsewhere: SourceTree;
  const file = (name: string) => join(tree.directory, '.release', name);
  const json = (name: string) => JSON.parse(readFileSync(file(name), 'utf8'));

  before(() => {
    home = mkdtempSync(join(tmpdir(), 'gridgate-release-'));
    [tree, elsewhere] = [join(home, 'one'), join(home, 'another/and/deeper')].map((directory) => {
      mkdirSync(directory, { recursive: true });
      return copySources(directory);
    }) as [SourceTree, SourceTree];
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  /** Of the sources as they are, with this in place of what is unreleased. */
  function commitChangelog({ directory, run }: SourceTree, unreleased: string): void {
    run('git', 'reset', '--quiet', '--hard', run('git', 'rev-list', '--max-parents=0', 'HEAD').trim());
    const told = readFileSync('CHANGELOG.md', 'utf8').replace(/^## Unreleased\n[\s\S]*?(?=^## )/m, '');
    writeFileSync(join(directory, 'CHANGELOG.md'), told.replace(/^## /m, `${unreleased}## `));
    run('git', 'commit', '--quiet', '--all', '--allow-empty', '--message=What is new');
  }

  it('is refused where the changelog has nothing to tell, and nothing is changed', () => {
    commitChangelog(tree, '## Unreleased\n\n');
    assert.throws(() => tree.run('npm', 'version', VERSION), /nothing under "## Unreleased"/);
    assert.equal(tree.run('git', 'status', '--porcelain'), '');
  });

  it('is refused for a version that the next release would not find again, in words, and nothing is changed', () => {
    commitChangelog(tree, '## Unreleased\n### Added\n- Something.\n\n');
    assert.throws(
      () => tree.run('npm', 'version', '99.1.0-beta'),
      /99\.1\.0-beta: a version is like 1\.2\.3, or 1\.2\.3-beta\.0/,
    );
    assert.equal(tree.run('git', 'status', '--porcelain'), '');
  });

  it('is one command: every version, the changelog, the commit and its tag', () => {
    for (const one of [tree, elsewhere]) {
      commitChangelog(one, '## Unreleased\n### Added\n- Something.\n\n');
      one.run('npm', 'version', VERSION);
    }
    const { run, directory } = tree;
    assert.equal(run('git', 'status', '--porcelain'), '');
    assert.equal(run('git', 'tag', '--points-at', 'HEAD'), `v${VERSION}\n`);
    assert.match(
      readFileSync(join(directory, 'CHANGELOG.md'), 'utf8'),
      /^## 99\.1\.0 - \d{4}-\d\d-\d\d\n### Added\n- S/m,
    );
    assert.match(readFileSync(join(directory, 'manifests/base/deployment.yaml'), 'utf8'), /image: gridgate:99\.1\.0$/m);
    run(process.execPath, '--test', 'test/structure/version.test.ts');
  });

  it('is refused where something is not committed', () => {
    appendFileSync(join(tree.directory, 'README.md'), '\nA thought.\n');
    assert.throws(() => tree.run('npm', ...ARGUMENTS), /not committed[\s\S]*README\.md/);
    tree.run('git', 'checkout', '--quiet', 'README.md');
  });

  it('is refused where the commit is not the one that has the version', () => {
    tree.run('git', 'commit', '--quiet', '--allow-empty', '--message=Later');
    assert.throws(() => tree.run('npm', ...ARGUMENTS), /this commit is not v99\.1\.0/);
    tree.run('git', 'reset', '--quiet', '--hard', 'HEAD~1');
  });

  it('is refused where something is installed that the lock file does not name', () => {
    const modules = join(tree.directory, 'node_modules');
    rmSync(modules);
    mkdirSync(modules);
    writeFileSync(join(modules, '.package-lock.json'), '{"packages": {"node_modules/mine": {"version": "1.2.3"}}}');
    assert.throws(
      () => tree.run('npm', ...ARGUMENTS),
      /otherwise than package-lock\.json says, run npm ci: node_modules\/mine 1\.2\.3/,
    );
    rmSync(modules, { recursive: true });
    symlinkSync(resolve('node_modules'), modules);
  });

  it('is refused without the addresses, and says which', () =>
    assert.throws(() => tree.run('npm', 'run', '--silent', 'release'), /--source[\s\S]*--downloads/));

  it('has the same bytes wherever it is built', () => {
    for (const { run } of [tree, elsewhere]) run('npm', ...ARGUMENTS);
    const names = readdirSync(join(tree.directory, '.release'));
    assert.deepEqual(names, [
      'SHA256SUMS',
      `gridgate-${VERSION}.cdx.json`,
      `gridgate-${VERSION}.provenance.json`,
      `gridgate-${VERSION}.tgz`,
      'gridgate.yaml',
    ]);
    for (const name of names)
      assert.equal(sha256(join(elsewhere.directory, '.release', name)), sha256(file(name)), name);
  });

  it('is verified by its checksums', () => {
    const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: join(tree.directory, '.release'),
      encoding: 'utf8',
    });
    assert.equal(checked.match(/: OK$/gm)?.length, 4);
  });

  it('lists in CycloneDX what is in it, with versions, hashes, purls, and licences that only ask to be kept', () => {
    const sbom = json(`gridgate-${VERSION}.cdx.json`);
    const { bomFormat, specVersion, metadata, components, dependencies } = sbom;
    assert.deepEqual([bomFormat, specVersion], ['CycloneDX', '1.5']);
    assert.equal(metadata.component.purl, `pkg:npm/gridgate@${VERSION}`);
    const licences = readFileSync(join(tree.directory, 'dist/LICENSES.txt'), 'utf8');
    const bundled = [...licences.matchAll(/^={80}\n(\S+) (\S+): (\S+)$/gm)].map(
      ([, name, version]) => `${name}@${version}`,
    );
    assert.ok(bundled.length > 100);
    assert.deepEqual(components.map((one: Component) => one['bom-ref']).sort(), [...new Set(bundled)].sort());
    for (const { name, version, purl, hashes, licenses } of components as readonly Component[]) {
      assert.equal(purl, `pkg:npm/${name.replace('@', '%40')}@${version}`);
      assert.match(hashes[0]?.content ?? '', /^[0-9a-f]{128}$/, name);
      assert.ok(licenses.length > 0 && licenses.every(({ license }) => PERMISSIVE.includes(license.id)), name);
    }
    const known = new Set([metadata.component['bom-ref'], ...components.map((one: Component) => one['bom-ref'])]);
    assert.deepEqual(
      dependencies.filter(({ ref }: { ref: string }) => !known.has(ref)),
      [],
    );
    assert.equal(dependencies.length, known.size);
    const shipped = execFileSync('tar', ['xzOf', file(`gridgate-${VERSION}.tgz`), 'package/dist/gridgate.cdx.json']);
    assert.deepEqual(JSON.parse(shipped.toString()), sbom);
  });

  it('states what it was made of, by whom and how', () => {
    const { _type, predicateType, subject, predicate } = json(`gridgate-${VERSION}.provenance.json`);
    assert.deepEqual([_type, predicateType], ['https://in-toto.io/Statement/v1', 'https://slsa.dev/provenance/v1']);
    const names = [`gridgate-${VERSION}.cdx.json`, `gridgate-${VERSION}.tgz`, 'gridgate.yaml'];
    assert.deepEqual(
      subject,
      names.map((name) => ({ name, digest: { sha256: sha256(file(name)) } })),
    );
    const { buildType, externalParameters, resolvedDependencies } = predicate.buildDefinition;
    assert.match(buildType, /^https:/);
    assert.equal(externalParameters.command, 'npm run release');
    assert.equal(externalParameters.source, `git+${SOURCE}@refs/tags/v${VERSION}`);
    assert.deepEqual(resolvedDependencies[0].digest, { gitCommit: tree.run('git', 'rev-parse', 'HEAD').trim() });
    assert.equal(resolvedDependencies[1].digest.sha256, sha256(join(tree.directory, 'package-lock.json')));
    assert.match(predicate.runDetails.builder.id, /^https:/);
  });

  it('is installed by npm without a network, and nothing comes along', async (t) => {
    const prefix = makeTemporaryDirectory(t);
    const npm = ['install', '--global', '--offline', '--prefix', prefix, file(`gridgate-${VERSION}.tgz`)];
    execFileSync('npm', npm, { env: { PATH: process.env['PATH'], HOME: prefix }, stdio: 'pipe' });
    assert.deepEqual(readdirSync(join(prefix, 'lib/node_modules')), ['gridgate']);
    const contents = readdirSync(join(prefix, 'lib/node_modules/gridgate'));
    assert.deepEqual(contents.sort(), ['LICENSE', 'README.md', 'dist', 'package.json']);
    assert.ok(!existsSync(join(prefix, 'lib/node_modules/gridgate/node_modules')));
    assert.deepEqual(readdirSync(join(prefix, 'bin')), ['gridgate', 'kubectl-gridgate', 'kubectl_complete-gridgate']);
    const env = { PATH: `${join(prefix, 'bin')}:${NODE}`, HOME: prefix };
    assert.equal(execFileSync('gridgate', ['--version'], { env, encoding: 'utf8' }), `${VERSION}\n`);
    const regions = execFileSync('gridgate', ['regions', '--output', 'json'], { env, encoding: 'utf8' });
    assert.ok(JSON.parse(regions).regions.length > 10);
  });

  it('has the completion of each shell, as the program prints it', async () => {
    const folder = join(tree.directory, 'dist/completions');
    for (const [shell, name] of [
      ['bash', 'gridgate'],
      ['zsh', '_gridgate'],
      ['fish', 'gridgate.fish'],
    ] as const) {
      const { stdout } = await runCommand(['completion', shell]);
      assert.equal(readFileSync(join(folder, name), 'utf8'), stdout);
      const check = spawnSync(shell, ['-n', join(folder, name)], { encoding: 'utf8' });
      if (!check.error) assert.deepEqual([check.status, check.stderr], [0, ''], shell);
    }
  });

  describe('as krew installs it', () => {
    let bin: string;
    let plugin: string;

    /** What krew does: verifies, unpacks, moves what `files` says, links `bin`. */
    before(() => {
      const [platform] = parse(readFileSync(file('gridgate.yaml'), 'utf8')).spec.platforms;
      const archive = file(basename(platform.uri));
      assert.equal(sha256(archive), platform.sha256);
      const [unpacked, store] = [join(home, 'unpacked'), join(home, 'store/gridgate', `v${VERSION}`)];
      bin = join(home, 'krew-bin');
      for (const directory of [unpacked, store, bin]) mkdirSync(directory, { recursive: true });
      execFileSync('tar', ['xzf', archive, '-C', unpacked]);
      for (const { from, to } of platform.files)
        for (const name of readdirSync(join(unpacked, dirname(from))))
          cpSync(join(unpacked, dirname(from), name), join(store, to, name), { recursive: true });
      plugin = join(bin, 'kubectl-gridgate');
      symlinkSync(join(store, platform.bin), plugin);
    });

    it('is all regular files: krew unpacks nothing else', () => {
      const paths = readdirSync(join(home, 'unpacked'), { recursive: true, encoding: 'utf8' });
      const odd = paths.filter((path) => {
        const entry = lstatSync(join(home, 'unpacked', path));
        return !entry.isFile() && !entry.isDirectory();
      });
      assert.deepEqual(odd, []);
    });

    it('has the manifest that krew asks for', () => {
      const text = readFileSync(file('gridgate.yaml'), 'utf8');
      const { apiVersion, kind, metadata, spec } = parse(text);
      assert.deepEqual([apiVersion, kind], ['krew.googlecontainertools.github.com/v1alpha2', 'Plugin']);
      assert.deepEqual([metadata.name, spec.version, spec.homepage], ['gridgate', `v${VERSION}`, SOURCE]);
      assert.ok(spec.shortDescription.length <= 50);
      assert.doesNotMatch(text.replace(/\$\{KREW_ROOT:[^}]*\}/, ''), /\$\{/);
    });

    it('kubectl finds it, and completes it', { skip }, () => {
      const assets = findAssets();
      assert.ok('dir' in assets);
      const kubectl = join(assets.dir, 'kubectl');
      const env = { PATH: `${bin}:${NODE}:/usr/bin:/bin`, HOME: home };
      const ask = (...args: readonly string[]) =>
        execFileSync(kubectl, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      assert.equal(ask('gridgate', '--version'), `${VERSION}\n`);
      assert.match(ask('gridgate', 'audit', '--help'), /^Usage: kubectl gridgate audit /);
      // As the manifest's caveats say.
      symlinkSync('kubectl-gridgate', join(bin, 'kubectl_complete-gridgate'));
      assert.equal(ask('__complete', 'gridgate', 'outage', ''), 'set\nclear\nlist\n:4\n');
    });

    it('says that Node is missing', () => {
      const empty = join(home, 'no-node');
      mkdirSync(empty);
      const { status, stdout, stderr } = spawnSync(plugin, ['--version'], { env: { PATH: empty }, encoding: 'utf8' });
      assert.deepEqual([status, stdout], [2, '']);
      assert.equal(stderr, 'kubectl gridgate needs Node 22.19 or newer on the PATH; there is none\n');
    });
  });
});

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly content: string }[];
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
