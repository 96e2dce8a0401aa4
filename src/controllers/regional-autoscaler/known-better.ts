import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import type { KnownBetter } from './facts.ts';

export interface WrittenTargets extends KnownBetter {
  /** As a Deployment was just read, or is since a write of ours. */
  keepDeployment(key: string, is: ScaledWorkload): void;
  /** The same of an autoscaler, over what the watch shows. */
  keepAutoscaler(key: string, over: HorizontalAutoscaler, is: HorizontalAutoscaler): void;
  forget(key: string): void;
  clear(): void;
}

/** Bridges the moment until the watch shows what was read or written: nobody acts twice on what is old. */
export function createWrittenTargets(): WrittenTargets {
  const deployments = new Map<string, ScaledWorkload>();
  const autoscalers = new Map<string, { readonly over: HorizontalAutoscaler; readonly is: HorizontalAutoscaler }>();
  return {
    deployment(key, seen) {
      const written = deployments.get(key);
      if (written && written.uid === seen.uid && written.generation > seen.generation)
        return { ...written, readyReplicas: Math.min(seen.readyReplicas, written.replicas) };
      deployments.delete(key);
      return seen;
    },
    autoscaler(key, seen) {
      const written = autoscalers.get(key);
      if (written && written.over === seen) return written.is;
      autoscalers.delete(key);
      return seen;
    },
    keepDeployment: (key, is) => void deployments.set(key, is),
    keepAutoscaler: (key, over, is) => void autoscalers.set(key, { over, is }),
    forget(key) {
      deployments.delete(key);
      autoscalers.delete(key);
    },
    clear() {
      deployments.clear();
      autoscalers.clear();
    },
  };
}
