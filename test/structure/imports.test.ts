import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { findCycle, loadedAtStart, readSource, type SourceFile } from './source-files.ts';

interface Room {
  /** Rooms, or single files of them. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  /** Whether it may import what Node brings along. */
  readonly builtins: boolean;
}

/** Who may import what. */
const ROOMS: Readonly<Record<string, Room>> = {
  units: { rooms: [], packages: [], builtins: false },
  page: { rooms: [], packages: ['fast-xml-builder'], builtins: false },
  documents: { rooms: ['units'], packages: ['csv-parse', 'js-yaml', 'yaml'], builtins: true },
  regions: { rooms: ['units'], packages: ['zod'], builtins: false },
  forecast: { rooms: ['units'], packages: [], builtins: false },
  decision: { rooms: ['forecast', 'regions', 'units'], packages: ['fastest-levenshtein'], builtins: false },
  energy: { rooms: ['regions', 'units'], packages: [], builtins: false },
  capacity: { rooms: ['decision', 'energy', 'regions', 'units'], packages: ['yaml'], builtins: false },
  scaling: { rooms: ['decision', 'energy', 'forecast', 'regions', 'units'], packages: ['zod'], builtins: false },
  sources: {
    rooms: ['energy/energy-sample', 'regions', 'units'],
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
  telemetry: { rooms: ['regions', 'units'], packages: ['pino', 'pino-pretty', 'prom-client'], builtins: true },
  config: {
    rooms: ['decision', 'documents', 'energy', 'regions', 'units'],
    packages: ['commander', 'zod'],
    builtins: true,
  },
  certs: { rooms: ['config/watch-files', 'units'], packages: ['selfsigned'], builtins: true },
  cluster: {
    rooms: ['capacity/node-groups', 'decision', 'regions', 'scaling', 'units'],
    packages: ['@kubernetes/client-node', 'cockatiel', 'pino'],
    builtins: true,
  },
  controllers: {
    rooms: [
      'capacity',
      'certs',
      'cluster',
      'decision',
      'energy',
      'forecast',
      'regions',
      'scaling',
      'sources',
      'telemetry/metric',
      'units',
    ],
    packages: ['cockatiel', 'croner', 'pino'],
    builtins: true,
  },
  webhook: {
    rooms: ['decision', 'page', 'regions', 'units'],
    packages: ['fastify', 'lru-cache', 'pino'],
    builtins: true,
  },
  terminal: { rooms: ['units'], packages: ['string-width', 'wrap-ansi', 'yaml'], builtins: true },
  world: {
    rooms: ['cluster', 'config', 'decision', 'documents', 'regions', 'sources', 'terminal/exit-codes', 'units'],
    packages: ['zod'],
    builtins: true,
  },
  replica: {
    rooms: [
      'certs',
      'cluster',
      'config',
      'controllers',
      'decision',
      'regions',
      'scaling',
      'sources',
      'telemetry',
      'units',
      'webhook',
      'world',
    ],
    packages: ['close-with-grace'],
    builtins: true,
  },
  questions: {
    rooms: [
      'capacity',
      'certs/parsed-certificate',
      'certs/trust',
      'cluster',
      'config',
      'decision',
      'documents',
      'energy',
      'forecast',
      'page',
      'regions',
      'scaling',
      'sources',
      'terminal',
      'units',
      'world',
    ],
    packages: ['csv-parse', 'diff', 'fast-json-patch', 'yaml', 'zod'],
    builtins: true,
  },
  commands: {
    rooms: [
      'capacity/expander-priorities',
      'capacity/own-overlay',
      'certs',
      'cluster',
      'config',
      'controllers/field-owners',
      'controllers/gate-releaser/wait-events',
      'controllers/node-labeller/plan',
      'controllers/node-pools/pool-trace',
      'controllers/owner-nudger/controller',
      'controllers/policy-reporter/policy-metrics',
      'controllers/priority-expander/tell',
      'decision',
      'questions',
      'regions',
      'replica',
      'scaling',
      'sources',
      'telemetry',
      'terminal',
      'units',
      'world',
    ],
    packages: ['@pnpm/tabtab', 'commander'],
    builtins: true,
  },
  packaging: { rooms: [], packages: ['esbuild'], builtins: true },
  'bundle.ts': { rooms: ['packaging'], packages: ['esbuild'], builtins: true },
  'main.ts': { rooms: ['commands'], packages: [], builtins: false },
};

/** Rooms of which no part knows another; all may use what stands beside them, and sources what asks. */
const APART: Readonly<Record<string, readonly string[]>> = {
  controllers: [],
  questions: [],
  sources: ['asking'],
};

/** What questions judge and render with: pure, like the rooms that they stand on. */
const PURE_ROOMS: ReadonlySet<string> = new Set([
  'capacity',
  'decision',
  'energy',
  'forecast',
  'page',
  'regions',
  'scaling',
  'units',
]);
const PURE: Readonly<Record<string, readonly string[]>> = {
  audit: [
    'as-it-acts',
    'audited-workload',
    'balance',
    'bar-chart',
    'findings',
    'grams-per-hour',
    'json-pieces',
    'judge-workload',
    'misplaced',
    'page-script',
    'page-style',
    'policy-report',
    'render-html',
    'render-junit',
    'render-names',
    'render-sarif',
    'row-groups',
    'spread-of-pods',
    'sum-up',
    'unknown-regions',
    'verdict',
    'workload-of',
  ],
  budget: ['budget-report', 'components', 'scaled-down', 'unknown-pods'],
  check: [
    'facts',
    'finding',
    'judge',
    'judge-answers',
    'judge-clocks',
    'judge-features',
    'judge-held-pools',
    'judge-leader',
    'judge-places',
    'judge-regions',
    'judge-replicas',
    'judge-rights',
    'judge-scaled',
    'judge-settings',
    'judge-waiting',
    'judge-webhooks',
    'locate-secret',
    'names',
    'read-deployments',
    'rights',
    'tell-things',
    'warnings',
  ],
  overlays: ['lever-words', 'overlays-report'],
  test: ['compare', 'test-file'],
  preflight: [
    'assess',
    'baseline',
    'compare-fleets',
    'cpu-manager-policy',
    'fleet-carbon',
    'fleet-node',
    'match-measurements',
    'node-power',
    'preflight-report',
    'sums',
  ],
  simulate: [
    'every-hour',
    'every-hour-report',
    'figures',
    'grid',
    'job',
    'references',
    'render-html',
    'replay',
    'report',
    'room',
    'strategies',
  ],
  spillover: ['failover-plan', 'flow', 'report'],
  wait: ['expected-hours', 'known-hours'],
};

/** What would make a decision depend on anything but its input. */
const EFFECTS =
  /\b(Date\.now|new Date\(\)|performance\.|process\.|Math\.random|console\.|fetch\(|setTimeout|setInterval|setImmediate|queueMicrotask|globalThis)/;

const source = readSource('src');
const tests = readSource('test');

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Which version this is. */
const OWN_PACKAGE = 'package.json';

function mayImport({ rooms }: Room, own: string, target: string): boolean {
  const inside = target.replace(/^src\//, '').replace(/\.ts$/, '');
  return (
    target === OWN_PACKAGE ||
    roomOf(target) === own ||
    rooms.some((room) => inside === room || inside.startsWith(`${room}/`))
  );
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

  for (const [name, open] of Object.entries(APART)) {
    it(`no part of ${name} imports another`, () => {
      const partOf = (path: string) => path.split('/').slice(2, -1)[0];
      const wrong = source.flatMap(({ path, imports }) =>
        imports
          .filter(({ kind, target }) => kind === 'file' && roomOf(path) === name && roomOf(target) === name)
          .filter(({ target }) => {
            const [from, to] = [partOf(path), partOf(target)];
            return from !== undefined && to !== undefined && from !== to && !open.includes(to);
          })
          .map(({ target }) => `${path} -> ${target}`),
      );
      assert.deepEqual(wrong, []);
    });
  }

  for (const [question, names] of Object.entries(PURE)) {
    it(`judge and render ${question} without an effect`, () => {
      const isPure = (target: string) =>
        PURE_ROOMS.has(roomOf(target)) || names.some((name) => target === `src/questions/${question}/${name}.ts`);
      const files = names.map((name) => source.find(({ path }) => path === `src/questions/${question}/${name}.ts`));
      const wrong = files.flatMap((file, index) =>
        file
          ? file.imports
              .filter(({ kind, target }) => kind === 'builtin' || (kind === 'file' && !isPure(target)))
              .map(({ target }) => `${file.path} -> ${target}`)
          : [`${names[index]} is not there`],
      );
      assert.deepEqual(wrong, []);
    });
  }

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

  it('reads regions, namespaces and gridgate.yaml through world/world-files.ts, which tells all their mistakes', () => {
    const reads = /import [^;]*\b(readRegions|readCluster|readConfig)\b[^;]*(read-files|config-file)\.ts'/;
    assert.deepEqual(matching(source, reads), ['src/commands/print-config.ts', 'src/world/world-files.ts']);
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
  it('loads what a command needs only when it runs: help and the version are there at once', () =>
    assert.deepEqual([...loadedAtStart(source, 'src/commands/cli.ts')], ['commander']));

  it('imports nothing before it knows the version of Node', () => {
    const main = source.find(({ path }) => path === 'src/main.ts');
    assert.deepEqual(
      main?.imports.map(({ dynamic }) => dynamic),
      [true],
    );
  });

  it('imports every package that is installed, but for those that build and test it', () => {
    const tools = ['@biomejs/biome', '@types/node', 'esbuild', 'fast-check', 'node', 'playwright-core', 'typescript'];
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    const program = source.filter(({ path }) => !/^src\/(bundle\.ts$|packaging\/)/.test(path));
    const imported = program.flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'package'));
    const names = new Set([...imported.map(({ target }) => target), ...tools]);
    assert.deepEqual([...names].sort(), Object.keys(devDependencies).sort());
    assert.equal(dependencies, undefined, 'they are in the bundle: who installs the package needs none of them');
  });
});

describe('the repository', () => {
  it('has pages whose links lead somewhere', () => {
    const pages = ['.', 'manifests', 'certs', 'src', 'test'].flatMap((folder) =>
      readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(folder, name)),
    );
    const dead = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(dirname(page), target)))
        .map((target) => `${page} -> ${target}`),
    );
    assert.deepEqual(dead, []);
  });

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
