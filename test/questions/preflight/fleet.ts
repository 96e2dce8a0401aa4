import { DEFAULT_POWER_TABLE } from '../../../src/energy/power-table.ts';
import { assess, type PreflightInput } from '../../../src/questions/preflight/assess.ts';
import type { CpuManagerPolicy, PolicyOrigin } from '../../../src/questions/preflight/cpu-manager-policy.ts';
import { type FleetNode, parseFleetNode } from '../../../src/questions/preflight/fleet-node.ts';
import { STATIC_FACTORS } from '../../../src/questions/preflight/node-power.ts';
import type { PreflightReport } from '../../../src/questions/preflight/preflight-report.ts';
import { NOW, REGION_LABEL } from '../../builders.ts';

export interface NodeParts {
  readonly name: string;
  readonly version?: string;
  readonly arch?: string;
  readonly type?: string;
  readonly region?: string;
  readonly cpu?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

/** A Node as the API server sends it: an m7g.large of 1.33 unless told otherwise. */
export function nodeObject(parts: NodeParts): object {
  const { name, version = 'v1.33.2-eks-1a2b3c', arch = 'arm64', type = 'm7g.large', region = 'us-west-2' } = parts;
  const { cpu = '2', annotations, addresses } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': arch,
        'kubernetes.io/hostname': name,
        ...(type !== '' && { 'node.kubernetes.io/instance-type': type }),
        ...(region !== '' && { [REGION_LABEL]: region }),
      },
      ...(annotations && { annotations }),
    },
    status: {
      capacity: { cpu },
      nodeInfo: { kubeletVersion: version, architecture: arch },
      ...(addresses && { addresses }),
    },
  };
}

export function fleetNode(parts: NodeParts): FleetNode {
  return parseFleetNode(nodeObject(parts), REGION_LABEL);
}

/** So many nodes alike, `arm-0` and on. */
export function fleetOf(count: number, { name, ...parts }: NodeParts): FleetNode[] {
  return Array.from({ length: count }, (_, i) => fleetNode({ ...parts, name: `${name}-${i}` }));
}

export const X86: Omit<NodeParts, 'name'> = { arch: 'amd64', type: 'm6i.xlarge', region: 'us-east-1', cpu: '4' };

type Parts = Partial<Omit<PreflightInput, 'power'>> &
  Partial<PreflightInput['power']> & { readonly policy?: CpuManagerPolicy; readonly origin?: PolicyOrigin };

/** The report about a fleet whose nodes all have one policy: static, told by their kubelets, unless told otherwise. */
export function assessFleet(nodes: readonly FleetNode[], parts: Parts = {}): PreflightReport {
  const { policy = 'static', origin = 'configz', table, factors, measured, ...input } = parts;
  return assess({
    nodes,
    targetVersion: '1.33',
    policyOf: () => ({ policy, origin }),
    power: {
      table: table ?? DEFAULT_POWER_TABLE,
      factors: factors ?? STATIC_FACTORS,
      measured: measured ?? new Map(),
    },
    maxIncreasePercent: 15,
    intensities: new Map(),
    now: NOW,
    ...input,
  });
}
