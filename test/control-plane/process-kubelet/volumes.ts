import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../api-client.ts';
import { type Pod, valueOfField } from './pod.ts';

type Files = Record<string, { readonly content: Buffer; readonly mode: number }>;

/** Who the container is: files of volumes are readable for its user and, by fsGroup, its group. */
export type Owner = { readonly uid: number; readonly fsGroup: number };

/** A volume as a folder that a container mounts; what ConfigMaps and Secrets hold follows them, swapped in at once as kubelets do. */
export type Volume = { readonly name: string; readonly folder: string; refresh(): Promise<void> };

const DEFAULT_MODE = 0o644;

/** Rejects while a ConfigMap or Secret that is not optional is missing: the container then waits. */
export async function prepareVolumes(
  request: ApiClient['request'],
  pod: Pod,
  home: string,
  owner: Owner,
): Promise<Volume[]> {
  const volumes = (pod.spec.volumes ?? []).map((volume: Pod) => {
    const folder = join(home, 'volumes', volume.name);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o2777);
    let before: Files | undefined;
    async function refresh() {
      if (volume.emptyDir) return;
      const files = await filesOf(request, pod, volume, before);
      if (isDeepStrictEqual(files, before)) return;
      before = files;
      swapIn(folder, files, owner);
    }
    return { name: volume.name, folder, refresh };
  });
  for (const volume of volumes) await volume.refresh();
  return volumes;
}

async function filesOf(
  request: ApiClient['request'],
  pod: Pod,
  volume: Pod,
  before: Files | undefined,
): Promise<Files> {
  const { configMap, secret, projected, downwardAPI } = volume;
  const source = { configMap, secret: secret && { ...secret, name: secret.secretName }, downwardAPI };
  const all = projected ? projected.sources : [source];
  const mode = (projected ?? configMap ?? secret)?.defaultMode ?? DEFAULT_MODE;
  const parts = await Promise.all(all.map((one: Pod) => filesOfSource(request, pod, one, mode, before)));
  if (!projected && !configMap && !secret && !downwardAPI)
    throw new Error(`volumes like ${volume.name} are not played`);
  return Object.assign({}, ...parts);
}

async function filesOfSource(
  request: ApiClient['request'],
  pod: Pod,
  source: Pod,
  mode: number,
  before?: Files,
): Promise<Files> {
  const { namespace } = pod.metadata;
  if (source.serviceAccountToken) {
    const { path, expirationSeconds, audience } = source.serviceAccountToken;
    if (before?.[path]) return { [path]: before[path] };
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.spec.serviceAccountName}/token`;
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name, uid: pod.metadata.uid };
    const { status, body } = await request('POST', account, {
      spec: { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef },
    });
    if (status !== 201) throw new Error(`no token for ${pod.spec.serviceAccountName}: ${body.message}`);
    return { [path]: { content: Buffer.from(body.status.token), mode: 0o600 } };
  }
  if (source.downwardAPI)
    return Object.fromEntries(
      source.downwardAPI.items.map(({ path, fieldRef }: Pod) => [
        path,
        { content: Buffer.from(valueOfField(pod, fieldRef.fieldPath)), mode },
      ]),
    );
  const [kind, named] = source.secret ? ['secrets', source.secret] : ['configmaps', source.configMap];
  const data = await dataOf(request, `/api/v1/namespaces/${namespace}/${kind}/${named.name}`, named.optional);
  const items: { key: string; path: string }[] = named.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return Object.fromEntries(items.map(({ key, path }) => [path, { content: data[key] ?? Buffer.alloc(0), mode }]));
}

/** Of a ConfigMap or Secret, key by key; nothing where it is missing and may be. */
export async function dataOf(
  request: ApiClient['request'],
  path: string,
  isOptional = false,
): Promise<Record<string, Buffer>> {
  const { status, body } = await request('GET', path);
  if (status === 404 && isOptional) return {};
  if (status !== 200) throw new Error(`${path} answers ${status}`);
  const encoding = body.kind === 'Secret' ? 'base64' : 'utf8';
  const entries = Object.entries<string>(body.data ?? {}).map(([key, text]) => [key, Buffer.from(text, encoding)]);
  const binary = Object.entries<string>(body.binaryData ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]);
  return Object.fromEntries([...entries, ...binary]);
}

/** As a kubelet does: a new folder, then one rename of the link `..data`, to which the names of the files lead. */
function swapIn(folder: string, files: Files, { uid, fsGroup }: Owner): void {
  const fresh = `..${process.hrtime.bigint()}`;
  for (const [path, { content, mode }] of Object.entries(files)) {
    const file = join(folder, fresh, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content);
    chownSync(file, mode === 0o600 ? uid : 0, fsGroup);
    chmodSync(file, mode | ((mode & 0o400) >> 3)); // fsGroup reads what the owner reads
  }
  mkdirSync(join(folder, fresh), { recursive: true });
  const link = join(folder, '..data');
  const old = existsSync(link) ? readdirSync(folder).filter((name) => /^\.\.\d+$/.test(name) && name !== fresh) : [];
  symlinkSync(fresh, `${link}_new`);
  renameSync(`${link}_new`, link);
  const names = new Set(Object.keys(files).map((path) => path.split('/')[0] as string));
  for (const name of readdirSync(folder).filter((name) => !name.startsWith('..') && !names.has(name)))
    rmSync(join(folder, name));
  for (const name of names) if (!existsSync(join(folder, name))) symlinkSync(join('..data', name), join(folder, name));
  for (const name of old) rmSync(join(folder, name), { recursive: true });
}
