import { type PodUsage, usageKey } from './pod-usage.ts';
import type { RegionalSettings } from './regional-settings.ts';
import type { ScaledPod } from './scaled-pod.ts';

/** The CPU of a target's Ready pods: cores used and requested; or why nobody knows. */
export type CpuReading =
  | { readonly usedVcpu: number; readonly requestedVcpu: number }
  | { readonly unknown: 'NoReadyPods' | 'NoRequests' | 'NoUsage' };

export const CPU_UNKNOWN = {
  NoReadyPods: 'none of its pods is Ready',
  NoRequests: 'its pods request no CPU',
  NoUsage: 'metrics.k8s.io tells no usage of its Ready pods',
} as const;

/** Of pods of one Deployment. Fewer than half of them measured is no reading: those that are silent may be the busy ones. */
export function cpuOf(pods: readonly ScaledPod[], usages: ReadonlyMap<string, PodUsage>): CpuReading {
  const ready = pods.filter(({ isReady, isEnding }) => isReady && !isEnding);
  if (ready.length === 0) return { unknown: 'NoReadyPods' };
  const requesting = ready.filter(({ requestedVcpu = 0 }) => requestedVcpu > 0);
  if (requesting.length === 0) return { unknown: 'NoRequests' };
  const measured = requesting.flatMap((pod) => {
    const usage = usages.get(usageKey(pod.namespace, pod.name));
    return usage ? [{ used: usage.vcpu, requested: pod.requestedVcpu ?? 0 }] : [];
  });
  if (measured.length * 2 < requesting.length) return { unknown: 'NoUsage' };
  return {
    usedVcpu: measured.reduce((sum, { used }) => sum + used, 0),
    requestedVcpu: measured.reduce((sum, { requested }) => sum + requested, 0),
  };
}

/** In percent of what is requested; `undefined`: nobody knows. */
export function percentOf(cpu: CpuReading | undefined): number | undefined {
  return cpu && 'usedVcpu' in cpu ? (100 * cpu.usedVcpu) / cpu.requestedVcpu : undefined;
}

/** Of all targets together, percent: all usages by all requests, or the largest; `undefined` where nobody knows of any. */
export function aggregateCpu(
  readings: readonly (CpuReading | undefined)[],
  aggregate: RegionalSettings['aggregate'],
): number | undefined {
  const known = readings.filter((one) => one !== undefined && 'usedVcpu' in one);
  if (known.length === 0) return undefined;
  if (aggregate === 'maximum') return Math.max(...known.map((one) => percentOf(one) ?? 0));
  const sum = (read: (one: (typeof known)[number]) => number) => known.reduce((total, one) => total + read(one), 0);
  return percentOf({ usedVcpu: sum((one) => one.usedVcpu), requestedVcpu: sum((one) => one.requestedVcpu) });
}

const WAVE_MS = 20 * 60_000;

/** Invented: a wave between 5 and 95 percent every 20 minutes, at another point of it for each name; the same for the same moment. */
export function inventCpu(name: string, now: number): CpuReading {
  const phase = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000, 7) / 1_000;
  return { usedVcpu: 0.5 + 0.45 * Math.sin(2 * Math.PI * (now / WAVE_MS + phase)), requestedVcpu: 1 };
}
