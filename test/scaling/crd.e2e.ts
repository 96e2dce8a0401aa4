import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseRegionalSpec } from '../../src/scaling/regional-autoscaler.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { ALIKE, UNLIKE } from './regional-documents.ts';

const CRD = fileURLToPath(new URL('../../manifests/capacity/regional-autoscaler/crd.yaml', import.meta.url));
const AUTOSCALERS = '/apis/gridgate.dev/v1alpha1/namespaces/default/regionalautoscalers';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

describe('the CRD of RegionalAutoscalers', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [] });
    const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', '-f', CRD]);
    assert.deepEqual([code, stderr], [0, '']);
    await controlPlane.waitFor('RegionalAutoscalers', async () => {
      const { status } = await controlPlane.request('GET', AUTOSCALERS);
      return status === 200 || undefined;
    });
  });
  after(() => controlPlane?.stop());

  const document = (name: string, spec: object) => ({
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'RegionalAutoscaler',
    metadata: { name },
    spec,
  });

  for (const [title, rows, agree] of [
    ['judges like its controller', ALIKE, true],
    ['differs from it, knowingly, about', UNLIKE, false],
  ] as const)
    describe(title, () => {
      for (const { name, spec, isGood } of rows)
        test(`${isGood ? 'good' : 'bad'}: ${name}`, { skip }, async () => {
          assert.equal('spec' in parseRegionalSpec(spec), isGood);
          // As strict with unknown keys as kubectl is.
          const path = `${AUTOSCALERS}?dryRun=All&fieldValidation=Strict`;
          const { status, body } = await controlPlane.request('POST', path, document('web', spec));
          assert.ok([201, 400, 422].includes(status), `${status} ${JSON.stringify(body)}`);
          assert.equal(status === 201, agree ? isGood : !isGood, body.message);
        });
    });

  test('has every rule accepted', { skip }, async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/regionalautoscalers.gridgate.dev';
    const { body } = await controlPlane.request('GET', path);
    const conditions = body.status.conditions as { type: string; status: string }[];
    assert.deepEqual(Object.fromEntries(conditions.map(({ type, status }) => [type, status])), {
      NamesAccepted: 'True',
      Established: 'True',
    });
  });

  describe('has a status of its own', () => {
    const path = `${AUTOSCALERS}/web/status?fieldValidation=Strict`;
    const at = new Date(Date.now() - 3 * 3_600_000).toISOString();
    const status = {
      observedGeneration: 1,
      replicas: 7,
      cpuPercent: 82,
      toldAt: at,
      lastDecision: { at, decision: 'ScaleUp', reason: 'CpuHigh', message: '82% > 70%', region: 'france' },
      lastAction: {
        ...{ target: 'web-france', region: 'france', from: 3, to: 4, at, uid: 'x', generation: 2 },
        ...{ decision: 'ScaleUp', reason: 'CpuHigh', message: '82% > 70%' },
      },
      outage: { since: at, total: 7, unready: 0 },
      moving: { from: 'web-latvia', to: 'web-france', step: 1, since: at },
      targets: [
        {
          ...{ region: 'france', deployment: 'web-france', replicas: 4, ready: 3 },
          ...{ cpuPercent: 82, gramsPerKwh: 40, state: 'Ready' },
        },
      ],
      conditions: [{ type: 'Active', status: 'True', lastTransitionTime: at, reason: 'Scaling', message: '' }],
    };

    before(async () => {
      if (skip) return;
      const spec = { targets: [{ region: 'france', deployment: 'web-france' }] };
      const made = await controlPlane.request('POST', AUTOSCALERS, { ...document('web', spec), status });
      assert.deepEqual([made.status, made.body.status], [201, undefined]);
      const written = await controlPlane.request('PATCH', path, { spec: { mode: 'bounds' }, status }, MERGE_PATCH);
      assert.deepEqual([written.status, written.body.status], [200, status]);
      const defaults = { mode: 'replicas', cpu: { aggregate: 'average' }, rebalance: false, simulate: false };
      assert.deepEqual(written.body.spec, { ...defaults, ...spec });
      assert.deepEqual(parseRegionalSpec(written.body.spec), parseRegionalSpec(spec));
    });

    test('that kubectl prints for people', { skip }, async () => {
      const { stdout } = await controlPlane.kubectl(['get', 'ra']);
      const [heads, cells] = stdout.split('\n').map((line) => line.trim().split(/\s{2,}/));
      assert.deepEqual(heads, ['NAME', 'MODE', 'ACTIVE', 'REPLICAS', 'CPU', 'DECISION', 'REASON', 'REGION', 'AGE']);
      assert.deepEqual(cells?.slice(0, -1), ['web', 'replicas', 'True', '7', '82', 'ScaleUp', 'CpuHigh', 'france']);
    });

    const refused: readonly [name: string, status: object][] = [
      ['fewer replicas than none', { replicas: -1 }],
      ['half an action', { lastAction: { target: null } }],
      ['a moment that is none', { toldAt: 'yesterday' }],
      ['a decision that says nothing', { lastDecision: { reason: null } }],
      ['a field that nobody knows', { phase: 'Ready' }],
    ];
    for (const [name, change] of refused)
      test(`that refuses ${name}`, { skip }, async () => {
        const answer = await controlPlane.request('PATCH', `${path}&dryRun=All`, { status: change }, MERGE_PATCH);
        assert.ok([400, 422].includes(answer.status), JSON.stringify(answer.body));
      });
  });
});
