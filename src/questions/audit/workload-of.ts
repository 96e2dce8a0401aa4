import { ANNOTATION_PREFIX } from '../../decision/namespace-record.ts';
import { DECISION_ANNOTATION } from '../../decision/patch.ts';
import { type Container, controllerOf, type OwnerReference, type Pod, type PodSpec } from '../../decision/pod.ts';
import { KUEUE_PREFIX } from '../../units/label-names.ts';
import type { RequestingSpec } from '../../units/requested-amounts.ts';

type Annotations = Readonly<Record<string, string>>;

/** Annotations with a meaning for decisions besides our own. */
const READ_ANNOTATIONS: ReadonlySet<string> = new Set(['cloud.google.com/region', 'kubernetes.io/config.mirror']);

/** Of a pod only what decisions read, not bound to a node where it is one that was made already; equal parts are shared. */
export function podToJudge(pod: Pod): Pod {
  const { metadata = {}, spec = {} } = pod;
  const { name, generateName, uid } = metadata;
  const annotations = sharedAnnotations(metadata.annotations);
  const owner = controllerOf(pod);
  return {
    metadata: {
      ...(name !== undefined && { name: copyOf(name) }),
      ...(generateName !== undefined && { generateName: copyOf(generateName) }),
      ...(annotations && { annotations }),
      ...queueLabels(metadata.labels),
      ...(owner && { ownerReferences: [sharedOwner(owner)] }),
    },
    spec: sharedSpec(spec, uid === undefined),
  };
}

/** Only requests and limits of cpu and memory; one object for equal ones. */
export function resourcesOf(spec: RequestingSpec): RequestingSpec {
  const containers = (list: RequestingSpec['containers']) =>
    list?.map(({ resources, restartPolicy }) => ({
      ...cpuAndMemory(resources),
      ...(restartPolicy === 'Always' && { restartPolicy }),
    }));
  const [main, init, overhead] = [
    containers(spec.containers),
    containers(spec.initContainers),
    spec.overhead && pick(spec.overhead),
  ];
  return share({
    ...(main && { containers: main }),
    ...(init && init.length > 0 && { initContainers: init }),
    ...(overhead && { overhead }),
    ...cpuAndMemory(spec.resources),
  });
}

/** The same text, but not as a part of a longer one, which would stay in memory with it. */
export function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

function sharedAnnotations(annotations: Annotations | null | undefined): Annotations | undefined {
  const read = Object.entries(annotations ?? {}).filter(
    ([key]) => (key.startsWith(ANNOTATION_PREFIX) && key !== DECISION_ANNOTATION) || READ_ANNOTATIONS.has(key),
  );
  return read.length > 0 ? share(Object.fromEntries(read)) : undefined;
}

/** Whoever has a queue of its own waits there. */
function queueLabels(labels: Annotations | null | undefined): { readonly labels?: Annotations } {
  const read = Object.entries(labels ?? {}).filter(([key]) => key.startsWith(KUEUE_PREFIX));
  return read.length > 0 ? { labels: share(Object.fromEntries(read)) } : {};
}

function sharedOwner({ apiVersion = '', kind = '', name = '' }: OwnerReference): OwnerReference {
  return share({ apiVersion, kind, name, controller: true });
}

function sharedSpec(spec: PodSpec, keepsNode: boolean): PodSpec {
  const claims = spec.volumes?.filter((volume) => volume?.persistentVolumeClaim);
  const { nodeAffinity } = spec.affinity ?? {};
  return share({
    ...(keepsNode && spec.nodeName && { nodeName: spec.nodeName }),
    ...(spec.nodeSelector && { nodeSelector: spec.nodeSelector }),
    ...(nodeAffinity && { affinity: { nodeAffinity } }),
    ...(spec.tolerations && { tolerations: spec.tolerations }),
    ...(spec.topologySpreadConstraints && { topologySpreadConstraints: spec.topologySpreadConstraints.map(spread) }),
    ...(claims && claims.length > 0 && { volumes: claims.map(claim) }),
    ...(spec.priorityClassName != null && { priorityClassName: spec.priorityClassName }),
    ...(spec.priority != null && { priority: spec.priority }),
    ...(spec.restartPolicy && spec.restartPolicy !== 'Always' && { restartPolicy: spec.restartPolicy }),
    ...(spec.preemptionPolicy != null && { preemptionPolicy: spec.preemptionPolicy }),
    ...sizeOf(spec),
  });
}

/** What a node must have room for: of containers nothing but their amounts. */
function sizeOf({ containers, initContainers, overhead, resources }: PodSpec): Partial<PodSpec> {
  const [main, init] = [containers, initContainers].map(sized);
  return {
    ...(main && main.length > 0 && { containers: main }),
    ...(init && init.length > 0 && { initContainers: init }),
    ...(overhead && { overhead }),
    ...(resources && { resources }),
  };
}

/** Containers that ask for something; what a file holds need not be a list. */
function sized(list: PodSpec['containers']): readonly Container[] {
  return (Array.isArray(list) ? list : []).flatMap((container: Container | null) => {
    const { requests, limits } = container?.resources ?? {};
    if (!requests && !limits) return [];
    const isSidecar = container?.restartPolicy === 'Always';
    return {
      resources: { ...(requests && { requests }), ...(limits && { limits }) },
      ...(isSidecar && { restartPolicy: 'Always' }),
    };
  });
}

type Spread = NonNullable<PodSpec['topologySpreadConstraints']>[number];
type Claim = NonNullable<PodSpec['volumes']>[number];

function spread({ topologyKey, whenUnsatisfiable, minDomains, nodeAffinityPolicy }: Spread): Spread {
  return {
    ...(topologyKey !== undefined && { topologyKey }),
    ...(whenUnsatisfiable !== undefined && { whenUnsatisfiable }),
    ...(minDomains !== undefined && { minDomains }),
    ...(nodeAffinityPolicy !== undefined && { nodeAffinityPolicy }),
  };
}

function claim({ persistentVolumeClaim }: Claim): Claim {
  const { claimName } = persistentVolumeClaim ?? {};
  return { persistentVolumeClaim: { ...(claimName !== undefined && { claimName }) } };
}

type Resources = NonNullable<RequestingSpec['resources']>;

function cpuAndMemory(resources: Resources | null | undefined): { readonly resources?: Resources } {
  const requests = resources?.requests && pick(resources.requests);
  const limits = resources?.limits && pick(resources.limits);
  if (!requests && !limits) return {};
  return { resources: { ...(requests && { requests }), ...(limits && { limits }) } };
}

function pick(amounts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const { cpu, memory } = amounts;
  if (cpu === undefined && memory === undefined) return undefined;
  return { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
}

/** Pods of a cluster are made from few templates: what is equal is kept once. It only saves memory. */
const shared = new Map<string, object>();
const MOST_SHARED = 10_000;

function share<T extends object>(value: T): T {
  const key = JSON.stringify(value);
  const known = shared.get(key);
  if (known) return known as T;
  if (shared.size >= MOST_SHARED) shared.clear();
  // A copy: parts of a long text, such as names cut out of a file, keep the whole of it in memory.
  const copy: T = JSON.parse(key);
  shared.set(key, copy);
  return copy;
}
