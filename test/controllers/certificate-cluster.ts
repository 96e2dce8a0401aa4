import type { ApiClient } from '../../src/cluster/api-client.ts';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { ApiWriter } from '../../src/cluster/api-writer.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { WebhookConfigurationRef } from '../../src/cluster/webhook-bundles.ts';

export const NAMESPACE = 'gridgate-system';
export const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
export const AUTHORITY = `${SECRETS}/gridgate-ca`;
export const LEAF = `${SECRETS}/gridgate-tls`;
export const CONFIGURATIONS: readonly WebhookConfigurationRef[] = [
  { kind: 'MutatingWebhookConfiguration', name: 'gridgate' },
  { kind: 'ValidatingWebhookConfiguration', name: 'gridgate' },
];
const MUTATING = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gridgate';
const VALIDATING = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/gridgate';

interface Stored {
  readonly metadata: { readonly name: string; resourceVersion: string };
  type?: string;
  data?: Record<string, string>;
  webhooks?: { readonly name: string; readonly clientConfig: { caBundle?: string } }[];
}

/** The objects that the certificates controller reads and writes, with an API server's rules about versions. */
export function createCertificateCluster() {
  let version = 1;
  let reads = 0;
  const objects = new Map<string, Stored>();
  const writes: string[] = [];
  let refuse: (path: string) => Error | undefined = () => undefined;

  function put(path: string, object: Stored): KubeObject {
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(++version);
    objects.set(path, stored);
    return stored;
  }

  function admit(verb: string, path: string): void {
    const error = refuse(path);
    if (error) throw error;
    writes.push(`${verb} ${path.split('/').slice(-2).join('/')}`);
  }

  for (const [path, names] of [
    [MUTATING, ['pods.gridgate.dev', 'namespaces.gridgate.dev']],
    [VALIDATING, ['workloads.gridgate.dev']],
  ] as const) {
    const webhooks = names.map((name) => ({ name, clientConfig: {} }));
    put(path, { metadata: { name: 'gridgate', resourceVersion: '' }, webhooks });
  }

  const api: Pick<ApiClient, 'get'> = {
    async get(path) {
      reads++;
      const found = objects.get(path);
      if (!found) throw new ApiError(`GET ${path}`, { code: 404 });
      return structuredClone(found);
    },
  };

  const writer: Pick<ApiWriter, 'create' | 'replace' | 'jsonPatch'> = {
    async create(path, object) {
      const { name } = (object as KubeObject).metadata;
      if (objects.has(`${path}/${name}`)) throw new ApiError(`POST ${path}`, { code: 409 });
      admit('create', `${path}/${name}`);
      return put(`${path}/${name}`, object as Stored);
    },
    async replace(path, object) {
      const found = objects.get(path);
      if (found?.metadata.resourceVersion !== (object as KubeObject).metadata.resourceVersion) {
        throw new ApiError(`PUT ${path}`, { code: found ? 409 : 404 });
      }
      admit('replace', path);
      return put(path, object as Stored);
    },
    async jsonPatch(path, patch) {
      const object = structuredClone(objects.get(path));
      if (!object) throw new ApiError(`PATCH ${path}`, { code: 404 });
      for (const { op, path: at, value } of patch as { op: string; path: string; value: string }[]) {
        if (op === 'test' && value !== object.metadata.resourceVersion) {
          throw new ApiError(`PATCH ${path}`, { code: 422 });
        }
        const webhook = object.webhooks?.[Number(/^\/webhooks\/(\d+)\//.exec(at)?.[1] ?? -1)];
        if (webhook) webhook.clientConfig.caBundle = value;
      }
      admit('patch', path);
      return put(path, object);
    },
  };

  return {
    api,
    writer,
    reads: () => reads,
    /** What was written since the last time it was asked, `verb resource/name`. */
    takeWrites: () => writes.splice(0),
    /** Asked before every write, which fails with the error it gets. */
    refuseWrites: (how: typeof refuse) => {
      refuse = how;
    },
    remove: (path: string) => void objects.delete(path),
    /** A value of a Secret as text; undefined when it is not there. */
    read(path: string, key: string): string | undefined {
      const value = objects.get(path)?.data?.[key];
      return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
    },
    /** Overwrites a value of a Secret, as somebody with kubectl would. */
    edit(path: string, key: string, text: string): void {
      const object = objects.get(path);
      if (object) put(path, { ...object, data: { ...object.data, [key]: Buffer.from(text).toString('base64') } });
    },
    /** The caBundles of all webhooks, PEM. */
    bundles: () =>
      [MUTATING, VALIDATING].flatMap((path) =>
        (objects.get(path)?.webhooks ?? []).map(({ clientConfig }) =>
          Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
        ),
      ),
    /** Overwrites the caBundle of the first webhook. */
    editBundle(text: string): void {
      const object = structuredClone(objects.get(MUTATING));
      if (!object?.webhooks?.[0]) return;
      object.webhooks[0].clientConfig.caBundle = Buffer.from(text).toString('base64');
      put(MUTATING, object);
    },
    removeConfiguration: () => void objects.delete(VALIDATING),
  };
}
