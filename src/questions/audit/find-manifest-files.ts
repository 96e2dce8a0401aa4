import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '../../documents/names-in.ts';
import { POLICY_TEST_NAME } from '../../documents/policy-test-name.ts';
import { describeReadFailure, STANDARD_INPUT } from '../../documents/read-text.ts';
import { findPatches, isKustomization } from './kustomization.ts';

export const CHART_TEMPLATE = 'chart template';

/** A file to read, or why there is none. */
export type FoundFile =
  | {
      readonly path: string;
      readonly bytes: number;
      /** What it is instead of a file of Kubernetes objects, as its neighbours tell. */
      readonly instead?: string;
    }
  | { readonly issue: string };

const MANIFEST = /\.(?:ya?ml|json)$/i;

/**
 * The files that paths name, in the order of the paths; of a directory all .yaml, .yml and .json files at any depth, sorted
 * by name. Passed over in directories: hidden names, `node_modules`, files of `gridgate test`, and a directory that was already
 * looked into. Patches that a kustomization names, and templates beside a `Chart.yaml`, are told to be that.
 */
export async function* findManifestFiles(paths: readonly string[]): AsyncGenerator<FoundFile> {
  for (const path of paths) {
    if (path === STANDARD_INPUT) yield { path, bytes: 0 };
    else yield* findFrom(path);
  }
}

/** What a failure to read a path comes to, in words with the path. */
export function describePathFailure(path: string, error: unknown): string {
  const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return isGone ? `${path}: cannot be read: there is no such file or directory` : describeReadFailure(path, error);
}

async function* findFrom(path: string): AsyncGenerator<FoundFile> {
  try {
    const facts = await stat(path);
    if (!facts.isDirectory()) {
      yield { path, bytes: facts.size };
      return;
    }
  } catch (error) {
    yield { issue: describePathFailure(path, error) };
    return;
  }
  const walk: Walk = { visited: new Set(), patches: new Set() };
  const all: FoundFile[] = [];
  for await (const found of findBelow(path, walk)) all.push(found);
  if (all.length === 0) yield { issue: `${path}: has no .yaml, .yml or .json file` };
  for (const found of all)
    yield 'path' in found && walk.patches.has(found.path) ? { ...found, instead: 'patch' } : found;
}

interface Walk {
  readonly visited: Set<string>;
  /** Files that kustomizations name as patches. */
  readonly patches: Set<string>;
}

async function* findBelow(directory: string, walk: Walk): AsyncGenerator<FoundFile> {
  try {
    const names = await namesIn(directory, walk.visited);
    await notePatches(directory, names, walk);
    const isChart = names.includes('Chart.yaml');
    for (const name of names) {
      if (POLICY_TEST_NAME.test(name)) continue;
      const isTemplates = isChart && name === 'templates';
      for await (const found of findEntry(join(directory, name), walk))
        yield isTemplates && 'path' in found ? { ...found, instead: CHART_TEMPLATE } : found;
    }
  } catch (error) {
    yield { issue: describePathFailure(directory, error) };
  }
}

async function notePatches(directory: string, names: readonly string[], { patches }: Walk): Promise<void> {
  for (const name of names.filter(isKustomization))
    for (const patch of await findPatches(directory, name)) patches.add(patch);
}

async function* findEntry(path: string, walk: Walk): AsyncGenerator<FoundFile> {
  const facts = await stat(path).catch((error: unknown) => ({ error }));
  if ('error' in facts) {
    // A link to nowhere that is no manifest by name is nobody's business.
    if (MANIFEST.test(path)) yield { issue: describePathFailure(path, facts.error) };
  } else if (facts.isDirectory()) yield* findBelow(path, walk);
  else if (facts.isFile() && MANIFEST.test(path)) yield { path, bytes: facts.size };
}
