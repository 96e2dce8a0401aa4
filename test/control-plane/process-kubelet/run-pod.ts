import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import type { Guardian } from '../guardian.ts';
import { environmentOf, type Image, ownerOf, startContainer } from './container.ts';
import { type Pod, unplayed } from './pod.ts';
import { createSandbox, type PodNetwork, type Sandbox } from './pod-network.ts';
import { type ContainerState, type PodState, statusOf } from './pod-status.ts';
import { createProbe } from './probe.ts';
import { prepareVolumes, type Volume } from './volumes.ts';

type Probe = ReturnType<typeof createProbe> | undefined;
type Setup = { readonly volumes: Volume[]; readonly env: Record<string, string>; readonly address: string };

const TURN_MS = 200;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 10_000;
const REFRESH_MS = 2_000;

export type PodHost = {
  readonly request: ApiClient['request'];
  readonly guardian: Guardian;
  readonly network: PodNetwork;
  readonly apiServerPort: number;
  readonly imageOf: (name: string) => Image | undefined;
  /** Holds a folder for each pod. */
  readonly dir: string;
  readonly nextNumber: () => number;
};

export type RunningPod = {
  readonly name: string;
  readonly namespace: string;
  readonly logFile: string;
  /** Of the program, while it runs. */
  pid(): number | undefined;
  /** SIGTERM, SIGKILL after the grace period; what deletion of the pod asks for. */
  terminate(graceSeconds: number): void;
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
};

