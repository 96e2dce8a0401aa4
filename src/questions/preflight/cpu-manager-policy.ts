import { fieldAt } from './fleet-node.ts';

export type CpuManagerPolicy = 'none' | 'static';

/**
 * Who said it, the most trustworthy first: the kubelet itself, a note of its installer on the node, or nobody
 * (`--assume-policy`).
 */
export const POLICY_ORIGINS = ['configz', 'annotation', 'assumed'] as const;
export type PolicyOrigin = (typeof POLICY_ORIGINS)[number];

export interface ToldPolicy {
  readonly policy: CpuManagerPolicy;
  readonly origin: PolicyOrigin;
}

/**
 * The policy in a KubeletConfiguration, also in the wrapper in which `/configz` answers it; `undefined` where it does not
 * tell. A running kubelet always tells (it fills in the default); that a file leaves it out says nothing of the flags.
 */
export function policyOfKubeletConfig(config: unknown): CpuManagerPolicy | undefined {
  const policy = fieldAt(fieldAt(config, 'kubeletconfig') ?? config, 'cpuManagerPolicy');
  return policy === 'none' || policy === 'static' ? policy : undefined;
}
