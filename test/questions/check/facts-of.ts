import type { ClusterFacts, DeploymentFacts, WebhookFacts } from '../../../src/questions/check/facts.ts';
import { judge } from '../../../src/questions/check/judge.ts';
import { makeNode, NOW, REGION_LABEL } from '../../builders.ts';
import { prefixed } from '../../e2e/objects.ts';

const YEAR_MS = 365 * 86_400_000;
export const NOT_READ = { unread: 'you (dev) may not list things' };

export function deploymentOf(role: 'webhook' | 'controllers', parts: Partial<DeploymentFacts> = {}): DeploymentFacts {
  const name = role === 'webhook' ? 'gridgate' : 'gridgate-controllers';
  return {
    ...{ name, roles: [role], account: name, replicas: 2, available: 2, args: [] },
    ...{ variables: new Map(), variableObjects: [] },
    mounts: [{ path: '/sources', from: { kind: 'Secret', name: 'gridgate-sources' } }],
    ...parts,
  };
}

const EXCEPT = {
  key: 'kubernetes.io/metadata.name',
  operator: 'NotIn',
  values: ['kube-system', 'kube-public', 'kube-node-lease', 'gridgate-system'],
};

export function webhookOf(name: string, parts: Partial<WebhookFacts> = {}): WebhookFacts {
  const labels = name === 'namespaces' ? {} : { matchLabels: { 'gridgate.dev/managed': 'true' } };
  return {
    kind: name === 'workloads' ? 'ValidatingWebhookConfiguration' : 'MutatingWebhookConfiguration',
    name: `${name}.gridgate.dev`,
    selector: { ...labels, matchExpressions: [EXCEPT] },
    ...{ authorities: 1, trustedUntil: NOW + YEAR_MS, bundle: 'a' },
    ...parts,
  };
}

export function namespaceOf(name: string, annotations: Readonly<Record<string, string>>, managed: boolean) {
  return { name, resourceVersion: '1', annotations: prefixed(annotations), managed };
}

export function regionOf(name: string, spec: object = { gramsPerKwh: 24 }, observed: object = {}) {
  return { metadata: { name }, spec, observed } as never;
}

export const ANSWER = {
  id: 'a',
  version: '0.1.0',
  mode: 'enforce',
  reason: 'steered',
  regions: 1,
  clock: NOW,
} as const;

/** A cluster in which everything works, but for these parts. */
export function factsOf(parts: Partial<ClusterFacts> = {}): ClusterFacts {
  return {
    ...{ systemNamespace: 'gridgate-system', regionLabel: REGION_LABEL },
    apiServer: { version: 'v1.36.3', at: NOW, date: NOW - 500 },
    deployments: { value: [deploymentOf('webhook'), deploymentOf('controllers')] },
    endpoints: { value: { ready: 2, notReady: 0 } },
    webhooks: { value: ['pods', 'jobs', 'namespaces', 'workloads'].map((name) => webhookOf(name)) },
    onNamespaces: { outcome: 'answered', answer: { ...ANSWER, mode: 'off' }, at: NOW },
    onPods: { outcome: 'answered', answer: ANSWER, at: NOW, namespace: 'shop' },
    rights: [
      { account: 'gridgate-system/gridgate', roles: ['webhook'], asked: { value: { count: 21, missing: [] } } },
      {
        account: 'gridgate-system/gridgate-controllers',
        roles: ['controllers'],
        asked: { value: { count: 49, missing: [] } },
      },
    ],
    lease: { value: { holder: 'one', renewedAt: NOW - 2_000, durationMs: 15_000 } },
    regions: { value: [regionOf('eu-north')] },
    invalidRegions: [],
    nodes: { value: [makeNode('n1', 'eu-north')] },
    nodePools: { value: [] },
    heldPools: { value: [] },
    heldScales: { value: [] },
    autoscalers: { value: { count: 0, troubled: [] } },
    usage: { value: undefined },
    namespaces: { value: [namespaceOf('shop', { mode: 'enforce' }, true), namespaceOf('default', {}, false)] },
    settings: { value: { sources: [], secrets: [], rules: { defaults: {}, limits: {} } } },
    killSwitch: { value: {} },
    releaserLease: { value: { holder: 'one', renewedAt: NOW - 5_000, durationMs: 60_000 } },
    things: { value: [] },
    overdueRuns: { value: { isSuspended: false, failedForMs: 0 } },
    keys: new Map(),
    ...parts,
  };
}

/** What does not work, or is not known, a line each: `failed CA: every caBundle ... -> kubectl ...`. */
export function oddities(parts: Partial<ClusterFacts>): readonly string[] {
  return judge(factsOf(parts))
    .checks.filter(({ state }) => state !== 'ok')
    .map(({ state, check, says, todo }) => `${state} ${check}: ${says}${todo === null ? '' : ` -> ${todo}`}`);
}

/** What the lines of one check say. */
export function saysOf(check: string, parts: Partial<ClusterFacts> = {}): readonly string[] {
  return judge(factsOf(parts))
    .checks.filter((one) => one.check === check)
    .map(({ state, says }) => `${state}: ${says}`);
}
