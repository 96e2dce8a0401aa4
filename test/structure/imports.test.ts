import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findCycle, loadedAtStart, readSource, type SourceFile } from './source-files.ts';

interface Room {
  /** Rooms, or single files of them. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  /** Whether it may import what Node brings along. */
  readonly builtins: boolean;
}

/** Who may import what (DESIGN 2). */
const ROOMS: Readonly<Record<string, Room>> = {
  decision: {
    rooms: ['regions', 'units', 'config/duration'],
    packages: ['fastest-levenshtein'],
    builtins: false,
  },
  regions: { rooms: ['units'], packages: ['zod'], builtins: false },
  signals: {
    rooms: ['regions', 'units'],
    packages: [
      '@aws-sdk/client-cloudwatch',
      '@aws-sdk/client-health',
      '@tgwf/co2',
      'cockatiel',
      'lru-cache',
      'zod',
      'yaml',
    ],
    builtins: false,
  },
  energy: { rooms: ['regions', 'signals', 'units'], packages: [], builtins: false },
  // Its page is of the same family as the status page.
  audit: {
    rooms: ['decision', 'regions', 'energy', 'page', 'units'],
    packages: ['echarts', 'fast-xml-builder'],
    builtins: false,
  },
  preflight: { rooms: ['energy', 'regions', 'units'], packages: [], builtins: false },
  spillover: { rooms: ['decision', 'energy', 'regions'], packages: [], builtins: false },
  telemetry: { rooms: ['regions', 'units'], packages: ['pino', 'prom-client'], builtins: true },
  config: {
    rooms: ['decision', 'energy', 'regions', 'units'],
    packages: ['commander', 'js-yaml', 'yaml', 'zod'],
    builtins: true,
  },
  certs: { rooms: ['config'], packages: ['selfsigned'], builtins: true },
  cluster: {
    rooms: ['decision', 'regions'],
    packages: ['@kubernetes/client-node', 'cockatiel', 'pino'],
    builtins: true,
  },
  controllers: {
    rooms: ['certs', 'cluster', 'decision', 'energy', 'regions', 'signals'],
    packages: ['cockatiel', 'pino'],
    builtins: true,
  },
  page: { rooms: [], packages: [], builtins: false },
  units: { rooms: [], packages: [], builtins: false },
  webhook: {
    rooms: ['decision', 'page', 'regions', 'units', 'config/duration'],
    packages: ['fastify', 'lru-cache', 'pino'],
    builtins: true,
  },
  commands: {
    rooms: [
      'audit',
      'certs',
      'cluster',
      'config',
      'controllers',
      'decision',
      'energy',
      'preflight',
      'regions',
      'signals',
      'spillover',
      'telemetry',
      'units',
      'webhook',
    ],
    packages: ['@pnpm/tabtab', 'close-with-grace', 'commander', 'csv-parse', 'diff', 'fast-json-patch', 'yaml', 'zod'],
    builtins: true,
  },
  'main.ts': { rooms: ['commands'], packages: [], builtins: false },
};

