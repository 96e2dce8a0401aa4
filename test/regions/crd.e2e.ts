import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseRegion } from '../../src/regions/region-resource.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { ALIKE, UNLIKE } from './region-documents.ts';

const CRD = fileURLToPath(new URL('../../manifests/crd/regions.yaml', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../manifests/samples/regions.yaml', import.meta.url));
const REGIONS = '/apis/gridgate.dev/v1alpha1/regions';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

describe('the Region CRD', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [] });
    const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', '-f', CRD]);
    assert.deepEqual([code, stderr], [0, '']);
    await controlPlane.waitFor('the Region CRD', async () => {
      const { status } = await controlPlane.request('GET', REGIONS);
      return status === 200 || undefined;
    });
  });
  after(() => controlPlane?.stop());

  /** As strict with unknown keys as kubectl is. */
  async function isTaken(document: object): Promise<{ taken: boolean; says: string }> {
    const path = `${REGIONS}?dryRun=All&fieldValidation=Strict`;
    const { status, body } = await controlPlane.request('POST', path, document);
    assert.ok([201, 400, 422].includes(status), `${status} ${JSON.stringify(body)}`);
    return { taken: status === 201, says: body.message ?? '' };
  }

  for (const [title, rows, agree] of [
    ['judges like a file', ALIKE, true],
    ['differs from a file, knowingly, about', UNLIKE, false],
  ] as const)
    describe(title, () => {
      for (const { name, document, isGood } of rows)
        test(`${isGood ? 'good' : 'bad'}: ${name}`, { skip }, async () => {
          assert.equal('region' in parseRegion(document), isGood);
          const { taken, says } = await isTaken(document);
          assert.equal(taken, agree ? isGood : !isGood, says);
        });
    });

  test('has every rule accepted: none costs too much, none is non-structural', { skip }, async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/regions.gridgate.dev';
    const { body } = await controlPlane.request('GET', path);
    const conditions = body.status.conditions as { type: string; status: string }[];
    assert.deepEqual(Object.fromEntries(conditions.map(({ type, status }) => [type, status])), {
      NamesAccepted: 'True',
      Established: 'True',
    });
  });

  test('is explained by kubectl, field by field', { skip }, async () => {
    const explained = await controlPlane.waitFor('kubectl explain', async () => {
      const { code, stdout } = await controlPlane.kubectl(['explain', 'region.spec', '--recursive']);
      return code === 0 ? stdout : undefined; // the API server publishes a new schema a moment later
    });
    assert.match(explained, /What people say of the region/);
    for (const field of ['gridZone', 'gramsPerKwh', 'latencyMs', 'outage', 'until'])
      assert.match(explained, new RegExp(`^ +${field}\\t<`, 'm'));
    const { stdout } = await controlPlane.kubectl(['explain', 'region.status.reading']);
    assert.match(
      stdout,
      /^ {2}gramsPerKwh\t<number>.*\n {4}Carbon intensity of the electricity there, in gCO2e\/kWh\.$/m,
    );
    assert.doesNotMatch(stdout, /<no description>/);
  });

  test('takes the samples without a warning', { skip }, async () => {
    const { code, stdout, stderr } = await controlPlane.kubectl(['apply', '--dry-run=server', '-f', SAMPLES]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout.trim().split('\n').length, 8);
  });

  test('gives a region without a spec an empty one', { skip }, async () => {
    const document = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'bare' } };
    const { body } = await controlPlane.request('POST', `${REGIONS}?dryRun=All`, document);
    assert.deepEqual(body.spec, {});
  });

  describe('has a status of its own', () => {
    const path = `${REGIONS}/eu-west-3/status?fieldValidation=Strict`;
    const status = {
      gridZone: 'FR',
      reading: {
        gramsPerKwh: 41.5,
        signal: 'average-lifecycle',
        source: 'electricity-maps',
        measuredAt: new Date(Date.now() - 3 * 3_600_000).toISOString(),
        estimated: false,
        freshness: 'stale',
      },
      forecast: [{ from: '2026-11-22T10:00:00Z', gramsPerKwh: 38 }],
      band: 'low',
      bandSince: '2026-11-22T09:00:00Z',
      bandChanges: ['2026-11-22T09:00:00Z'],
      bandThresholds: [38.2, 120],
      outage: { active: true, reason: 'power loss', sources: ['manual'] },
      conditions: [],
    };

    before(async () => {
      if (skip) return;
      const region = {
        apiVersion: 'gridgate.dev/v1alpha1',
        kind: 'Region',
        metadata: { name: 'eu-west-3' },
        spec: { gridZone: 'FR', outage: { active: true, reason: 'power loss' } },
        status: { band: 'high' },
      };
      const created = await controlPlane.request('POST', REGIONS, region);
      assert.deepEqual([created.status, created.body.status], [201, undefined]);
      const written = await controlPlane.request('PATCH', path, { spec: { gridZone: 'DE' }, status }, MERGE_PATCH);
      assert.deepEqual([written.status, written.body.status, written.body.spec?.gridZone], [200, status, 'FR']);
    });

    test('that kubectl prints like a runbook', { skip }, async () => {
      const { stdout } = await controlPlane.kubectl(['get', 'rgn']);
      const cells = stdout.split('\n').map((line) => line.trim().split(/\s{2,}/));
      assert.deepEqual(cells.slice(0, 2), [
        ['NAME', 'ZONE', 'GCO2/KWH', 'BAND', 'OUTAGE', 'SOURCE', 'AGE'],
        ['eu-west-3', 'FR', '41.5', 'low', 'true', 'electricity-maps', '3h'],
      ]);
    });

    const refused: readonly [name: string, status: object][] = [
      ['an unknown band', { band: 'green' }],
      ['six changes of band', { bandChanges: Array.from({ length: 6 }, () => '2026-11-22T09:00:00Z') }],
      ['one threshold', { bandThresholds: [200] }],
      ['three thresholds', { bandThresholds: [100, 200, 300] }],
      ['an absurd threshold', { bandThresholds: [200, 3000] }],
      ['an absurd forecast', { forecast: [{ from: '2026-11-22T10:00:00Z', gramsPerKwh: 5000 }] }],
      ['a reading from nowhere', { reading: { source: null } }],
      ['an outage that says nothing', { outage: { active: null } }],
    ];
    for (const [name, change] of refused)
      test(`that refuses ${name}`, { skip }, async () => {
        const answer = await controlPlane.request('PATCH', `${path}&dryRun=All`, { status: change }, MERGE_PATCH);
        assert.equal(answer.status, 422, JSON.stringify(answer.body));
      });
  });
});
