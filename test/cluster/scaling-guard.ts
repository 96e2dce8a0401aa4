import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createApiClient } from '../control-plane/api-client.ts';
import { startControlPlane } from '../control-plane/start.ts';
import { ACCOUNT_KINDS, applyObjects, CONTROLLERS_ACCOUNT, untilGuarded } from './controllers-account.ts';
import { ofKind, type Rendered, renderWith } from './rendered-manifests.ts';

export const APPS = '/apis/apps/v1/namespaces/team';
export const AUTOSCALERS = '/apis/autoscaling/v2/namespaces/team/horizontalpodautoscalers';
export const REGIONAL = '/apis/gridgate.dev/v1alpha1/namespaces/team/regionalautoscalers';
const REGIONAL_CRD = 'CustomResourceDefinition';
/** The components that scale. One after the other: of two guards that refuse, the API server names one. */
type Scaling = 'regional-autoscaler' | 'carbon-budgets';
const AS_CONTROLLERS = { 'impersonate-user': CONTROLLERS_ACCOUNT, 'impersonate-group': 'system:masters' };
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

export type GuardedScaling = Awaited<ReturnType<typeof startGuardedScaling>>;

/** An API server with RegionalAutoscalers, what these components give the account of the controllers, and a token of it. */
export async function startGuardedScaling(components: readonly Scaling[]) {
  await using cleanup = new AsyncDisposableStack();
  const controlPlane = await startControlPlane({ workers: [], users: [{ name: CONTROLLERS_ACCOUNT }] });
  cleanup.defer(controlPlane.stop);
  const { request, waitFor } = controlPlane;
  const crds = ofKind(await renderWith(controlPlane, 'base', ['regional-autoscaler']), REGIONAL_CRD);
  await applyObjects(controlPlane, crds);
  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  await send('POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
  await waitFor('RegionalAutoscalers', async () => (await request('GET', REGIONAL)).status === 200 || undefined);
  for (const component of components) {
    await applyObjects(controlPlane, ofKind(await renderWith(controlPlane, 'base', [component]), ...ACCOUNT_KINDS));
    const [list, object] = PROBES[component];
    await waitFor(`the guard of ${component}`, async () => {
      const probe = { ...object, metadata: { name: 'probe' } };
      const { body } = await request('POST', `${list}?dryRun=All`, probe, AS_CONTROLLERS);
      return body.message?.includes(`'gridgate-${component}'`) || undefined;
    });
  }
  await untilGuarded(controlPlane);

  const { users } = JSON.parse(readFileSync(controlPlane.kubeconfigFor(CONTROLLERS_ACCOUNT), 'utf8'));
  const asControllers = createApiClient({
    url: controlPlane.url,
    ca: readFileSync(controlPlane.caFile, 'utf8'),
    token: users[0].user.token,
  });
  cleanup.defer(async () => asControllers.disconnect());
  const owned = cleanup.move();
  return {
    controlPlane,
    request,
    send,
    asControllers,
    /** A merge patch by that token. */
    patch: (path: string, patch: object) => asControllers.request('PATCH', path, patch, MERGE_PATCH),
    patchAsAdmin: (path: string, patch: object) => send('PATCH', path, patch, MERGE_PATCH),
    stop: () => owned.disposeAsync(),
  };
}

/** Without its name. */
export function workload(
  annotations: Readonly<Record<string, string>> = {},
  replicas = 5,
  podAnnotations: Readonly<Record<string, string>> = { 'gridgate.dev/class': 'flexible' },
): Rendered {
  return {
    metadata: { annotations },
    spec: {
      replicas,
      serviceName: 'web',
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' }, annotations: podAnnotations },
        spec: { containers: [{ name: 'web', image: 'nginx' }] },
      },
    },
  };
}

export function horizontal(annotations: Readonly<Record<string, string>> = {}): Rendered {
  return {
    metadata: { annotations },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
      ],
    },
  };
}

export function regional(annotations: Readonly<Record<string, string>> = {}): Rendered {
  return {
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'RegionalAutoscaler',
    metadata: { annotations },
    spec: {
      targets: [
        { region: 'france', deployment: 'web-france', min: 1, max: 8 },
        { region: 'denmark', deployment: 'web-denmark', min: 1 },
      ],
      maxReplicas: 12,
    },
  };
}

/** What each guard refuses, and no other. */
const PROBES: Readonly<Record<Scaling, readonly [list: string, object: Rendered]>> = {
  'regional-autoscaler': [REGIONAL, regional()],
  'carbon-budgets': [`${APPS}/statefulsets`, workload()],
};
