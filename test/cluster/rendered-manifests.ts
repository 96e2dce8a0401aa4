import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
import type { ControlPlane } from '../control-plane/start.ts';

export const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url));
/** Each with webhooks of its own. */
export const OVERLAYS = ['base', 'strict'] as const;
/** `single` has the webhooks of the base and other pods. */
export const LAYOUTS = [...OVERLAYS, 'single'] as const;
export type Overlay = (typeof LAYOUTS)[number];
/** Of manifests/capacity: what each adds to any layout. */
export const COMPONENTS = [
  'carbon-budgets',
  'node-overlays',
  'node-pools',
  'priority-expander',
  'regional-autoscaler',
] as const;
export type Component = (typeof COMPONENTS)[number];

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind; the assertion is the check
export type Rendered = any;

/** What `kubectl apply -k` would send, of these manifests or of another release's. */
export async function render(
  controlPlane: Pick<ControlPlane, 'kubectl'>,
  overlay: Overlay | 'check',
  manifests = MANIFESTS,
): Promise<Rendered[]> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['kustomize', `${manifests}/${overlay}`]);
  assert.equal(code, 0, stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS());
}

/** The same of a layout with components, as an overlay of one's own names them. */
export async function renderWith(
  controlPlane: Pick<ControlPlane, 'kubectl'>,
  layout: Overlay,
  components: readonly Component[],
  manifests = MANIFESTS,
): Promise<Rendered[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gridgate-overlay-'));
  const path = (name: string) => relative(realpathSync(folder), `${manifests}/${name}`);
  const overlay = { resources: [path(layout)], components: components.map((name) => path(`capacity/${name}`)) };
  writeFileSync(join(folder, 'kustomization.yaml'), stringify(overlay));
  try {
    const { code, stdout, stderr } = await controlPlane.kubectl(['kustomize', folder]);
    assert.equal(code, 0, stderr);
    return parseAllDocuments(stdout).map((document) => document.toJS());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function ofKind(objects: readonly Rendered[], ...kinds: readonly string[]): Rendered[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}
