import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createKillSwitch, type KillSwitch } from '../../src/cluster/kill-switch.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { makePod, REGION_LABEL } from '../builders.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { ask } from '../webhook/client.ts';
import { startWebhook, stopWebhook, type TestWebhook } from '../webhook/start-webhook.ts';

const SERVICE_ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate';
const CONFIG_MAPS = '/api/v1/namespaces/gridgate-system/configmaps';
const NAME = 'gridgate-kill-switch';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/gridgate-system';

describe('the kill switch of a real cluster', () => {
  let controlPlane: ControlPlane;
  let webhook: TestWebhook;
  let killSwitch: KillSwitch;
  let api: ReturnType<typeof createApiClient>;

  before(async () => {
    if (skip) return;
    const user = { name: SERVICE_ACCOUNT, groups: ['system:serviceaccounts', 'system:authenticated'] };
    controlPlane = await startControlPlane({ workers: [], users: [user] });
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'gridgate-system' } });
    // No more than this one ConfigMap: a list by name is covered by resourceNames.
    const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [NAME], verbs: ['list', 'watch'] }];
    await send('POST', `${RBAC}/roles`, { metadata: { name: 'kill-switch' }, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'kill-switch' };
    const subjects = [{ kind: 'ServiceAccount', name: 'gridgate', namespace: 'gridgate-system' }];
    await send('POST', `${RBAC}/rolebindings`, { metadata: { name: 'kill-switch' }, roleRef, subjects });

    webhook = await startWebhook();
    api = createApiClient(loadKubeConfig({ file: controlPlane.kubeconfigFor(SERVICE_ACCOUNT) }));
    killSwitch = createKillSwitch({ api, namespace: 'gridgate-system', name: NAME, log: pino({ level: 'silent' }) });
    Object.defineProperty(webhook.world, 'modeCap', { get: killSwitch.cap });
    await killSwitch.start();
  });
  after(async () => {
    await killSwitch?.stop();
    api?.close();
    if (webhook) await stopWebhook(webhook);
    await controlPlane?.stop();
  });

  test('every change has its effect on reviews, without a restart', { skip }, async () => {
    assert.equal(await verdict(), 'denied');
    const data = { 'max-mode': 'off' };
    await send('POST', CONFIG_MAPS, { metadata: { name: NAME }, data });
    await becomes('switched_off');
    await send('PATCH', `${CONFIG_MAPS}/${NAME}`, { data: { 'max-mode': 'warn' } });
    await becomes('warned');
    await send('PATCH', `${CONFIG_MAPS}/${NAME}`, { data: { 'max-mode': 'audit' } });
    await becomes('audited');
    await send('PATCH', `${CONFIG_MAPS}/${NAME}`, { data: { 'max-mode': null } });
    await becomes('denied');
    await send('PATCH', `${CONFIG_MAPS}/${NAME}`, { data: { 'max-mode': 'OFF!' } });
    await becomes('audited');
    await send('DELETE', `${CONFIG_MAPS}/${NAME}`);
    await becomes('denied');
  });

  test('it stays pulled while the API server restarts, and works again after', { skip }, async () => {
    await send('POST', CONFIG_MAPS, { metadata: { name: NAME }, data: { 'max-mode': 'off' } });
    await becomes('switched_off');
    await controlPlane.restartApiServer();
    assert.equal(await verdict(), 'switched_off');
    await send('DELETE', `${CONFIG_MAPS}/${NAME}`);
    await becomes('denied');
  });

  /** What happens to a pod that its enforcing namespace would refuse. */
  async function verdict(): Promise<string> {
    const object = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } });
    const { allowed, auditAnnotations, warnings } = await ask(webhook, '/mutate', { object });
    if (!allowed) return 'denied';
    if (auditAnnotations['would'] !== undefined) return 'audited';
    return warnings ? 'warned' : String(auditAnnotations['reason']);
  }

  async function becomes(wanted: string): Promise<void> {
    await controlPlane.waitFor(wanted, async () => (await verdict()) === wanted || undefined);
  }

  async function send(method: string, path: string, body?: object): Promise<void> {
    const answer = await controlPlane.request(method, path, body, method === 'PATCH' ? MERGE_PATCH : undefined);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
  }
});
