import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
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

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind; the assertion is the check
export type Rendered = any;

/** What `kubectl apply -k` would send. */
export async function render(controlPlane: ControlPlane, overlay: Overlay): Promise<Rendered[]> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['kustomize', `${MANIFESTS}/${overlay}`]);
  assert.equal(code, 0, stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS());
}

/** The same with components of `manifests/capacity`. */
export async function renderWith(
  controlPlane: ControlPlane,
  overlay: Overlay,
  ...components: readonly string[]
): Promise<Rendered[]> {
  const folder = mkdtempSync(join(controlPlane.dir, 'kustomization-'));
  const at = (path: string) => relative(realpathSync(folder), join(MANIFESTS, path));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [at(overlay)],
    components: components.map((name) => at(`capacity/${name}`)),
  };
  writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
  const { code, stdout, stderr } = await controlPlane.kubectl(['kustomize', folder]);
  assert.equal(code, 0, stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS());
}

export function ofKind(objects: readonly Rendered[], ...kinds: readonly string[]): Rendered[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}
