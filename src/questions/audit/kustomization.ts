import { join } from 'node:path';
import { readText } from '../../documents/read-text.ts';
import { parseYamlDocuments } from '../../documents/yaml-documents.ts';

const NAMES: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization']);
/** Where a kustomization names files of patches: as text, or in a field `path`. */
const FIELDS = ['patches', 'patchesStrategicMerge', 'patchesJson6902'];

export function isKustomization(name: string): boolean {
  return NAMES.has(name);
}

/** The files that a kustomization applies as patches: parts of objects, which nobody applies by themselves. */
export async function findPatches(directory: string, name: string): Promise<readonly string[]> {
  const text = await readText(join(directory, name)).catch(() => '');
  return [...parseYamlDocuments(text)].flatMap((document) => {
    const value = 'value' in document ? document.value : undefined;
    if (typeof value !== 'object' || value === null) return [];
    const fields = value as Readonly<Record<string, unknown>>;
    return FIELDS.flatMap((field) => pathsOf(fields[field])).map((path) => join(directory, path));
  });
}

function pathsOf(patches: unknown): readonly string[] {
  if (!Array.isArray(patches)) return [];
  return patches
    .map((patch) => (typeof patch === 'string' ? patch : patch?.path))
    .filter((path): path is string => typeof path === 'string' && !path.includes('\n'));
}
