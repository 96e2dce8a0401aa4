import { isEndedPhase, type KubeObject } from '../../cluster/kube-object.ts';
import { DECISION_ANNOTATION } from '../../decision/patch.ts';
import { RELEASED } from '../../decision/wait-annotations.ts';
import { fitsAMachine, requestsOf } from '../../energy/pod-requests.ts';
import type { RequestingSpec } from '../../units/requested-amounts.ts';

/** What is kept of a pod that gridgate decided about and that runs on a node. */
export interface MeteredPod {
  readonly namespace: string;
  readonly node: string;
  readonly vcpu: number;
  /** 10^9 bytes. */
  readonly memoryGb: number;
  /** How long it waited for a cleaner hour, milliseconds; absent where it did not. */
  readonly waitedMs?: number;
}

interface RunningPod extends KubeObject {
  readonly spec?: (RequestingSpec & { readonly nodeName?: unknown }) | null;
  readonly status?: { readonly phase?: string } | null;
}

/**
 * A pod with our record, a node and no end; undefined for any other, and for one whose requests no machine could meet. The
 * record is only looked for, never read: anybody can write one.
 */
export function toMeteredPod(object: KubeObject): MeteredPod | undefined {
  const { metadata, spec, status } = object as RunningPod;
  const { namespace } = metadata;
  const node = spec?.nodeName;
  if (namespace === undefined || typeof node !== 'string' || node === '') return undefined;
  if (!Object.hasOwn(metadata.annotations ?? {}, DECISION_ANNOTATION) || isEndedPhase(status?.phase)) return undefined;
  const requests = requestsOf(spec ?? {});
  if (!fitsAMachine(requests)) return undefined;
  const { vcpu, memoryGb } = requests;
  return { namespace, node, vcpu, memoryGb, ...waitOf(metadata) };
}

function waitOf({ creationTimestamp = '', annotations }: KubeObject['metadata']): Pick<MeteredPod, 'waitedMs'> {
  const waitedMs = Date.parse(annotations?.[RELEASED] ?? '') - Date.parse(creationTimestamp);
  return waitedMs > 0 ? { waitedMs } : {};
}
