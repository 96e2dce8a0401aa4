import { parse } from 'yaml';
import type { ApiClient } from '../../cluster/api-client.ts';
import { createProgress, progressBar } from '../../terminal/progress.ts';
import { type CpuManagerPolicy, policyOfKubeletConfig, type ToldPolicy } from './cpu-manager-policy.ts';
import type { FleetNode } from './fleet-node.ts';

export interface KubeletPolicies {
  /** By node and not by name: a node of staging may have the same name. */
  readonly told: ReadonlyMap<FleetNode, CpuManagerPolicy>;
  /** Why some told nothing, a sentence each. */
  readonly notes: readonly string[];
}

/** Asks the kubelets of a cluster; never rejects. */
export async function askKubelets(api: ApiClient, nodes: readonly FleetNode[]): Promise<KubeletPolicies> {
  const { readKubeletConfigs } = await import('../../cluster/kubelet-config.ts');
  const progress = createProgress();
  const names = nodes.map(({ name }) => name);
  const { found, failures } = await readKubeletConfigs(api, names, {
    read: policyOfKubeletConfig,
    onProgress: (done) => progress.show(progressBar(done, names.length, 'kubelets asked')),
  });
  progress.end();
  const told = nodes.flatMap((node) => {
    const policy = found.get(node.name);
    return policy === undefined ? [] : [[node, policy] as const];
  });
  return { told: new Map(told), notes: failures };
}

/**
 * Who says what a node's policy is:
 *
 * | its kubelet | annotation | policy                 |
 * | ----------- | ---------- | ---------------------- |
 * | tells       | any        | the kubelet's          |
 * | silent      | tells      | the annotation's       |
 * | silent      | silent     | the one that is assumed |
 */
export function createPolicyOf(
  ofKubelets: KubeletPolicies['told'],
  assumed: CpuManagerPolicy,
): (node: FleetNode) => ToldPolicy {
  // Nodes of one pool have one annotation: it is parsed once.
  const parsed = new Map<string, CpuManagerPolicy | undefined>();
  function ofAnnotation(text: string): CpuManagerPolicy | undefined {
    if (!parsed.has(text)) parsed.set(text, policyOfText(text));
    return parsed.get(text);
  }

  return (node) => {
    const { kubeletConfig } = node;
    const ofKubelet = ofKubelets.get(node);
    if (ofKubelet !== undefined) return { policy: ofKubelet, origin: 'configz' };
    const noted = kubeletConfig === undefined ? undefined : ofAnnotation(kubeletConfig);
    return noted === undefined ? { policy: assumed, origin: 'assumed' } : { policy: noted, origin: 'annotation' };
  };
}

/** Text that is no YAML tells no policy. */
function policyOfText(text: string): CpuManagerPolicy | undefined {
  try {
    return policyOfKubeletConfig(parse(text, { logLevel: 'silent' }));
  } catch {
    return undefined;
  }
}
