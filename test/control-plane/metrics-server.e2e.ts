import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseQuantity } from '../../src/units/quantity.ts';
import { skip } from './assets.ts';
import type { Component } from './component.ts';
import { METRICS_API_SERVICE_PATH, METRICS_SLICE_PATH, POD_METRICS_PATH, usage } from './metrics-server.ts';
import type { ControlPlane } from './start.ts';
import { startControlPlane } from './start.ts';

const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const MIB = 2 ** 20;
/** A counter is read a little before or after the moment that metrics-server notes. */
const TOLERANCE = 0.05;

describe('metrics-server beside the control plane', () => {
  let controlPlane: ControlPlane;
  let metricsServer: Pick<Component, 'stop'>;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ resourceMetrics: true });
    await controlPlane.addNodes([{ name: 'node-a' }]);
  });
  after(() => controlPlane?.stop());

  test('there is no such API before it', { skip }, async () => {
    assert.deepEqual(await metrics(), { status: 404, body: '404 page not found\n' });
  });

  test('answers what a pod is said to use, through the API server', { skip }, async () => {
    await run('web', usage({ cpu: '250m', memory: '64Mi' }));
    metricsServer = await controlPlane.startMetricsServer();
    await untilUsed('web', 0.25, 64 * MIB);
    const { stdout, stderr } = await controlPlane.kubectl(['top', 'pods', '--no-headers']);
    assert.match(stdout, /^web +2[3-6]\dm +64Mi *\n$/, stderr);
  });

  test('answers something else once the pod uses something else', { skip }, async () => {
    const more = Object.entries(usage({ cpu: '900m', memory: '128Mi' })).map(([key, value]) => `${key}=${value}`);
    const { code, stderr } = await controlPlane.kubectl(['annotate', '--overwrite', 'pod', 'web', ...more]);
    assert.equal(code, 0, stderr);
    await untilUsed('web', 0.9, 128 * MIB);
  });

  test('is an API that is unavailable once it has stopped, and not one that is absent', { skip }, async () => {
    await metricsServer.stop();
    const refused = await metrics();
    assert.equal(refused.status, 503);
    assert.match(refused.body, /^(error trying to reach service: .*connection refused|service unavailable)\n$/);

    // As where a pod that has ended loses its endpoint; a refused connection alone is noticed up to half a minute later.
    await controlPlane.request('PATCH', METRICS_SLICE_PATH, { endpoints: [] }, MERGE_PATCH);
    await controlPlane.waitFor('the API to be taken for unavailable', async () => {
      const { body } = await controlPlane.request('GET', METRICS_API_SERVICE_PATH);
      return body.status.conditions[0].reason === 'MissingEndpoints' || undefined;
    });
    assert.deepEqual(await metrics(), { status: 503, body: 'service unavailable\n' });
  });

  test('answers again after another start', { skip }, async () => {
    await controlPlane.startMetricsServer();
    await untilUsed('web', 0.9, 128 * MIB);
  });

  const metrics = () => controlPlane.request('GET', POD_METRICS_PATH);

  async function run(name: string, annotations: Record<string, string>): Promise<void> {
    const { status, body } = await controlPlane.request('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, annotations },
      spec: { containers: [{ name: 'main', image: 'example.invalid/web:1' }] },
    });
    assert.equal(status, 201, JSON.stringify(body));
  }

  async function untilUsed(pod: string, cores: number, bytes: number): Promise<void> {
    await controlPlane.waitFor(`${pod} to use ${cores} cores and ${bytes} bytes`, async () => {
      const { body } = await metrics();
      const found: PodMetrics | undefined = body.items?.find((one: PodMetrics) => one.metadata.name === pod);
      const used = found?.containers[0]?.usage;
      const cpu = parseQuantity(used?.cpu) ?? 0;
      return (Math.abs(cpu - cores) < cores * TOLERANCE && parseQuantity(used?.memory) === bytes) || undefined;
    });
  }
});

type PodMetrics = {
  readonly metadata: { readonly name: string };
  readonly containers: readonly { readonly usage: { readonly cpu: string; readonly memory: string } }[];
};
