import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package of which at least one line is in what was built. */
export interface BundledPackage {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
}

/** By their directories, in order. */
export async function bundledPackages({ outputs }: Pick<Metafile, 'outputs'>): Promise<readonly BundledPackage[]> {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const directories = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  return await Promise.all([...directories].sort().map(readPackage));
}

async function readPackage(directory: string): Promise<BundledPackage> {
  const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  return { directory, name, version, license };
}
