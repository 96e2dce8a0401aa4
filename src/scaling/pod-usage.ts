import { fitsAMachine } from '../energy/pod-requests.ts';
import { parseQuantity } from '../units/quantity.ts';

/** What a pod uses, as metrics.k8s.io tells it. */
export interface PodUsage {
  readonly vcpu: number;
  /** 10^9 bytes. */
  readonly memoryGb: number;
  /** Epoch milliseconds at which its window ended. */
  readonly measuredAt: number;
}

/** As metrics.k8s.io/v1beta1 answers it. */
export interface PodMetricsObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly timestamp?: string;
  readonly containers?: readonly { readonly usage?: Readonly<Record<string, unknown>> | null }[] | null;
}

/** The key of a pod among others' usages. */
export function usageKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Usages by `usageKey`, a pod a step; what makes no sense is left out. */
export function* toPodUsages(items: readonly PodMetricsObject[]): Generator<unknown, ReadonlyMap<string, PodUsage>> {
  const usages = new Map<string, PodUsage>();
  for (const one of items) {
    yield;
    for (const [key, usage] of toEntry(one)) usages.set(key, usage);
  }
  return usages;
}

function toEntry({ metadata, timestamp = '', containers }: PodMetricsObject): readonly [string, PodUsage][] {
  const sum = (resource: string) =>
    (containers ?? []).reduce((total, { usage }) => total + (parseQuantity(usage?.[resource]) ?? Number.NaN), 0);
  const usage = { vcpu: sum('cpu'), memoryGb: sum('memory') / 1e9, measuredAt: Date.parse(timestamp) };
  const isSense = Object.values(usage).every((value) => Number.isFinite(value) && value >= 0) && fitsAMachine(usage);
  return isSense && containers?.length ? [[usageKey(metadata.namespace ?? '', metadata.name), usage]] : [];
}
