import type { PodUsage } from '../../src/scaling/pod-usage.ts';
import type { ScaledPod } from '../../src/scaling/scaled-pod.ts';
import { NOW } from '../builders.ts';

type PodParts = Partial<Omit<ScaledPod, 'requests'>> & { readonly vcpu?: number; readonly memoryGb?: number };

/** A Ready pod of namespace `shop` on node `a`, of one vCPU and no memory. */
export function scaledPod(name: string, { vcpu = 1, memoryGb = 0, ...parts }: PodParts = {}): ScaledPod {
  return {
    namespace: 'shop',
    name,
    node: 'a',
    isReady: true,
    isEnding: false,
    createdAt: NOW,
    requests: { vcpu, memoryGb, basis: 'looked-up' },
    ...parts,
  };
}

/** Usages of pods of namespace `shop`, by vCPUs. */
export function usages(vcpus: Readonly<Record<string, number>>): ReadonlyMap<string, PodUsage> {
  return new Map(Object.entries(vcpus).map(([name, vcpu]) => [`shop/${name}`, { vcpu, memoryGb: 0, measuredAt: NOW }]));
}
