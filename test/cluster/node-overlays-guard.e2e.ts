import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OWN_LABELS } from '../../src/capacity/own-overlay.ts';
import { NODE_OVERLAYS_PATH } from '../../src/cluster/node-overlays.ts';
import { TYPE_LABEL, ZONE_LABEL } from '../capacity/overlays-world.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { applyObjects, CONTROLLERS_ACCOUNT, installControllersAccount } from './controllers-account.ts';
import { renderWith } from './rendered-manifests.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const PRICE = { spec: { priceAdjustment: '+0.2' } };

const overlay = (name: string) => ({
  apiVersion: 'karpenter.sh/v1alpha1',
  kind: 'NodeOverlay',
  metadata: { name: `gridgate-${name}`, labels: OWN_LABELS },
  spec: {
    weight: 9_000,
    priceAdjustment: '+0.1',
    requirements: [
      { key: TYPE_LABEL, operator: 'In', values: [name] },
      { key: ZONE_LABEL, operator: 'In', values: ['us-east-1a'] },
    ],
  },
});

describe('NodeOverlays of gridgate that people touched', () => {
  let plane: ControlPlane;

  before(async () => {
    if (skip) return;
    plane = await startControlPlane({ workers: [], users: [{ name: CONTROLLERS_ACCOUNT }] });
    await installControllersAccount(plane);
    await plane.installKarpenter();
    const component = await renderWith(plane, 'base', ['node-overlays']);
    await applyObjects(
      plane,
      component.filter(({ metadata }) => metadata.name === 'gridgate-node-overlays'),
    );
    await plane.waitFor('the guard of NodeOverlays', async () => {
      const { body } = await asController('POST', NODE_OVERLAYS_PATH, { ...overlay('x'), metadata: { name: 'x' } });
      return /ValidatingAdmissionPolicy/.test(body.message) || undefined; // without rights it is refused as well
    });
  });
  after(() => plane?.stop());

  const asController = (method: string, path: string, body: object, type: Record<string, string> = {}) =>
    plane.request(method, `${path}?dryRun=All`, body, { ...type, 'impersonate-user': CONTROLLERS_ACCOUNT });

  async function put(name: string, change: object): Promise<string> {
    const { status, body } = await plane.request('POST', NODE_OVERLAYS_PATH, overlay(name));
    assert.equal(status, 201, JSON.stringify(body));
    const path = `${NODE_OVERLAYS_PATH}/gridgate-${name}`;
    assert.equal((await plane.request('PATCH', path, change, MERGE)).status, 200);
    return path;
  }

  test('one to which somebody added resources is still priced, with the resources as they are', { skip }, async () => {
    const capacity = { 'example.com/fpga': '1' };
    const path = await put('with-resources', { spec: { capacity } });
    assert.equal((await asController('PATCH', path, PRICE, MERGE)).status, 200);
    for (const spec of [{ capacity: { 'example.com/fpga': '2' } }, { capacity: null }])
      assert.equal((await asController('PATCH', path, { spec }, MERGE)).status, 403, JSON.stringify(spec));
  });

  for (const [text, status] of [
    ['true', 403],
    ['True', 403],
    ['yes', 403],
    ['', 403],
    ['false', 200],
  ] as const)
    test(`one annotated gridgate.dev/paused "${text}": ${status}`, { skip }, async () => {
      const annotations = { 'gridgate.dev/paused': text };
      const path = await put(`paused-x${Buffer.from(text).toString('hex')}`, { metadata: { annotations } });
      assert.equal((await asController('PATCH', path, PRICE, MERGE)).status, status);
    });

  test('kubectl apply --prune deletes those of an earlier time that it applied, and no other', { skip }, async () => {
    const prune = [
      '--prune',
      '-l',
      'gridgate.dev/overlay=carbon',
      '--prune-allowlist=karpenter.sh/v1alpha1/NodeOverlay',
    ];
    const apply = async (...names: readonly string[]) => {
      const input = names.map((name) => JSON.stringify(overlay(name))).join('\n---\n');
      const { code, stderr } = await plane.kubectl(['apply', '-f', '-', ...prune], input);
      assert.equal(code, 0, stderr);
    };
    await put('of-the-controller', {});
    await apply('old', 'new');
    await apply('new');
    const { body } = await plane.request('GET', NODE_OVERLAYS_PATH);
    const names = body.items.map((one: { metadata: { name: string } }) => one.metadata.name);
    assert.ok(names.includes('gridgate-new') && names.includes('gridgate-of-the-controller'), names.join());
    assert.ok(!names.includes('gridgate-old'), names.join());
  });
});
