import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseRegionalSpec } from '../../src/scaling/regional-autoscaler.ts';
import { applyObjects } from '../cluster/controllers-account.ts';
import { MANIFESTS, ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';

const SAMPLE = `${MANIFESTS}/samples/regional`;
const REGIONS = ['denmark', 'france', 'latvia'];

describe('manifests/samples/regional', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane();
    const objects = await renderWith(controlPlane, 'base', ['regional-autoscaler']);
    await applyObjects(controlPlane, ofKind(objects, 'CustomResourceDefinition'));
    for (const path of ['regions', 'regionalautoscalers'])
      await controlPlane.waitFor(path, async () => {
        const { status } = await controlPlane.request('GET', `/apis/gridgate.dev/v1alpha1/${path}`);
        return status === 200 || undefined;
      });
    await kubectl('apply', '-f', `${SAMPLE}/nodes.yaml`);
  });
  after(() => controlPlane?.stop());

  async function kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await controlPlane.kubectl(args);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  test('is applied without a warning, twice, and runs an nginx in each region', { skip }, async () => {
    await kubectl('apply', '-k', SAMPLE);
    const path = '/apis/gridgate.dev/v1alpha1/namespaces/regional-sample/regionalautoscalers/web';
    const { body: autoscaler } = await controlPlane.request('GET', path);
    const read = parseRegionalSpec(autoscaler.spec);
    assert.ok('spec' in read);
    assert.deepEqual(
      read.spec.targets.map(({ region }) => region),
      REGIONS,
    );
    await controlPlane.waitFor('a pod in each region', async () => {
      const { body } = await controlPlane.request('GET', '/api/v1/namespaces/regional-sample/pods');
      const running = body.items
        .filter(({ status }: Rendered) => status.phase === 'Running')
        .map(({ spec, metadata }: Rendered) => `${metadata.labels.region} on ${spec.nodeName}`);
      const expected = REGIONS.map((region) => `${region} on ${region}-1`);
      return JSON.stringify(running.toSorted()) === JSON.stringify(expected) || undefined;
    });
    const scale = (replicas: number) =>
      kubectl('scale', '-n', 'regional-sample', 'deployment/web-france', `--replicas=${replicas}`);
    await scale(3);
    await kubectl('apply', '-k', SAMPLE);
    const web = '/apis/apps/v1/namespaces/regional-sample/deployments/web-france';
    assert.equal((await controlPlane.request('GET', web)).body.spec.replicas, 3, 'replicas are no part of it');
  });
});
