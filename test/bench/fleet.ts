/** A large cluster's nodes, whole as an API server sends them, and pods that ask for some of them. */
import { createHash } from 'node:crypto';
import { regionName } from './workload.ts';

export const FLEET_REGIONS = 20;
export const FLEET_CLASSES = 200;
export const DISTINCT_SELECTORS = 1_000;

const ZONES = 2 * FLEET_REGIONS;
const POOL_LABEL = 'node.example.com/pool';
const CPUS_LABEL = 'node.example.com/cpus';
const REGION_LABEL = 'topology.kubernetes.io/region';
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const PAGE_BYTES = 4_096;

interface Pool {
  readonly name: string;
  readonly type: string;
  readonly arch: string;
  readonly cpus: number;
  readonly gib: number;
  readonly gpus: number;
}

const POOLS: readonly Pool[] = [
  { name: 'general', type: 'm6i.xlarge', arch: 'amd64', cpus: 4, gib: 16, gpus: 0 },
  { name: 'compute', type: 'c6i.4xlarge', arch: 'amd64', cpus: 16, gib: 32, gpus: 0 },
  { name: 'memory', type: 'r6i.2xlarge', arch: 'amd64', cpus: 8, gib: 64, gpus: 0 },
  { name: 'arm', type: 'm6g.2xlarge', arch: 'arm64', cpus: 8, gib: 32, gpus: 0 },
  { name: 'gpu', type: 'g5.2xlarge', arch: 'amd64', cpus: 8, gib: 32, gpus: 1 },
];

/** What changes of a node while it lives. */
export interface NodeState {
  readonly version: number;
  readonly maintenance?: boolean;
  readonly tainted?: boolean;
}

/** A Node of about 20 KB; those of equal machines differ in what is their own, and in some pages of memory. */
export function fleetNode(index: number, { version, maintenance, tainted }: NodeState): object {
  const { pool, region, zone } = placeOf(index);
  const hash = createHash('sha256').update(String(index)).digest('hex');
  const name = `ip-10-${index >> 8}-${index & 255}.${region}.compute.internal`;
  const instance = `i-${hash.slice(0, 17)}`;
  const [hourly, daily] = [new Date(1.795e12 + version * 1_000).toISOString(), '2026-11-22T09:00:00Z'];
  const bytes = pool.gib * 2 ** 30;
  const capacity = { cpu: `${pool.cpus}`, 'ephemeral-storage': '83873772Ki', 'hugepages-2Mi': '0', pods: '58' };
  const gpus = pool.gpus > 0 ? { 'nvidia.com/gpu': `${pool.gpus}` } : {};
  const allocatable = {
    ...capacity,
    ...gpus,
    cpu: `${pool.cpus * 1_000 - 80}m`,
    memory: `${Math.floor((bytes * 0.94 - (Number.parseInt(hash.slice(0, 3), 16) % 2_000) * PAGE_BYTES) / 1_024)}Ki`,
  };
  const taints = [
    ...(pool.gpus > 0 ? [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] : []),
    ...(tainted ? [{ key: 'example.com/reserved', value: 'true', effect: 'NoSchedule' }] : []),
  ];
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(12, 15)}-8${hash.slice(15, 18)}-${hash.slice(18, 30)}`,
      resourceVersion: String(version),
      creationTimestamp: daily,
      labels: { ...labelsOf(index, name, instance), ...(maintenance && { 'example.com/maintenance': 'planned' }) },
      annotations: {
        'csi.volume.kubernetes.io/nodeid': JSON.stringify({ 'ebs.csi.aws.com': instance, 'efs.csi.aws.com': instance }),
        'node.alpha.kubernetes.io/ttl': '15',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      managedFields: managedFields(hourly),
    },
    spec: { providerID: `aws:///${zone}/${instance}`, ...(taints.length > 0 && { taints }) },
    status: {
      capacity: { ...capacity, ...gpus, memory: `${bytes / 1_024}Ki` },
      allocatable,
      conditions: [
        'MemoryPressure',
        'DiskPressure',
        'PIDPressure',
        'KernelDeadlock',
        'ReadonlyFilesystem',
        'Ready',
      ].map((type) => ({
        type,
        status: type === 'Ready' ? 'True' : 'False',
        lastHeartbeatTime: hourly,
        lastTransitionTime: daily,
        reason: `KubeletHas${type}`,
        message: `kubelet has posted the state of ${type}`,
      })),
      addresses: [
        { type: 'InternalIP', address: `10.0.${index >> 8}.${index & 255}` },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      nodeInfo: {
        machineID: hash.slice(0, 32),
        systemUUID: hash.slice(32),
        bootID: hash,
        kernelVersion: '6.1.0',
        osImage: 'Bottlerocket OS 1.30.0',
        containerRuntimeVersion: 'containerd://2.1.0',
        kubeletVersion: 'v1.36.3',
        operatingSystem: 'linux',
        architecture: pool.arch,
      },
      images: Array.from({ length: 68 }, (_, at) => imageOf(hash, at)),
    },
  };
}

function placeOf(index: number) {
  const ofClass = index % FLEET_CLASSES;
  const zoneIndex = ofClass % ZONES;
  const pool = POOLS[Math.floor(ofClass / ZONES)] as Pool;
  return { pool, zone: zoneName(zoneIndex), region: regionName(zoneIndex % FLEET_REGIONS) };
}

