import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

interface KubeConfigFile {
  readonly file: string;
  /** Its text, where it was read already: a pipe can be read once. */
  readonly text?: string | undefined;
}

interface KubeConfigSource {
  readonly file?: string | undefined;
  readonly text?: string | undefined;
  /** Several files instead of one: what stands in an earlier one counts. */
  readonly files?: readonly KubeConfigFile[];
  /** A context of the files; their current context otherwise. */
  readonly context?: string | undefined;
}

/**
 * Loads and checks what it takes to reach a cluster: of kubeconfig files or, without one, of the service account of the pod we
 * run in. Throws an Error whose message is one sentence for the user.
 */
export function loadKubeConfig({ file, text, files, context }: KubeConfigSource = {}): KubeConfig {
  const all = files ?? (file === undefined ? [] : [{ file, text }]);
  const kubeConfig = all.length === 0 ? loadServiceAccount() : merge(all.map(loadFile));
  if (context !== undefined) kubeConfig.setCurrentContext(context);
  const names = all.map(({ file }) => file).join(delimiter);
  checkUsable(kubeConfig, all.length === 0 ? 'the service account of this pod' : `kubeconfig ${names}`);
  return kubeConfig;
}

/** The namespace of the context, which kubectl takes where none is named. */
export function namespaceOf(kubeConfig: KubeConfig): string | undefined {
  return kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace || undefined;
}

function loadServiceAccount(): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromCluster();
  return kubeConfig;
}

/** As kubectl merges them: the first of a name counts. client-node's own merging throws at names that are there twice. */
function merge(configs: readonly KubeConfig[]): KubeConfig {
  const [first, ...others] = configs;
  if (first && others.length === 0) return first;
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstOfName(configs.flatMap(({ clusters }) => clusters)),
    users: firstOfName(configs.flatMap(({ users }) => users)),
    contexts: firstOfName(configs.flatMap(({ contexts }) => contexts)),
    currentContext: configs.find(({ currentContext }) => currentContext)?.currentContext,
  });
  return merged;
}

function firstOfName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()].reverse();
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EISDIR: 'it is a directory',
};

function readKubeConfig(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8'); // standard input
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot load kubeconfig ${file}: ${UNREADABLE[code] ?? `it cannot be read (${code})`}`, { cause });
  }
}

/** A parser says what is wrong with a line by showing it; this file holds tokens and keys. */
function loadFile({ file, text = readKubeConfig(file) }: KubeConfigFile): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromString(text.replace(/^\ufeff/, ''));
    kubeConfig.makePathsAbsolute(dirname(file));
    return kubeConfig;
  } catch (cause) {
    const { mark, message } = cause as Error & { mark?: { line: number } };
    const missing = /^(?:clusters|users|contexts)\[\d+\][.\w]* is missing$/.exec(message)?.[0];
    const where = mark ? `line ${mark.line + 1} is not YAML` : (missing ?? 'it is not built as a kubeconfig is');
    throw new Error(`cannot load kubeconfig ${file}: ${where}; its text is not shown, since it may hold secrets`);
  }
}

// client-node checks none of this: without it, a mistake would show as an endless row of failed requests.
function checkUsable(kubeConfig: KubeConfig, where: string): void {
  // client-node's type says that there always is one.
  const current = kubeConfig.getCurrentContext() as string | undefined;
  if (current === undefined || !kubeConfig.getContextObject(current)) {
    const names = kubeConfig.getContexts().map(({ name }) => name);
    const lack = current === undefined ? 'has no context that is current' : `has no context "${current}"`;
    throw new Error(`${where} ${lack}; it has ${names.join(', ') || 'none'}`);
  }
  const cluster = kubeConfig.getCurrentCluster();
  const user = kubeConfig.getCurrentUser();
  if (!cluster || !user) {
    const missing = cluster ? 'user' : 'cluster';
    throw new Error(`${where} does not define the ${missing} of its context "${kubeConfig.getCurrentContext()}"`);
  }
  const protocol = protocolOf(cluster.server);
  if (protocol === undefined)
    throw new Error(`${where} has no usable API server address in its cluster's field server`);
  // client-node refuses plain HTTP (a local proxy) unless told that nothing will be verified.
  if (protocol === 'http:' && !cluster.skipTLSVerify) {
    throw new Error(
      `${where} uses plain HTTP for ${URL.parse(cluster.server)?.host}, which needs insecure-skip-tls-verify: true`,
    );
  }
  const files: Readonly<Record<string, string | undefined>> = {
    'certificate-authority': cluster.caFile,
    'client-certificate': user.certFile,
    'client-key': user.keyFile,
    tokenFile: user.authProvider?.config?.tokenFile,
  };
  const unreadable = Object.entries(files).find(([, path]) => path && !isReadable(path));
  if (!unreadable) return;
  const [field, path = ''] = unreadable;
  throw new Error(`${where} needs ${isShown(path) ? path : `a file as its ${field}`}, which cannot be read`);
}

/** People also paste keys and tokens into fields for files; those are longer than paths, and are not shown. */
function isShown(path: string): boolean {
  return path.length <= LONGEST_PATH && /^[^\p{Cc}]*$/u.test(path) && !/\/(?:LS0t|-----|eyJ)[^/]*$/.test(path);
}

const LONGEST_PATH = 200;

function protocolOf(server: string): string | undefined {
  const protocol = URL.parse(server)?.protocol;
  return protocol === 'https:' || protocol === 'http:' ? protocol : undefined;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
