import { isDeepStrictEqual } from 'node:util';
import { ANNOTATION_PREFIX, MANAGED_LABEL, MODE_KEY, type NamespaceRecord } from '../decision/namespace-record.ts';
import type { KubeObject } from './kube-object.ts';
import { acceptFor, type WatchedResource } from './watched-resource.ts';

export const NAMESPACES_PATH = '/api/v1/namespaces';
export const ACCEPT_NAMESPACE = acceptFor('metadata', 'one');

/** Shared by all namespaces that ask for nothing, which are most. */
const NONE: NamespaceRecord['annotations'] = Object.freeze({});

export function toNamespaceRecord({ metadata }: KubeObject): NamespaceRecord {
  const { name, resourceVersion = '', labels, annotations = {} } = metadata;
  const modeWrittenAt = MODE_KEY in annotations ? writtenAt(metadata, MODE_KEY) : undefined;
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return {
    name,
    resourceVersion,
    annotations: ours.length > 0 ? Object.fromEntries(ours) : NONE,
    managed: labels?.[MANAGED_LABEL] === 'true',
    ...(modeWrittenAt !== undefined && { modeWrittenAt }),
  };
}

/** Which fields a tool wrote, and when it last wrote any of them. */
interface ManagedFields {
  readonly time?: string;
  readonly fieldsV1?: { readonly 'f:metadata'?: { readonly 'f:annotations'?: Readonly<Record<string, unknown>> } };
}

interface Written {
  readonly creationTimestamp?: string;
  readonly managedFields?: readonly ManagedFields[];
}

/** Of several tools that wrote the same value the first counts: the others agreed with it. */
function writtenAt(metadata: KubeObject['metadata'], key: string): number | undefined {
  const { creationTimestamp = '', managedFields = [] } = metadata as Written;
  const times = managedFields
    .filter(({ fieldsV1 }) => fieldsV1?.['f:metadata']?.['f:annotations']?.[`f:${key}`] !== undefined)
    .map(({ time = '' }) => Date.parse(time))
    .filter((at) => !Number.isNaN(at));
  const first = Math.min(...times);
  return times.length > 0 && !(first <= Date.parse(creationTimestamp)) ? first : undefined;
}

export const NAMESPACES: WatchedResource<NamespaceRecord> = {
  name: 'namespaces',
  path: NAMESPACES_PATH,
  content: 'metadata',
  project: toNamespaceRecord,
  differs: (before, after) =>
    before.managed !== after.managed || !isDeepStrictEqual(before.annotations, after.annotations),
};
