import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ApiClient } from './api-client.ts';
import { type Component, type Launcher, startComponent } from './component.ts';
import { pollUntil } from './poll.ts';
import { findFreePort } from './ports.ts';

/** What a machine of the KWOK provider is. */
export type InstanceType = {
  readonly name: string;
  readonly architecture: 'amd64' | 'arm64';
  /** Such as `{ cpu: '4', memory: '16Gi' }`. */
  readonly resources: Readonly<Record<string, string>>;
  readonly offerings: readonly {
    readonly zone: string;
    readonly region?: string;
    readonly capacityType: 'on-demand' | 'spot';
    /** An hour. */
    readonly price: number;
  }[];
};

export type KarpenterOptions = {
  /** Those of the provider itself where none are given: zones `test-zone-a` to `-d`, types such as `c-4x-amd64-linux`. */
  readonly instanceTypes?: readonly InstanceType[];
  /** Beside `NodeOverlay=true`. */
  readonly featureGates?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const CRDS_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const ZONE = 'topology.kubernetes.io/zone';
const REGION = 'topology.kubernetes.io/region';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const EXISTS = 409;

type Wait = { readonly deadlineMs: number; readonly failure: () => Error | undefined };

/** Creates what is missing of Karpenter's CRDs and waits until they are served. */
export async function installKarpenter(client: ApiClient, binDir: string, wait: Wait): Promise<void> {
  const folder = join(binDir, 'karpenter-crds');
  const crds = readdirSync(folder).flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS()),
  );
  for (const crd of crds.filter((one) => one !== null)) {
    const { status, body } = await client.request('POST', CRDS_PATH, crd);
    if (status !== 201 && status !== EXISTS)
      throw new Error(`a CRD of Karpenter answers ${status}: ${JSON.stringify(body)}`);
  }
  await pollUntil({
    what: "Karpenter's CRDs to be served",
    probe: async () => {
      const { body } = await client.request('GET', CRDS_PATH);
      const served = new Set(body.items.filter(isEstablished).map((one: Crd) => one.metadata.name));
      return crds.every((one) => one === null || served.has(one.metadata.name)) ? true : undefined;
    },
    ...wait,
  });
}

type Crd = {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

function isEstablished({ status }: Crd): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}

/** Karpenter as a process beside the control plane, without leader election and with short batches. */
export async function runKarpenter(
  launcher: Launcher,
  kubeconfig: string,
  { instanceTypes, featureGates = [], env = {} }: KarpenterOptions,
): Promise<Component> {
  return startComponent(launcher, 'karpenter', [], {
    KUBECONFIG: kubeconfig,
    SYSTEM_NAMESPACE: 'kube-system',
    DISABLE_LEADER_ELECTION: 'true',
    FEATURE_GATES: ['NodeOverlay=true', ...featureGates].join(),
    METRICS_PORT: String(await findFreePort()),
    HEALTH_PROBE_PORT: String(await findFreePort()),
    BATCH_IDLE_DURATION: '1s',
    ...(instanceTypes && { INSTANCE_TYPES_FILE_PATH: writeInstanceTypes(launcher.dir, instanceTypes) }),
    ...env,
  });
}

function writeInstanceTypes(dir: string, types: readonly InstanceType[]): string {
  const file = join(dir, 'instance-types.json');
  writeFileSync(file, JSON.stringify(types.map(toProviderType)));
  return file;
}

/** As the provider reads it (`kwok/cloudprovider/helpers.go`). */
function toProviderType({ name, architecture, resources, offerings }: InstanceType) {
  return {
    name,
    architecture,
    operatingSystems: ['linux'],
    resources,
    offerings: offerings.map(({ zone, region, capacityType, price }) => ({
      Price: price,
      Available: true,
      Requirements: [
        { key: CAPACITY_TYPE, operator: 'In', values: [capacityType] },
        { key: ZONE, operator: 'In', values: [zone] },
        ...(region === undefined ? [] : [{ key: REGION, operator: 'In', values: [region] }]),
      ],
    })),
  };
}

/** A NodeClass of the KWOK provider, which NodePools name, and a NodePool with it. */
export const KWOK_NODE_CLASS = {
  apiVersion: 'karpenter.kwok.sh/v1alpha1',
  kind: 'KWOKNodeClass',
  metadata: { name: 'default' },
} as const;
export const KWOK_NODE_CLASSES_PATH = '/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses';
export const NODE_CLASS_REF = { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass', name: 'default' } as const;
export const NODE_POOLS_PATH = '/apis/karpenter.sh/v1/nodepools';
