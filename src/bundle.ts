/**
 * `npm run build`: the program and what it uses of its dependencies as a handful of files in `dist`, without the 220 MB of
 * `node_modules`. What nothing uses (the Kubernetes client's models of every resource, 24 MB of memory) does not come along,
 * and neither does whitespace, which V8 keeps in memory with the text.
 */
import { chmod, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

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
  metafile: true,
  logLevel: 'warning',
});
await cp('node_modules/@pnpm/tabtab/lib/templates', join(outdir, 'templates'), { recursive: true });
await chmod(join(outdir, 'main.js'), 0o755);
await writeFile(join(outdir, 'LICENSES.txt'), await licences(metafile));

/** Of every package whose text is in what was built; their licences ask for it. */
async function licences({ outputs }: Metafile): Promise<string> {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const packages = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  return (await Promise.all([...packages].sort().map(licenceOf))).join('\n');
}

async function licenceOf(directory: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const files = (await readdir(directory)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return [`${'='.repeat(80)}\n${name} ${version}: ${license}\n`, ...texts].join('\n');
}