function zoneName(zoneIndex: number): string {
  const zone = zoneIndex % ZONES;
  return `${regionName(zone % FLEET_REGIONS)}${zone < FLEET_REGIONS ? 'a' : 'b'}`;
}

/** 30 of them; 3 tell the node apart. Every other region has node groups, which an autoscaler may grow. */
function labelsOf(index: number, name: string, instance: string): Record<string, string> {
  const { pool, zone, region } = placeOf(index);
  const [family = ''] = pool.type.split('.');
  return {
    'kubernetes.io/hostname': name,
    'node.example.com/instance-id': instance,
    'alpha.eksctl.io/instance-id': instance,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': pool.arch,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': pool.arch,
    'node.kubernetes.io/instance-type': pool.type,
    'beta.kubernetes.io/instance-type': pool.type,
    [REGION_LABEL]: region,
    [ZONE_LABEL]: zone,
    'failure-domain.beta.kubernetes.io/region': region,
    'failure-domain.beta.kubernetes.io/zone': zone,
    'topology.ebs.csi.aws.com/zone': zone,
    [POOL_LABEL]: pool.name,
    [CPUS_LABEL]: String(pool.cpus),
    'node.example.com/family': family,
    'node.example.com/memory-gib': String(pool.gib),
    'node.example.com/gpus': String(pool.gpus),
    [index % FLEET_REGIONS < FLEET_REGIONS / 2 ? 'eks.amazonaws.com/nodegroup' : 'node.example.com/group']: pool.name,
    'eks.amazonaws.com/capacityType': 'ON_DEMAND',
    'eks.amazonaws.com/nodegroup-image': 'ami-0f1e2d3c4b5a69788',
    'node.example.com/environment': 'production',
    'node.example.com/network': 'private',
    'node.example.com/operating-system': 'bottlerocket',
    'node.example.com/security-profile': 'restricted',
    'node.example.com/storage': 'nvme',
    'node.example.com/owner': 'platform-team',
    'k8s.io/cloud-provider-aws': 'b2c1f0a9d8e7',
    'node-role.kubernetes.io/worker': '',
  };
}

function imageOf(hash: string, at: number) {
  const repository = `registry.example.com/platform/service-${at}`;
  return {
    names: [`${repository}@sha256:${hash.slice(at % 8)}${hash.slice(0, at % 8)}`, `${repository}:2.${at}.0-distroless`],
    sizeBytes: 40_000_000 + at * 12_345,
  };
}

function managedFields(time: string) {
  const owned = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [`f:${field}`, {}]));
  const conditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => [
    `k:{"type":"${type}"}`,
    { '.': {}, ...owned(['type', 'status', 'lastHeartbeatTime', 'lastTransitionTime', 'reason', 'message']) },
  ]);
  return [
    {
      manager: 'kubelet',
      operation: 'Update',
      apiVersion: 'v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': owned(Object.keys(labelsOf(0, '', ''))) },
        'f:status': { 'f:conditions': Object.fromEntries(conditions), 'f:images': {}, 'f:allocatable': {} },
      },
      subresource: 'status',
    },
  ];
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/**
 * What the pod of an index asks for, 1,000 different things:
 *
 * | of five | asks for                                                     | finds nodes in      |
 * | ------- | ------------------------------------------------------------ | ------------------- |
 * | 1       | a zone and a pool                                            | one region          |
 * | 1       | some pools, not two of the zones                             | most regions        |
 * | 1       | one of six zones                                             | six regions         |
 * | 1       | more processors than, and an amount of them and of memory    | all regions         |
 * | 1       | one of three regions, or arm64 outside a zone                | most regions        |
 */
export function fleetConstraints(index: number): object {
  const variant = index % DISTINCT_SELECTORS;
  const nth = Math.floor(variant / 5);
  const zones = (count: number, step: number) =>
    Array.from({ length: count }, (_, at) => zoneName(nth + at * (step + Math.floor(nth / ZONES))));
  const pools = POOLS.map(({ name }) => name).filter((_, at) => ((nth % 30) + 1) & (1 << at));
  switch (variant % 5) {
    case 0:
      return { nodeSelector: { [ZONE_LABEL]: zoneName(nth), [POOL_LABEL]: POOLS[Math.floor(nth / ZONES)]?.name } };
    case 1:
      return required([
        { key: POOL_LABEL, operator: 'In', values: pools },
        { key: ZONE_LABEL, operator: 'NotIn', values: zones(2, 7) },
      ]);
    case 2:
      return required([{ key: ZONE_LABEL, operator: 'In', values: zones(6, 1) }]);
    case 3:
      return {
        ...required([{ key: CPUS_LABEL, operator: 'Gt', values: ['4'] }]),
        resources: { requests: { cpu: `${4_500 + nth * 10}m`, memory: `${8 + (nth % 20)}Gi` } },
      };
    default:
      return required(
        [{ key: REGION_LABEL, operator: 'In', values: [0, 3, 5].map((at) => regionName((nth + at) % FLEET_REGIONS)) }],
        [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] },
          { key: ZONE_LABEL, operator: 'NotIn', values: zones(2, 11) },
        ],
      );
  }
}

function required(...terms: readonly (readonly object[])[]): object {
  const nodeSelectorTerms = terms.map((matchExpressions) => ({ matchExpressions }));
  return { affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms } } } };
}
