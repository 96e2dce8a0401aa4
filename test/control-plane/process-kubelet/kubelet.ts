import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import selfsigned from 'selfsigned';
import type { ApiClient } from '../api-client.ts';
import type { Launcher } from '../component.ts';
import { hostAddress } from '../host-address.ts';
import type { Image } from './container.ts';
import type { Pod } from './pod.ts';
import type { PodNetwork } from './pod-network.ts';
import { type PodHost, type RunningPod, runPod } from './run-pod.ts';

/** Whose pods run as processes; KWOK leaves them alone, on whatever node they are. */
const PLAYED_LABEL = 'app.kubernetes.io/name=gridgate';

const POLL_MS = 250;
const KWOK_CONFIG = fileURLToPath(new URL('../kwok/left-to-kubelet.yaml', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** Why pods cannot run here, for tests that need them; `false`: they can. */
export const podsSkip: string | false = lackForPods();

export type Kubelet = {
  /** Pods that run or ended and were not deleted. */
  readonly pods: () => readonly RunningPod[];
  /** What a pod's container has written, restarts included. */
  readonly logs: (pod: RunningPod) => string;
  stop(): Promise<void>;
};

export type KubeletOptions = {
  readonly launcher: Launcher;
  readonly request: ApiClient['request'];
  readonly network: PodNetwork;
  readonly apiServerPort: number;
  readonly imageOf: (name: string) => Image | undefined;
};

/**
 * The kubelets of all nodes at once, for pods with the label `PLAYED_LABEL`: each really runs, as a process with its own root,
 * network, user and account, is probed, restarted, ended and deleted. Nothing else is: no limits on memory or CPU, no NetworkPolicy.
 */
export function startKubelet({ launcher, request, network, apiServerPort, imageOf }: KubeletOptions): Kubelet {
  const dir = join(launcher.dir, 'pods');
  mkdirSync(dir);
  let number = 0;
  const nextNumber = () => ++number;
  const host: PodHost = { request, guardian: launcher.guardian, network, apiServerPort, imageOf, dir, nextNumber };
  const known = new Map<string, RunningPod>();
  const deleting = new Set<string>();
  let isStopped = false;

  async function turn(): Promise<void> {
    const { status, body } = await request('GET', `/api/v1/pods?labelSelector=${encodeURIComponent(PLAYED_LABEL)}`);
    if (status !== 200) return;
    const bound: Pod[] = body.items.filter(({ spec }: Pod) => spec.nodeName);
    for (const pod of bound) {
      if (pod.metadata.deletionTimestamp) endDeleted(pod);
      else startNew(pod);
    }
    const there = new Set(bound.map(({ metadata }) => metadata.uid));
    for (const [uid, running] of known) {
      if (there.has(uid)) continue;
      running.terminate(0); // deleted with force: nobody waits for it
      known.delete(uid);
    }
  }

  function startNew(pod: Pod): void {
    const isOver = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
    if (!isOver && !known.has(pod.metadata.uid)) known.set(pod.metadata.uid, runPod(host, pod));
  }

  function endDeleted(pod: Pod): void {
    const { uid, deletionGracePeriodSeconds = 30 } = pod.metadata;
    if (deleting.has(uid)) return;
    deleting.add(uid);
    void remove(pod, known.get(uid), deletionGracePeriodSeconds);
  }

  async function remove(
    pod: { metadata: Record<string, string> },
    running: RunningPod | undefined,
    graceSeconds: number,
  ) {
    const { namespace, name, uid } = pod.metadata;
    running?.terminate(graceSeconds);
    await running?.ended;
    for (;;) {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      const answer = await request('DELETE', path, { gracePeriodSeconds: 0, preconditions: { uid } }).catch(
        () => undefined,
      );
      if (isStopped || (answer && answer.status < 500)) return;
      await pause(POLL_MS);
    }
  }

  const loop = (async () => {
    while (!isStopped) {
      await turn().catch(() => {}); // the API server is away: the next turn asks again
      await pause(POLL_MS);
    }
  })();

  return {
    pods: () => [...known.values()],
    logs: ({ logFile }) => readLog(logFile),
    async stop() {
      isStopped = true;
      await loop;
      for (const pod of known.values()) pod.terminate(0);
      await Promise.all([...known.values()].map(({ ended }) => ended));
    },
  };
}

/** Flags of KWOK: it leaves the pods with our label alone, and says of its nodes that their kubelets listen where `logServer` does. */
export function leftToKubelet({ address, port }: { readonly address: string; readonly port: number }): string[] {
  return [`--config=${KWOK_CONFIG}`, `--node-ip=${address}`, `--node-port=${port}`, '--server-address=127.0.0.1:0'];
}

/** The checkout, as `npm run build` leaves it, for every image that is named as ours. */
export function ownImage(name: string): Image | undefined {
  return /(^|\/)gridgate[:@]/.test(name) ? { folder: CHECKOUT } : undefined;
}

function lackForPods(): string | false {
  if (process.getuid?.() !== 0) return 'running pods as processes needs root';
  const missing = ['ip', 'nsenter', 'unshare', 'setpriv', 'chroot'].filter((name) => spawnSync(name, ['--help']).error);
  return missing.length > 0 && `running pods as processes needs ${missing.join(', ')}`;
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has not started yet
  }
}

/** Answers `kubectl logs` for what `pods` names, where the nodes' kubelets are said to listen. */
export async function serveLogs(pods: () => readonly RunningPod[]) {
  const { private: key, cert } = await selfsigned.generate([{ name: 'commonName', value: 'kubelet' }], {
    algorithm: 'sha256',
  });
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    const [, kind, namespace, name] = new URL(incoming.url ?? '/', 'https://kubelet').pathname.split('/');
    const pod = pods().find((one) => one.namespace === namespace && one.name === name);
    outgoing.writeHead(pod && kind === 'containerLogs' ? 200 : 404, { 'content-type': 'text/plain' });
    outgoing.end(pod ? readLog(pod.logFile) : 'no such pod');
  });
  const address = hostAddress();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  server.unref();
  const { port } = server.address() as { port: number };
  return { address, port, close: () => void server.close() };
}
