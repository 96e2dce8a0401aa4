/**
 * `npm run build`: the program and what it uses of its dependencies as a handful of files in `dist`, without the 220 MB of
 * `node_modules`. What nothing uses (the Kubernetes client's models of every resource, 24 MB of memory) does not come along,
 * and neither does whitespace, which V8 keeps in memory with the text.
 */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { type BundledPackage, bundledPackages } from './packaging/bundled-packages.ts';
import { narrowSbom } from './packaging/sbom.ts';

const run = promisify(execFile);

const [outdir = 'dist'] = process.argv.slice(2);
const CLIENT = '@kubernetes/client-node';

/** The client's package does not say that loading its modules does nothing by itself: so all of them would count as used. */
const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\.\/|\/all\.js$|^@kubernetes\/client-node$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === CLIENT || !(path === CLIENT || from.importer.includes(`/${CLIENT}/`))) return undefined;
      return { ...(await resolve(path, { ...from, pluginData: CLIENT })), sideEffects: false };
    });
  },
};

const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  // Names stay: a stack trace in a log must say where it was.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 200,
  legalComments: 'none',
  // The AWS SDK as ES modules: of CommonJS, `await import()` would answer a default only.
  mainFields: ['module', 'main'],
  // CommonJS packages inside ask for Node's own modules with `require`, and for files beside them.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url),__dirname=import.meta.dirname;",
  },
  plugins: [withoutSideEffects],
  // Names of chunks come of paths: a linked node_modules, as of worktrees, makes the same ones.
  preserveSymlinks: true,
  metafile: true,
  logLevel: 'warning',
});
const main = join(outdir, 'main.js');
await cp('node_modules/@pnpm/tabtab/lib/templates', join(outdir, 'templates'), { recursive: true });
await cp('src/packaging/kubectl-gridgate.js', join(outdir, 'kubectl-gridgate.js'));
for (const executable of [main, join(outdir, 'kubectl-gridgate.js')]) await chmod(executable, 0o755);
const packages = await bundledPackages(metafile);
await Promise.all([writeLicences(packages), writeSbom(packages), writeCompletions()]);

/** Of every package whose text is in what was built; their licences ask for it. */
async function writeLicences(bundled: readonly BundledPackage[]): Promise<void> {
  await writeFile(join(outdir, 'LICENSES.txt'), (await Promise.all(bundled.map(licenceOf))).join('\n'));
}

async function licenceOf({ directory, name, version, license }: BundledPackage): Promise<string> {
  const files = (await readdir(directory)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return [`${'='.repeat(80)}\n${name} ${version}: ${license}\n`, ...texts].join('\n');
}

/** Beside the program, so that scanners of images see what is inside of it. */
async function writeSbom(bundled: readonly BundledPackage[]): Promise<void> {
  const arguments_ = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const { stdout } = await run('npm', arguments_, { maxBuffer: 64 * 1024 * 1024 });
  const sbom = narrowSbom(JSON.parse(stdout), JSON.parse(await readFile('package.json', 'utf8')), bundled);
  await writeFile(join(outdir, 'gridgate.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
}

/** Under the names by which bash, zsh and fish find them in their folders. */
async function writeCompletions(): Promise<void> {
  const names = { bash: 'gridgate', zsh: '_gridgate', fish: 'gridgate.fish' };
  await mkdir(join(outdir, 'completions'), { recursive: true });
  for (const [shell, name] of Object.entries(names)) {
    const { stdout } = await run(process.execPath, [main, 'completion', shell]);
    await writeFile(join(outdir, 'completions', name), stdout);
  }
}
