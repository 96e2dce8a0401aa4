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
  const wrapped = fieldOf(config, 'kubeletconfig');
  const policy = fieldOf(wrapped ?? config, 'cpuManagerPolicy');
  return policy === 'none' || policy === 'static' ? policy : undefined;
}

function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
