import type { Owner } from './owner.ts';

/** One start that is planned for later; times in epoch milliseconds. */
export interface WaitingWork {
  readonly namespace: string;
  /** Of a pod that nothing owns, the pod. */
  readonly owner: Owner;
  readonly pods: number;
  readonly since: number;
  readonly notBefore: number;
  readonly latestStart: number;
  readonly lengthMs: number;
  /** Where the planned run is cleanest. */
  readonly region?: string;
  /** Means over its run, gCO2e/kWh: had it started when it was created, and as it is planned. */
  readonly now?: number;
  readonly planned?: number;
}
