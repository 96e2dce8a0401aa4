import { isDeepStrictEqual } from 'node:util';
import { ANNOTATION_PREFIX, MANAGED_LABEL, type NamespaceRecord } from '../decision/namespace-record.ts';
import type { KubeObject } from './kube-object.ts';
import { acceptFor, type WatchedResource } from './watched-resource.ts';

export const NAMESPACES_PATH = '/api/v1/namespaces';
export const ACCEPT_NAMESPACE = acceptFor('metadata', 'one');

/** Shared by all namespaces that ask for nothing, which are most. */
const NONE: NamespaceRecord['annotations'] = Object.freeze({});

export function toNamespaceRecord({ metadata }: KubeObject): NamespaceRecord {
  const { name, resourceVersion = '', labels, annotations = {} } = metadata;
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return {
    name,
    resourceVersion,
    annotations: ours.length > 0 ? Object.fromEntries(ours) : NONE,
    managed: labels?.[MANAGED_LABEL] === 'true',
  };
}

export const NAMESPACES: WatchedResource<NamespaceRecord> = {
  name: 'namespaces',
  path: NAMESPACES_PATH,
  content: 'metadata',
  project: toNamespaceRecord,
  differs: (before, after) =>
    before.managed !== after.managed || !isDeepStrictEqual(before.annotations, after.annotations),
};
