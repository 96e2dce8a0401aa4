import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { issueForLocalhost, writePair } from '../certs/pairs.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

export interface WorldFiles {
  readonly directory: string;
  readonly regions: string;
  readonly namespaces: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM. */
  readonly ca: string;
  /** Arguments of `serve` for all of them. */
  readonly args: readonly string[];
}

/** One document of a regions file. */
export function regionYaml(name: string, spec: object): string {
  return stringify({ apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name }, spec });
}

/** One document of a namespaces file; annotations need no prefix. */
export function namespaceYaml(name: string, own: Readonly<Record<string, string>> = {}): string {
  const annotations = Object.fromEntries(Object.entries(own).map(([key, value]) => [`gridgate.dev/${key}`, value]));
  return stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } });
}

export const REGIONS = [
  regionYaml('eu-north', { gramsPerKwh: 50, latencyMs: { 'eu-central': 24 } }),
  regionYaml('us-west', { gramsPerKwh: 120, latencyMs: { 'eu-central': 142 } }),
  regionYaml('eu-central', { gramsPerKwh: 340 }),
  regionYaml('eu-west', { gramsPerKwh: 40, outage: { active: true, reason: 'power loss' } }),
];

/** A node of eu-north with a kubelet of 1.33. */
export const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n1',
    labels: { 'topology.kubernetes.io/region': 'eu-north', 'node.kubernetes.io/instance-type': 'm7g.large' },
  },
  status: { nodeInfo: { kubeletVersion: 'v1.33.0', architecture: 'arm64' } },
};

export const NAMESPACES = [
  namespaceYaml('shop', { mode: 'enforce', 'home-region': 'eu-central' }),
  namespaceYaml('reports', { mode: 'warn' }),
  namespaceYaml('lab', { mode: 'audit' }),
  namespaceYaml('legacy'),
];

/** Writes a good regions file, namespaces file and certificate; they are gone when the test is over. */
export async function writeWorld(test: TestContext): Promise<WorldFiles> {
  const directory = makeTemporaryDirectory(test);
  const pair = await issueForLocalhost();
  const files = {
    directory,
    regions: writeDocuments(join(directory, 'R.yaml'), REGIONS),
    namespaces: writeDocuments(join(directory, 'N.yaml'), NAMESPACES),
    ...writePair(directory, pair),
  };
  return { ...files, ca: pair.ca, args: argsFor(files) };
}

export function writeDocuments(path: string, documents: readonly string[]): string {
  writeFileSync(path, documents.join('---\n'));
  return path;
}

/** Arguments of `serve` for these files. */
export function argsFor(files: Omit<WorldFiles, 'args' | 'ca' | 'directory'>): readonly string[] {
  const { regions, namespaces, certFile, keyFile } = files;
  return ['--regions', regions, '--namespaces', namespaces, '--cert-file', certFile, '--key-file', keyFile];
}