/** Runs a pod that was bound to a node until it ends or is told to, and keeps its status, as the kubelet of that node would. */
export function runPod(host: PodHost, pod: Pod): RunningPod {
  const { namespace, name, uid } = pod.metadata;
  const home = join(host.dir, uid);
  const logFile = join(host.dir, `${namespace}_${name}_${uid}.log`);
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const stopping = new AbortController();
  let grace = 0;
  let child: ChildProcess | undefined;
  let sandbox: Sandbox | undefined;
  let state: PodState = { phase: 'Pending', container: waiting('ContainerCreating'), isReady: false, restarts: 0 };
  let written = '';

  async function tell(change: Partial<PodState>): Promise<void> {
    state = { ...state, ...change };
    const status = statusOf(pod, state, host.network.gateway);
    if (JSON.stringify(state) === written) return;
    const body = { metadata: { uid }, status };
    const answer = await host.request('PATCH', `${path}/status`, body, {
      'content-type': 'application/merge-patch+json',
    });
    if (answer.status === 200) {
      pod.status = answer.body.status;
      written = JSON.stringify(state);
    }
  }

  async function run(): Promise<void> {
    mkdirSync(home, { recursive: true });
    const { image: name } = pod.spec.containers[0];
    const image = host.imageOf(name);
    const lack = unplayed(pod);
    if (lack) return tell({ phase: 'Failed', container: waiting('CreateContainerError', `${lack} is not played`) });
    if (!image) {
      await tell({ container: waiting('ErrImagePull', `there is no image ${name}`) });
      return untilStopped();
    }
    const setup = await created();
    if (setup) await runUntilOver(image, setup);
  }

  async function runUntilOver(image: Image, setup: Setup): Promise<void> {
    for (let restarts = 0; !stopping.signal.aborted; restarts++) {
      const code = await runOnce(image, setup, restarts);
      const container = terminated(code);
      if (stopping.signal.aborted || !restartsAfter(pod.spec.restartPolicy, code))
        return tell({ phase: code === 0 ? 'Succeeded' : 'Failed', container, isReady: false });
      const change = { last: container, isReady: false, restarts: restarts + 1 };
      await tell({ container: waiting('CrashLoopBackOff'), ...change });
      await pauseUnlessStopped(Math.min(FIRST_BACKOFF_MS * 2 ** restarts, LONGEST_BACKOFF_MS));
    }
  }

  /** Network, volumes and environment; tried again while something that it names is missing. */
  async function created(): Promise<Setup | undefined> {
    const usesHost = pod.spec.hostNetwork === true;
    if (!usesHost) sandbox = await createSandbox(host.network, host.nextNumber(), host.guardian);
    const address = sandbox?.address ?? host.network.gateway;
    while (!stopping.signal.aborted) {
      try {
        const volumes = await prepareVolumes(host.request, pod, home, ownerOf(pod));
        const apiServer = { host: host.network.serviceAddress, port: host.apiServerPort };
        const env = await environmentOf(host.request, pod, address, apiServer);
        return { volumes, env, address };
      } catch (error) {
        await tell({ container: waiting('CreateContainerConfigError', (error as Error).message) });
        await pauseUnlessStopped(FIRST_BACKOFF_MS);
      }
    }
    return undefined;
  }

  async function runOnce(image: Image, { volumes, env, address }: Setup, restarts: number): Promise<number> {
    const [container] = pod.spec.containers;
    child = startContainer({ pod, image, sandbox, volumes, env, home, logFile });
    const { pid } = child;
    if (pid !== undefined) host.guardian.watch(pid);
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const readiness = container.readinessProbe && createProbe(container.readinessProbe, container, address);
    const running = { running: { startedAt: new Date().toISOString() } };
    await tell({ phase: 'Running', container: running, isReady: !readiness, restarts, address }).catch(() => {});
    await whileRunning(child, exited, volumes, readiness, address);
    if (!hasEnded(child)) await endGracefully(child, exited, readiness);
    const [code, signal] = await exited;
    if (pid !== undefined) host.guardian.forget(pid);
    child = undefined;
    return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  }

  async function whileRunning(
    program: ChildProcess,
    exited: Promise<unknown>,
    volumes: Volume[],
    readiness: Probe,
    address: string,
  ) {
    const [container] = pod.spec.containers;
    const liveness = container.livenessProbe && createProbe(container.livenessProbe, container, address);
    let refreshAt = Date.now() + REFRESH_MS;
    while (!hasEnded(program) && !stopping.signal.aborted) {
      await tellReadiness(readiness);
      if ((await liveness?.poll()) === 'failure') program.kill('SIGTERM');
      if (Date.now() > refreshAt) {
        refreshAt = Date.now() + REFRESH_MS;
        for (const volume of volumes) await volume.refresh().catch(() => {});
      }
      await Promise.race([exited, pauseUnlessStopped(TURN_MS)]);
    }
  }

  async function tellReadiness(readiness: Probe): Promise<void> {
    const seen = await readiness?.poll();
    if (seen) await tell({ isReady: seen === 'success' }).catch(() => {});
  }

  /** A pod that ends is still probed: it leaves its Service when it says that it is not ready. */
  async function endGracefully(program: ChildProcess, exited: Promise<unknown>, readiness: Probe): Promise<void> {
    program.kill('SIGTERM');
    const timer = setTimeout(() => program.kill('SIGKILL'), grace * 1000);
    while (!hasEnded(program)) {
      await tellReadiness(readiness);
      await Promise.race([exited, pause(TURN_MS)]);
    }
    clearTimeout(timer);
  }

  function untilStopped(): Promise<void> {
    return new Promise((resolve) => {
      if (stopping.signal.aborted) resolve();
      stopping.signal.addEventListener('abort', () => resolve());
    });
  }

  async function pauseUnlessStopped(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  const ended = run()
    .catch((error: Error) => tell({ container: waiting('RunContainerError', error.message) }).catch(() => {}))
    .finally(() => sandbox?.end());
  return {
    name,
    namespace,
    logFile,
    pid: () => child?.pid,
    terminate(graceSeconds) {
      grace = graceSeconds;
      stopping.abort();
    },
    ended,
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function waiting(reason: string, message?: string): ContainerState {
  return { waiting: { reason, ...(message !== undefined && { message }) } };
}

function terminated(exitCode: number): ContainerState {
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  return { terminated: { exitCode, reason, finishedAt: new Date().toISOString() } };
}

function restartsAfter(policy: string, code: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && code !== 0);
}
