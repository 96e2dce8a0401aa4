import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** One import, re-export or dynamic import of a file. */
export interface Import {
  /** As written, or the path from the repository's root where it is a file of ours. */
  readonly target: string;
  readonly kind: 'package' | 'builtin' | 'file';
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  /** Loaded when the program gets there, not when it starts. */
  readonly dynamic: boolean;
}

export interface SourceFile {
  /** From the repository's root, such as `src/decision/decide.ts`. */
  readonly path: string;
  /** Without its comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;
const STATIC = /^(?:import|export)\s+(type\s+)?(?:[\w\s{},*$]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /(typeof\s+)?\bimport\(\s*'([^']+)'\s*\)/g;

/** Every TypeScript file below a folder, declarations included. */
export function readSource(folder: string): readonly SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFile(posix.join(folder, name)))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readFile(path: string): SourceFile {
  const code = readFileSync(path, 'utf8').replace(COMMENT, '');
  const found = [
    ...[...code.matchAll(STATIC)].map((match) => toImport(path, match, false)),
    ...[...code.matchAll(DYNAMIC)].map((match) => toImport(path, match, true)),
  ];
  return { path, code, imports: found };
}

function toImport(from: string, [, type, specifier = '']: RegExpExecArray, dynamic: boolean): Import {
  const rest = { typeOnly: type !== undefined, dynamic };
  if (specifier.startsWith('.')) return { target: join(dirname(from), specifier), kind: 'file', ...rest };
  if (specifier.startsWith('node:')) return { target: specifier, kind: 'builtin', ...rest };
  return { target: packageName(specifier), kind: 'package', ...rest };
}

/** `@tgwf/co2` of `@tgwf/co2/data/electricity-maps`. */
function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** A way from a file back to itself along imports, or `undefined`. */
export function findCycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();

  function visit(path: string, way: readonly string[]): readonly string[] | undefined {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const { target } of byPath.get(path)?.imports ?? []) {
      const cycle = byPath.has(target) ? visit(target, [...way, path]) : undefined;
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  }

  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Every package that a file loads at its start, itself or through files of ours. */
export function loadedAtStart(files: readonly SourceFile[], start: string): ReadonlySet<string> {
  const loads = new Map(
    files.map(({ path, imports }) => [path, imports.filter((one) => !one.typeOnly && !one.dynamic)]),
  );
  const reached = new Map([[start, loads.get(start) ?? []]]);
  // A Map hands over what is added to it on the way.
  for (const [, imports] of reached)
    for (const { target } of imports) if (!reached.has(target)) reached.set(target, loads.get(target) ?? []);
  const packages = [...reached.values()].flat().filter(({ kind }) => kind === 'package');
  return new Set(packages.map(({ target }) => target));
}
