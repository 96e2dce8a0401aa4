import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, createWriteStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../api-client.ts';
import { type Pod, valueOfField } from './pod.ts';
import type { Sandbox } from './pod-network.ts';
import { dataOf, type Owner, type Volume } from './volumes.ts';

/** What an image holds, as our Dockerfile lays it out: `package.json` and `dist` of this folder under `/app`. */
export type Image = { readonly folder: string };

/** uid of `USER` in our Dockerfile. */
const IMAGE_USER = 65532;
const IMAGE_PATH = '/image/bin:/usr/bin:/bin';
const NODE = '/image/bin/node';

export type ContainerSetup = {
  readonly pod: Pod;
  readonly image: Image;
  readonly sandbox: Sandbox | undefined;
  readonly volumes: readonly Volume[];
  readonly env: Readonly<Record<string, string>>;
  /** Folder of this pod. */
  readonly home: string;
  readonly logFile: string;
};

export function ownerOf({ spec }: Pod): Owner {
  const security = { ...spec.securityContext, ...spec.containers[0].securityContext };
  const uid = security.runAsUser ?? IMAGE_USER;
  if (security.runAsNonRoot && uid === 0) throw new Error('container has runAsNonRoot and image will run as root');
  return { uid, fsGroup: spec.securityContext?.fsGroup ?? uid };
}

/**
 * The container's process: its own root with nothing but the image and its mounts, read-only where the pod says so, its user, no
 * capability, the network of its pod. Its pid is that of the program itself.
 */
export function startContainer(setup: ContainerSetup): ChildProcess {
  const { pod, sandbox, env, home, logFile } = setup;
  const [container] = pod.spec.containers;
  const { uid, fsGroup } = ownerOf(pod);
  const gid = pod.spec.securityContext?.runAsGroup ?? container.securityContext?.runAsGroup ?? uid;
  const root = join(home, 'root');
  const drop = [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    `--groups=${fsGroup}`,
    '--no-new-privs',
    '--inh-caps=-all',
  ];
  const program = [
    'env',
    `PATH=${IMAGE_PATH}`,
    ...(container.command ?? [NODE, '/app/dist/main.js']),
    ...(container.args ?? ['serve']),
  ];
  const script = [
    'set -e',
    ...mounts(setup, root),
    `exec chroot ${root} ${[...drop, '--bounding-set=-all', ...program].map(quoted).join(' ')}`,
  ].join('\n');
  const enter = sandbox ? ['nsenter', `--net=/proc/${sandbox.pid}/ns/net`] : [];
  const [file = '', ...args] = [...enter, 'unshare', '--mount', 'sh', '-c', script];
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, PATH: process.env['PATH'] },
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  child.once('error', (error) => appendFileSync(logFile, `${error.message}\n`));
  child.unref();
  return child;
}

/** Lines of shell, run in a mount namespace of the container's own. */
function mounts({ pod, image, volumes }: ContainerSetup, root: string): string[] {
  const [container] = pod.spec.containers;
  const isReadOnly = container.securityContext?.readOnlyRootFilesystem === true;
  for (const folder of ['usr', 'proc', 'dev', 'etc', 'tmp', 'app/dist', 'image/bin'])
    mkdirSync(join(root, folder), { recursive: true });
  chmodSync(root, 0o755);
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) link(`usr/${name}`, join(root, name));
  for (const name of ['app/package.json', 'image/bin/node', 'etc/resolv.conf']) writeFileSync(join(root, name), '');
  const mounted = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }: Pod) => {
    mkdirSync(join(root, mountPath), { recursive: true });
    const folder = volumes.find((volume) => volume.name === name)?.folder as string;
    return bind(folder, join(root, mountPath), readOnly === true);
  });
  return [
    `mount --bind ${root} ${root}`,
    bind('/usr', join(root, 'usr'), true),
    `mount --rbind /dev ${root}/dev`,
    `mount --bind /proc ${root}/proc`,
    bind(process.execPath, join(root, 'image/bin/node'), true),
    bind(join(image.folder, 'package.json'), join(root, 'app/package.json'), true),
    bind(join(image.folder, 'dist'), join(root, 'app/dist'), true),
    ...mounted,
    ...(isReadOnly ? [`mount -o remount,bind,ro ${root}`] : []),
  ];
}

function bind(from: string, to: string, isReadOnly: boolean): string {
  return `mount -o bind${isReadOnly ? ',ro' : ''} ${quoted(from)} ${quoted(to)}`;
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Of `env` and `envFrom`, as a kubelet fills them in; rejects where what is not optional is missing. */
export async function environmentOf(
  request: ApiClient['request'],
  pod: Pod,
  address: string,
  apiServer: { readonly host: string; readonly port: number },
): Promise<Record<string, string>> {
  const [container] = pod.spec.containers;
  const env: Record<string, string> = {
    HOSTNAME: pod.metadata.name,
    NODE_ENV: 'production',
    KUBERNETES_SERVICE_HOST: apiServer.host,
    KUBERNETES_SERVICE_PORT: String(apiServer.port),
  };
  const namespace = `/api/v1/namespaces/${pod.metadata.namespace}`;
  for (const { secretRef, configMapRef } of container.envFrom ?? []) {
    const data = await referredTo(request, namespace, secretRef, configMapRef);
    for (const [key, value] of Object.entries(data)) env[key] = value.toString();
  }
  for (const { name, value = '', valueFrom } of container.env ?? []) {
    const found = valueFrom ? await valueFromOf(request, namespace, pod, valueFrom, address) : value;
    if (found !== undefined) env[name] = found;
  }
  return env;
}

async function valueFromOf(request: ApiClient['request'], namespace: string, pod: Pod, from: Pod, address: string) {
  if (from.fieldRef) return valueOfField(pod, from.fieldRef.fieldPath, address);
  const { key, name, optional } = from.secretKeyRef ?? from.configMapKeyRef;
  const found = (await referredTo(request, namespace, from.secretKeyRef, from.configMapKeyRef))[key];
  if (found === undefined && !optional) throw new Error(`${name} has no key ${key}`);
  return found?.toString();
}

function referredTo(request: ApiClient['request'], namespace: string, secret: Pod, configMap: Pod) {
  const { name, optional } = secret ?? configMap;
  return dataOf(request, `${namespace}/${secret ? 'secrets' : 'configmaps'}/${name}`, optional);
}
