import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildSnapshot, nextChange, type SnapshotInput } from '../../src/regions/build-snapshot.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import type { Reading } from '../../src/regions/reading.ts';
import { parseRegion, type RegionResource, type RegionSpec } from '../../src/regions/region-resource.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { AVERAGE, expression, makeNode, makeNodePool, NOW } from '../builders.ts';

const READ_AT = NOW - 60_000;
function resource(spec: RegionSpec, name = 'a'): RegionResource {
  const parsed = parseRegion({ apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name }, spec });
  if ('issues' in parsed) throw new Error(parsed.issues.join('; '));
  return parsed.region;
}

function build(regions: readonly RegionResource[], rest: Partial<SnapshotInput> = {}) {
  return buildSnapshot({
    regions,
    regionsReadAt: READ_AT,
    fallbackReading: () => undefined,
    regionLabel: 'region',
    policySignal: 'average-lifecycle',
    now: NOW,
    ...rest,
  });
}

function view(spec: RegionSpec, rest: Partial<SnapshotInput> = {}): RegionView {
  const [region] = build([resource(spec)], rest).regions;
  if (!region) throw new Error('no region');
  return region;
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

describe('the reading of a region', () => {
  it('is its fixed value, measured when it was read, never stale', () => {
    assert.deepEqual(view({ gramsPerKwh: 120.5 }).reading, {
      gramsPerKwh: 120.5,
      signal: 'average-lifecycle',
      source: 'static',
      measuredAt: READ_AT,
      estimated: false,
      freshness: 'fresh',
    });
  });

  it('is its fixed value before any average, even 0', () => {
    const { reading, band } = view({ gramsPerKwh: 0 }, { fallbackReading: () => AVERAGE });
    assert.deepEqual([reading?.source, reading?.gramsPerKwh, band], ['static', 0, 'low']);
  });

  it('is the average of its grid zone where it has none of its own', () => {
    const asked: unknown[] = [];
    const fallbackReading = (...question: unknown[]) => {
      asked.push(question);
      return AVERAGE;
    };
    assert.deepEqual(view({ gridZone: 'DE' }, { fallbackReading }).reading, AVERAGE);
    assert.deepEqual(asked, [['a', 'DE']]);
  });

  it('is absent where nobody knows', () => {
    const region = view({});
    assert.deepEqual([region.reading, region.band, 'reading' in region], [undefined, undefined, false]);
  });

  it('has a band only if it is of the policy signal', () => {
    assert.equal(view({ gramsPerKwh: 250 }).band, 'medium');
    assert.equal(view({ gramsPerKwh: 250, signal: 'marginal' }).band, undefined);
    assert.equal(view({ gramsPerKwh: 250, signal: 'marginal' }).reading?.signal, 'marginal');
    assert.equal(view({ gramsPerKwh: 250, signal: 'marginal' }, { policySignal: 'marginal' }).band, 'medium');
  });
});

describe('the band of a region without a leader', () => {
  const measured: Reading = { ...AVERAGE, gramsPerKwh: 150, source: 'watttime', measuredAt: NOW, freshness: 'fresh' };
  const own = ({ metadata }: { metadata: { name: string } }) =>
    metadata.name === 'a' ? ([50, 100] as const) : undefined;
  const rows: readonly [name: string, region: RegionResource, reading: Reading, band: string][] = [
    ['measured: by its own week', resource({}), measured, 'high'],
    ['measured, without a week: by the thresholds of all', resource({}, 'b'), measured, 'low'],
    ['an average: by the thresholds of all', resource({}), { ...AVERAGE, gramsPerKwh: 150 }, 'low'],
    ['a fixed value: by the thresholds of all', resource({ gramsPerKwh: 150 }), measured, 'low'],
  ];
  for (const [name, region, reading, band] of rows)
    it(name, () => {
      const { regions } = build([region], {
        fallbackReading: () => reading,
        thresholdsOf: own,
        thresholds: [200, 400],
      });
      assert.equal(regions[0]?.band, band);
    });
});

describe('an outage', () => {
  const rows: readonly [name: string, outage: RegionSpec['outage'], active: boolean | undefined][] = [
    ['nobody spoke of: unknown', undefined, undefined],
    ['without an end: active', { active: true }, true],
    ['that ends later: active', { active: true, until: at(NOW + 1) }, true],
    ['that ends now: over', { active: true, until: at(NOW) }, false],
    ['that ended: over', { active: true, until: at(NOW - 1) }, false],
    ['called off: over', { active: false }, false],
    ['called off before its end: over', { active: false, until: at(NOW + 1) }, false],
  ];
  for (const [name, outage, active] of rows)
    it(name, () => {
      const found = view(outage ? { outage } : {}).outage;
      assert.equal(found?.active, active);
      assert.deepEqual(found?.sources, active === undefined ? undefined : ['manual']);
    });

  it('keeps its reason', () =>
    assert.equal(view({ outage: { active: true, reason: 'flood' } }).outage?.reason, 'flood'));
});

describe('the next change of a snapshot', () => {
  const until = (ms: number, active = true) => resource({ outage: { active, until: at(ms) } });
  const rows: readonly [name: string, regions: readonly RegionResource[], at: number | undefined][] = [
    ['without regions: never', [], undefined],
    ['without outages: never', [resource({})], undefined],
    ['with an endless outage: never', [resource({ outage: { active: true } })], undefined],
    ['after the last end: never', [until(NOW), until(NOW - 5)], undefined],
    ['the first end to come', [until(NOW + 9), until(NOW + 5), until(NOW - 1)], NOW + 5],
  ];
  for (const [name, regions, expected] of rows) it(name, () => assert.equal(nextChange(regions, NOW), expected));
});

describe('a snapshot', () => {
  it('holds its regions sorted by name, and finds them by name', () => {
    const { regions, byName, takenAt, regionLabel } = build(['b', 'c', 'a'].map((name) => resource({}, name)));
    assert.deepEqual(
      regions.map(({ name }) => name),
      ['a', 'b', 'c'],
    );
    for (const region of regions) assert.equal(byName.get(region.name), region);
    assert.deepEqual([takenAt, regionLabel], [NOW, 'region']);
  });

  it('keeps that a Region says no', () => {
    assert.equal(view({ elastic: false }).isClosed, true);
    assert.deepEqual([view({}).isClosed, view({ elastic: true }).isClosed], [undefined, undefined]);
  });

  it('takes over what the resources say of latency, price and elasticity', () => {
    const region = view({ latencyMs: { home: 24 }, pricePerHour: 0.1, elastic: true });
    assert.deepEqual([region.latencyMs.get('home'), region.pricePerHour, region.elastic], [24, 0.1, true]);
    assert.deepEqual([view({}).latencyMs.size, view({}).pricePerHour, view({}).elastic], [0, undefined, false]);
  });

  const POOLED = { labels: { 'karpenter.sh/nodepool': 'p' } };
  const GROUPED = { labels: { 'eks.amazonaws.com/nodegroup': 'g', ...POOLED.labels } };
  const POOL = makeNodePool('p', [expression('region', 'In', 'a')]);
  const elastic: readonly [
    name: string,
    spec: RegionSpec,
    node: object,
    pools: readonly NodePoolFacts[] | undefined,
    is: boolean,
  ][] = [
    ['a node of Karpenter, whose NodePools may not be read', {}, POOLED, undefined, true],
    ['a node of Karpenter, whose NodePools say what may come', {}, POOLED, [POOL], false],
    ['a node of Karpenter, whose NodePools are gone', {}, POOLED, [], false],
    ['a node of a managed group', {}, GROUPED, [POOL], true],
    ['a node of no group', {}, {}, undefined, false],
    ['a Region that says so', { elastic: true }, POOLED, [POOL], true],
    ['a Region that says no', { elastic: false }, GROUPED, undefined, false],
  ];
  for (const [name, spec, node, nodePools, expected] of elastic)
    it(`is elastic for any wish by ${name}: ${expected}`, () => {
      const topology = buildTopology([makeNode('n', 'a', node)]);
      assert.equal(view(spec, { topology, nodePools }).elastic, expected);
    });

  it('knows a region that only a NodePool names, and the band that its template is tainted for', () => {
    const taints = [{ key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' }];
    const nodePools = [makeNodePool('p', [expression('region', 'In', 'b')], { taints })];
    const { regions, taintedBands, supply } = build([resource({})], { topology: buildTopology([]), nodePools });
    assert.deepEqual(
      regions.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual([[...(taintedBands ?? [])], [...(supply?.regions ?? [])]], [['high'], ['b']]);
  });
});