/** What would make a decision depend on anything but its input. */
const EFFECTS =
  /\b(Date\.now|new Date\(\)|performance\.|process\.|Math\.random|console\.|fetch\(|setTimeout|setInterval|setImmediate|queueMicrotask|globalThis)/;

const source = readSource('src');
const tests = readSource('test');

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function mayImport({ rooms }: Room, own: string, target: string): boolean {
  const inside = target.replace(/^src\//, '').replace(/\.ts$/, '');
  return roomOf(target) === own || rooms.some((room) => inside === room || inside.startsWith(`${room}/`));
}

describe('the rooms of src', () => {
  it('are those of the table', () => {
    const found = new Set(source.map(({ path }) => roomOf(path)));
    assert.deepEqual([...found].sort(), Object.keys(ROOMS).sort());
  });

  for (const [name, room] of Object.entries(ROOMS)) {
    const imports = source
      .filter(({ path }) => roomOf(path) === name)
      .flatMap((file) => file.imports.map((one) => ({ from: file.path, ...one })));

    it(`${name} imports ${room.rooms.join(', ') || 'no other room'}`, () => {
      const wrong = imports.filter(({ kind, target }) => kind === 'file' && !mayImport(room, name, target));
      assert.deepEqual(
        wrong.map(({ from, target }) => `${from} -> ${target}`),
        [],
      );
    });

    it(`${name} uses ${room.packages.join(', ') || 'no package'}${room.builtins ? ' and what Node brings along' : ''}`, () => {
      const allowed = (kind: string, target: string) =>
        kind === 'builtin' ? room.builtins : room.packages.includes(target);
      const wrong = imports.filter(({ kind, target }) => kind !== 'file' && !allowed(kind, target));
      assert.deepEqual(
        wrong.map(({ from, target }) => `${from} -> ${target}`),
        [],
      );
      const used = new Set(imports.map(({ target }) => target));
      assert.deepEqual(
        room.packages.filter((target) => !used.has(target)),
        [],
        'in the table, but unused',
      );
    });
  }

  it('are mapped in src/README.md with the same imports', () => {
    const rows = readFileSync('src/README.md', 'utf8').matchAll(/^\| `([\w.]+)\/?` +\|[^|]*\| (.*) \|$/gm);
    const mapped = Object.fromEntries(
      [...rows].map(([, name = '', imports = '']) => [name, imports.trim() === 'all' ? 'all' : words(imports)]),
    );
    const expected = Object.entries(ROOMS).map(([name, { rooms }]) => [
      name,
      name === 'commands' ? 'all' : [...rooms].sort(),
    ]);
    assert.deepEqual(mapped, Object.fromEntries(expected));
  });

  function words(text: string): string[] {
    return [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word).sort();
  }

  it('are imported by no file of a room above: nothing imports commands but main.ts', () => {
    const importers = source.filter(({ imports }) => imports.some(({ target }) => roomOf(target) === 'commands'));
    const outside = importers.filter(({ path }) => roomOf(path) !== 'commands');
    assert.deepEqual(
      outside.map(({ path }) => path),
      ['src/main.ts'],
    );
  });

  it('import one another in no circle, types included', () => {
    assert.equal(findCycle(source)?.join(' -> '), undefined);
  });
});

describe('a file of src', () => {
  it('decides without clock, chance, environment or output', () => {
    assert.deepEqual(
      matching(
        source.filter(({ path }) => roomOf(path) === 'decision'),
        EFFECTS,
      ),
      [],
    );
  });

  it('reads the environment in main.ts alone', () => {
    assert.deepEqual(matching(source, /\bprocess\.env\b|\benv\b.*from 'node:process'/), ['src/main.ts']);
  });

  it('passes nothing on that another file exports', () => {
    assert.deepEqual(matching(source, /^export\s+(type\s+)?[\w\s{},*$]*\sfrom\s+'/m), []);
  });

  it('is named for what it is about, and so is one of test', () => {
    const drawer = /(^|\/)(utils?|helpers?|common|types?|misc|shared|lib|index)(\/|\.|$)/;
    assert.deepEqual(
      [...source, ...tests].filter(({ path }) => drawer.test(path)).map(({ path }) => path),
      [],
    );
  });

  it('is written in kebab-case', () => {
    const odd = [...source, ...tests].filter(({ path }) => !/^[a-z0-9/-]+(\.(test|e2e|d))?\.ts$/.test(path));
    assert.deepEqual(
      odd.map(({ path }) => path),
      [],
    );
  });

  it('imports files with their extension, and what Node brings along with node:', () => {
    const odd = [...source, ...tests].flatMap(({ path, imports }) =>
      imports
        .filter(({ kind, target }) => (kind === 'file' ? !/\.(ts|json|js)$/.test(target) : BARE_BUILTINS.has(target)))
        .map(({ target }) => `${path} -> ${target}`),
    );
    assert.deepEqual(odd, []);
  });

  const BARE_BUILTINS = new Set([
    'assert',
    'crypto',
    'events',
    'fs',
    'http',
    'https',
    'net',
    'os',
    'path',
    'process',
    'stream',
    'tls',
    'url',
    'util',
  ]);
});

describe('the program', () => {
  it('loads the Kubernetes client, charts and the issuer of certificates only where they are needed', () => {
    const loaded = loadedAtStart(source, 'src/commands/cli.ts');
    assert.ok(loaded.has('fastify') && loaded.has('commander'), [...loaded].join(', '));
    assert.deepEqual(
      ['@kubernetes/client-node', 'echarts', 'selfsigned'].filter((name) => loaded.has(name)),
      [],
    );
  });

  it('imports nothing before it knows the version of Node', () => {
    const main = source.find(({ path }) => path === 'src/main.ts');
    assert.deepEqual(
      main?.imports.map(({ dynamic }) => dynamic),
      [true],
    );
  });

  it('depends on every package that it imports, and imports every one that it depends on', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const imported = source.flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'package'));
    assert.deepEqual([...new Set(imported.map(({ target }) => target))].sort(), Object.keys(dependencies).sort());
  });
});

describe('the repository', () => {
  it('has no other folders at its top', () => {
    const made = ['node_modules', 'dist', 'coverage'];
    const folders = readdirSync('.', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = folders.map(({ name }) => name).filter((name) => !name.startsWith('.') && !made.includes(name));
    assert.deepEqual(names.sort(), ['certs', 'manifests', 'src', 'test']);
  });
});

function matching(files: readonly SourceFile[], pattern: RegExp): readonly string[] {
  return files.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
}
