import type { NodeSelectorTerm } from './node-selector.ts';

/** The parts of a pod that a decision reads. The API server has checked their types before it calls a webhook. */
export interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>> | null;
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly ownerReferences?: readonly OwnerReference[] | null;
  };
  readonly spec?: PodSpec;
}

export interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>> | null;
  readonly affinity?: Affinity | null;
  readonly tolerations?: readonly Toleration[] | null;
  readonly topologySpreadConstraints?: readonly SpreadConstraint[] | null;
  readonly volumes?: readonly Volume[] | null;
  readonly containers?: readonly Container[] | null;
  readonly initContainers?: readonly Container[] | null;
  readonly overhead?: Readonly<Record<string, unknown>> | null;
  /** Of the pod as a whole. */
  readonly resources?: Resources | null;
  readonly priorityClassName?: string;
  readonly priority?: number;
  readonly preemptionPolicy?: string;
  readonly schedulingGates?: readonly SchedulingGate[] | null;
  readonly restartPolicy?: string;
  /** The gang that it is scheduled with. */
  readonly schedulingGroup?: { readonly podGroupName?: string } | null;
}

export interface SchedulingGate {
  readonly name: string;
}

/** The parts of a container that say what it needs of its node. */
export interface Container {
  readonly resources?: Resources | null;
  readonly restartPolicy?: string;
}

export interface Resources {
  readonly requests?: Readonly<Record<string, unknown>> | null;
  readonly limits?: Readonly<Record<string, unknown>> | null;
}

export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] | null;
    } | null;
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredTerm[] | null;
  } | null;
}

export interface PreferredTerm {
  readonly weight: number;
  readonly preference: NodeSelectorTerm;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface SpreadConstraint {
  readonly topologyKey?: string;
  readonly whenUnsatisfiable?: string;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
}

/** Of the many kinds of volumes only this one can bind a pod to a place. */
export interface Volume {
  readonly name?: string;
  readonly persistentVolumeClaim?: { readonly claimName?: string } | null;
}

/** The required node affinity terms of a pod; `undefined` when it requires nothing. */
export function requiredTerms(pod: Pod): readonly NodeSelectorTerm[] | undefined {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required ? (required.nodeSelectorTerms ?? []) : undefined;
}

export function preferredTerms(pod: Pod): readonly PreferredTerm[] {
  return pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** The controller among the owners of a pod, or of a Job. */
export function controllerOf(pod: Pick<Pod, 'metadata'>): OwnerReference | undefined {
  return pod.metadata?.ownerReferences?.find((owner) => owner.controller === true);
}

export function annotationOf(pod: Pick<Pod, 'metadata'>, key: string): string | undefined {
  const annotations = pod.metadata?.annotations;
  return annotations && Object.hasOwn(annotations, key) ? String(annotations[key]) : undefined;
}

/** Whether its containers are started again whenever they end: Kubernetes' default, and all that a Deployment may say. */
export function neverEnds({ spec }: Pod): boolean {
  return (spec?.restartPolicy ?? 'Always') === 'Always';
}
