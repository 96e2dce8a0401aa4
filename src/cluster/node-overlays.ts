import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../regions/node-overlay.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export const NODE_OVERLAYS_PATH = '/apis/karpenter.sh/v1alpha1/nodeoverlays';
export const NO_OVERLAYS = 'this cluster knows no NodeOverlays (karpenter.sh/v1alpha1): no prices are written';

/** NodeOverlays, whoever wrote them. Another version of the same content is no news. */
export const NODE_OVERLAYS: WatchedResource<NodeOverlayFacts> = {
  name: 'nodeoverlays',
  path: NODE_OVERLAYS_PATH,
  content: 'full',
  whenMissing: NO_OVERLAYS,
  project: (object: KubeObject) => toNodeOverlayFacts(object),
  differs: (before, after) => !isDeepStrictEqual(contentOf(before), contentOf(after)),
};

/** The path of one. */
export function overlayPath(name: string): string {
  return `${NODE_OVERLAYS_PATH}/${encodeURIComponent(name)}`;
}

/** The name of one of ours: the same for the same content. */
export function overlayName(content: string): string {
  return `gridgate-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

function contentOf({ resourceVersion: _, ...content }: NodeOverlayFacts): object {
  return content;
}
