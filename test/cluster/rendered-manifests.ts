import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
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

export function ofKind(objects: readonly Rendered[], ...kinds: readonly string[]): Rendered[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}
