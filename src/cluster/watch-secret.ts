import type { Logger } from 'pino';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';
import { objectKey } from './projection-store.ts';
import { followResource, type Reflector } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

/** PEM, both; empty where the Secret lacks them. */
export interface SecretPair {
  readonly cert: string;
  readonly key: string;
}

interface SecretWatch {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly name: string;
  readonly log: Logger;
  /** After each change; undefined when there is no such Secret (any more). */
  readonly onChange: (pair: SecretPair | undefined) => void;
}

/** Follows `tls.crt` and `tls.key` of one Secret. RBAC can grant get, list and watch of it by resourceName. */
export function watchSecret({ api, namespace, name, log, onChange }: SecretWatch): Reflector {
  const resource: WatchedResource<SecretPair> = {
    name: 'secrets',
    path: `/api/v1/namespaces/${namespace}/secrets`,
    content: 'full',
    fieldSelector: `metadata.name=${name}`,
    project(object) {
      const { data = {} } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
      return { cert: decode(data['tls.crt']), key: decode(data['tls.key']) };
    },
    differs: (before, after) => before.cert !== after.cert || before.key !== after.key,
  };
  const announce = () => onChange(followed.get(objectKey(name, namespace)));
  const followed = followResource({ api, resource, log, onChange: announce });
  return followed;
}

function decode(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
