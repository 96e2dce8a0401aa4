import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Rendered, render } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const REGIONS = 'regions.gridgate.dev';
const region = (version: string, name = '') => `/apis/gridgate.dev/${version}/regions${name && `/${name}`}`;
const STATUS = { band: 'low', gridZone: 'SE-SE3' };

/** The plan of manifests/upgrading.md for v1beta1, step by step: no conversion webhook, one schema in both versions. */
describe('a next version of the Region resource', { skip }, () => {
  let plane: ControlPlane;
  let crd: Rendered;

  before(async () => {
    plane = await startControlPlane({ workers: [] });
    crd = (await render(plane, 'base')).find(({ metadata }) => metadata.name === REGIONS);
    await send('POST', CRDS, crd);
    await untilServed('v1alpha1');
    await send('POST', region('v1alpha1'), {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'Region',
      metadata: { name: 'eu' },
      spec: { gridZone: 'SE-SE3', elastic: true },
    });
    await patchStatus('v1alpha1', STATUS);
  });
  after(() => plane?.stop());

  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await plane.request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  const patchStatus = (version: string, status: object) =>
    send('PATCH', `${region(version, 'eu')}/status`, { status }, MERGE_PATCH);

  const untilServed = (version: string) =>
    plane.waitFor(`${version} to be served`, async () => {
      return (await plane.request('GET', region(version))).status === 200 || undefined;
    });

  /** By name, the one that is stored last. */
  async function setVersions(...names: readonly string[]): Promise<{ status: number; body: Rendered }> {
    const [only] = crd.spec.versions;
    const versions = names.map((name, index) => ({ ...only, name, storage: index === names.length - 1 }));
    return plane.request('PATCH', `${CRDS}/${REGIONS}`, { spec: { versions } }, MERGE_PATCH);
  }

  async function assertKept(version: string): Promise<void> {
    const { apiVersion, spec, status } = await send('GET', region(version, 'eu'));
    assert.equal(apiVersion, `gridgate.dev/${version}`);
    assert.deepEqual({ spec, status }, { spec: { gridZone: 'SE-SE3', elastic: true }, status: STATUS });
  }

  test('has the strategy None and one version today', async () => {
    const { spec, status } = await send('GET', `${CRDS}/${REGIONS}`);
    assert.equal(spec.conversion.strategy, 'None');
    assert.deepEqual(status.storedVersions, ['v1alpha1']);
  });

  test('1. is served beside the one that is stored: both show every object, whole', async () => {
    assert.equal((await setVersions('v1beta1', 'v1alpha1')).status, 200);
    await untilServed('v1beta1');
    await assertKept('v1beta1');
    await assertKept('v1alpha1');
  });

  test('2. is stored from now on: replicas that write the old one go on', async () => {
    assert.equal((await setVersions('v1alpha1', 'v1beta1')).status, 200);
    await plane.waitFor('both to count as stored', async () => {
      const { status } = await send('GET', `${CRDS}/${REGIONS}`);
      return status.storedVersions.join() === 'v1alpha1,v1beta1' || undefined;
    });
    await patchStatus('v1alpha1', STATUS);
    await assertKept('v1alpha1');
    await assertKept('v1beta1');
  });

  test('3. the old one cannot go before what is stored is rewritten, and can after', async () => {
    const refused = await setVersions('v1beta1');
    assert.equal(refused.status, 422);
    assert.match(refused.body.message, /storedVersions.*v1alpha1/s);
    for (const object of (await send('GET', region('v1beta1'))).items)
      await send('PUT', region('v1beta1', object.metadata.name), object);
    await send('PATCH', `${CRDS}/${REGIONS}/status`, { status: { storedVersions: ['v1beta1'] } }, MERGE_PATCH);
    assert.equal((await setVersions('v1beta1')).status, 200);
    await assertKept('v1beta1');
    await plane.waitFor('the old one to be gone', async () => {
      return (await plane.request('GET', region('v1alpha1'))).status === 404 || undefined;
    });
  });
});
