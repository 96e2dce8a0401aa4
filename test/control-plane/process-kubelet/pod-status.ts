import type { Pod } from './pod.ts';

/** Of a pod's one container. */
export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: { readonly exitCode: number; readonly reason: string; readonly finishedAt: string } };

export type PodState = {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly container: ContainerState;
  readonly last?: ContainerState | undefined;
  readonly isReady: boolean;
  readonly restarts: number;
  readonly address?: string | undefined;
};

/** What a kubelet writes into `status`; the scheduler's condition stays. */
export function statusOf(pod: Pod, state: PodState, hostAddress: string): object {
  const { phase, container, last, isReady, restarts, address } = state;
  const [{ name, image }] = pod.spec.containers;
  const before: Pod[] = pod.status.conditions ?? [];
  const condition = (type: string, isTrue: boolean, reason?: string) => {
    const status = isTrue ? 'True' : 'False';
    const old = before.find((one) => one.type === type && one.status === status);
    const lastTransitionTime = old?.lastTransitionTime ?? new Date().toISOString();
    return { type, status, lastTransitionTime, ...(reason !== undefined && { reason }) };
  };
  const unready = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  return {
    phase,
    startTime: pod.status.startTime ?? new Date().toISOString(),
    hostIP: hostAddress,
    ...(address !== undefined && { podIP: address, podIPs: [{ ip: address }] }),
    conditions: [
      ...before.filter(({ type }) => type === 'PodScheduled' || type === 'DisruptionTarget'),
      condition('Initialized', true),
      condition('Ready', isReady, isReady ? undefined : unready),
      condition('ContainersReady', isReady, isReady ? undefined : unready),
    ],
    containerStatuses: [
      {
        name,
        image,
        imageID: image,
        ready: isReady,
        started: 'running' in container,
        restartCount: restarts,
        state: container,
        lastState: last ?? {},
      },
    ],
  };
}
