import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { skip } from './assets.ts';
import { KWOK_NODE_CLASS, KWOK_NODE_CLASSES_PATH, NODE_CLASS_REF, NODE_POOLS_PATH } from './karpenter.ts';
import type { ControlPlane } from './start.ts';
import { startControlPlane } from './start.ts';

const REGION = 'topology.kubernetes.io/region';

describe('Karpenter beside the control plane', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane();
    await controlPlane.startKarpenter({
      instanceTypes: [
        {
          name: 'm5.large',
          architecture: 'amd64',
          resources: { cpu: '2', memory: '8Gi' },
          offerings: [{ zone: 'eu-north-1a', region: 'eu-north-1', capacityType: 'on-demand', price: 0.1 }],
        },
      ],
    });
  });
  after(() => controlPlane?.stop());

  test('launches a node for a pod that has none, in the region of its offering', { skip }, async () => {
    assert.equal((await controlPlane.request('POST', KWOK_NODE_CLASSES_PATH, KWOK_NODE_CLASS)).status, 201);
    const pool = {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodePool',
      metadata: { name: 'default' },
      spec: { template: { spec: { nodeClassRef: NODE_CLASS_REF, requirements: [] } } },
    };
    const created = await controlPlane.request('POST', NODE_POOLS_PATH, pool);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const run = await controlPlane.kubectl(['run', 'web', '--image=example.invalid/web:1']);
    assert.equal(run.code, 0, run.stderr);

    const nodeName = await controlPlane
      .waitFor('the pod to run', async () => {
        const { body } = await controlPlane.request('GET', '/api/v1/namespaces/default/pods/web');
        return body.status.phase === 'Running' ? (body.spec.nodeName as string) : undefined;
      })
      .catch(async (error) => {
        const { stdout } = await controlPlane.kubectl(['get', 'pods,nodes,nodeclaims,nodepools', '-o', 'wide']);
        const log = readFileSync(join(controlPlane.dir, 'karpenter.log'), 'utf8').split('\n').slice(-20).join('\n');
        throw new Error(`${error}\n${stdout}\n${log}`);
      });
    const { body } = await controlPlane.request('GET', `/api/v1/nodes/${nodeName}`);
    assert.equal(body.metadata.labels[REGION], 'eu-north-1');
    assert.equal(body.metadata.labels['karpenter.sh/nodepool'], 'default');
  });
});
