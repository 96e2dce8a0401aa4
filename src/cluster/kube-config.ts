import { accessSync, constants } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

export interface KubeConfigSource {
  /** A kubeconfig file; without it, the service account of the pod we run in. */
  readonly file?: string | undefined;
  /** A context of that file; its current context otherwise. */
  readonly context?: string | undefined;
}

/** Loads and checks what it takes to reach a cluster; throws an Error whose message is one sentence for the user. */
export function loadKubeConfig({ file, context }: KubeConfigSource = {}): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (file === undefined) kubeConfig.loadFromCluster();
  else loadFile(kubeConfig, file);
  if (context !== undefined) kubeConfig.setCurrentContext(context);
  checkUsable(kubeConfig, file === undefined ? 'the service account of this pod' : `kubeconfig ${file}`);
  return kubeConfig;
}

function loadFile(kubeConfig: KubeConfig, file: string): void {
  try {
    kubeConfig.loadFromFile(file);
  } catch (cause) {
    throw new Error(`cannot load kubeconfig ${file}: ${(cause as Error).message}`, { cause });
  }
}

// client-node checks none of this: without it, a mistake would show as an endless row of failed requests.
function checkUsable(kubeConfig: KubeConfig, where: string): void {
  if (!kubeConfig.getContextObject(kubeConfig.getCurrentContext())) {
    const names = kubeConfig.getContexts().map(({ name }) => name);
    throw new Error(
      `${where} has no context "${kubeConfig.getCurrentContext()}"; it has ${names.join(', ') || 'none'}`,
    );
  }
  const cluster = kubeConfig.getCurrentCluster();
  const user = kubeConfig.getCurrentUser();
  if (!cluster || !user) {
    const missing = cluster ? 'user' : 'cluster';
    throw new Error(`${where} does not define the ${missing} of its context "${kubeConfig.getCurrentContext()}"`);
  }
  const protocol = protocolOf(cluster.server);
  if (protocol === undefined) throw new Error(`${where} has no usable API server address: "${cluster.server}"`);
  // client-node refuses plain HTTP (a local proxy) unless told that nothing will be verified.
  if (protocol === 'http:' && !cluster.skipTLSVerify) {
    throw new Error(`${where} uses plain HTTP for ${cluster.server}, which needs insecure-skip-tls-verify: true`);
  }
  const tokenFile: string | undefined = user.authProvider?.config?.tokenFile;
  const unreadable = [cluster.caFile, user.certFile, user.keyFile, tokenFile].find((path) => path && !isReadable(path));
  if (unreadable) throw new Error(`${where} needs ${unreadable}, which cannot be read`);
}

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
