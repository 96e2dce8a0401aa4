import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRegion } from '../../src/regions/region-resource.ts';

const REGION = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'eu-north-1' } };

function withSpec(spec: unknown): object {
  return { ...REGION, spec };
}

function homes(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`home-${i}`, i]));
}

function issuesOf(document: unknown): readonly string[] {
  const parsed = parseRegion(document);
  return 'issues' in parsed ? parsed.issues : [];
}

describe('a Region resource is accepted with', () => {
  const specs: readonly [name: string, spec: unknown][] = [
    ['nothing in its spec', {}],
    ['no intensity at all', { elastic: true }],
    ['an intensity of 0', { gramsPerKwh: 0 }],
    ['an intensity of 2,000', { gramsPerKwh: 2000 }],
    ['a fraction', { gramsPerKwh: 120.5 }],
    ['each signal: average-lifecycle', { signal: 'average-lifecycle' }],
    ['each signal: average-direct', { signal: 'average-direct' }],
    ['each signal: marginal', { signal: 'marginal' }],
    [
      'identifiers of every provider',
      { gridZone: 'SE-SE3', wattTime: 'BPA', ukCarbonIntensity: 13, carbonAwareSdk: 'swedencentral' },
    ],
    ['a British region by name', { ukCarbonIntensity: 'London' }],
    ['latencies from homes', { latencyMs: { 'eu-central-1': 24, self: 0, 'us.west_2': 142.5 } }],
    ['256 homes', { latencyMs: homes(256) }],
    ['a reason of 200 characters outside of the first plane', { outage: { active: true, reason: '🔥'.repeat(200) } }],
    ['a free price', { pricePerHour: 0 }],
    ['an outage without words', { outage: { active: true } }],
    [
      'an outage with all of them',
      { outage: { active: true, reason: 'AZ power loss', until: '2026-11-22T09:00:00Z' } },
    ],
    ['an outage until a time with an offset', { outage: { active: true, until: '2026-11-22T10:00:00+01:00' } }],
    ['an outage that was called off', { outage: { active: false } }],
  ];
  for (const [name, spec] of specs) it(name, () => assert.deepEqual(issuesOf(withSpec(spec)), []));

  it('no spec', () => assert.deepEqual(issuesOf(REGION), []));

  it('a status, which is passed over', () => {
    assert.deepEqual(issuesOf({ ...REGION, status: { reading: 'whatever', conditions: 7 } }), []);
  });

  it('whatever Kubernetes adds to its metadata', () => {
    const metadata = { ...REGION.metadata, uid: 'u', managedFields: [], labels: { a: 'b' }, creationTimestamp: null };
    assert.deepEqual(issuesOf({ ...REGION, metadata }), []);
  });
});

describe('a Region resource is refused, and the mistake named with its path, for', () => {
  const specs: readonly [name: string, spec: unknown, says: RegExp][] = [
    ['a negative intensity', { gramsPerKwh: -0.1 }, /^spec\.gramsPerKwh: must be at least 0$/],
    ['NaN', { gramsPerKwh: Number.NaN }, /^spec\.gramsPerKwh: .*NaN/],
    ['infinity', { gramsPerKwh: Number.POSITIVE_INFINITY }, /^spec\.gramsPerKwh: /],
    ['an absurd intensity', { gramsPerKwh: 2000.1 }, /^spec\.gramsPerKwh: .*2000/],
    ['an intensity in quotes', { gramsPerKwh: '120' }, /^spec\.gramsPerKwh: must be a number, not "120"$/],
    ['an intensity of null', { gramsPerKwh: null }, /^spec\.gramsPerKwh: /],
    ['an unknown signal', { signal: 'average' }, /^spec\.signal: .*average-lifecycle.*marginal/],
    ['an empty grid zone', { gridZone: '' }, /^spec\.gridZone: /],
    ['a grid zone that is a number', { gridZone: 7 }, /^spec\.gridZone: /],
    ['half a British region', { ukCarbonIntensity: 1.5 }, /^spec\.ukCarbonIntensity: /],
    ['an empty WattTime region', { wattTime: '' }, /^spec\.wattTime: /],
    ['an empty SDK location', { carbonAwareSdk: '' }, /^spec\.carbonAwareSdk: /],
    ['a negative latency', { latencyMs: { home: -1 } }, /^spec\.latencyMs\.home: must be at least 0$/],
    ['a latency with its unit', { latencyMs: { home: '80ms' } }, /^spec\.latencyMs\.home: /],
    ['latencies in a list', { latencyMs: [80] }, /^spec\.latencyMs: /],
    ['257 homes', { latencyMs: homes(257) }, /^spec\.latencyMs: .*256/],
    [
      'a home that is no label value',
      { latencyMs: { 'a b': 1 } },
      /^spec\.latencyMs\.a b: .*label value|^spec\.latencyMs.*key/,
    ],
    ['a negative price', { pricePerHour: -1 }, /^spec\.pricePerHour: must be at least 0$/],
    ['a price of NaN', { pricePerHour: Number.NaN }, /^spec\.pricePerHour: /],
    ['elastic in quotes', { elastic: 'true' }, /^spec\.elastic: /],
    ['an outage that is a flag', { outage: true }, /^spec\.outage: /],
    [
      'an outage that does not say whether',
      { outage: { reason: 'x' } },
      /^spec\.outage\.active: is missing; give true or false$/,
    ],
    ['an outage until a day', { outage: { active: true, until: '2026-11-22' } }, /^spec\.outage\.until: /],
    [
      'an outage until no time',
      { outage: { active: true, until: 'tomorrow' } },
      /^spec\.outage\.until: must be a time such as 2026-/,
    ],
    [
      'an outage with a novel for its reason',
      { outage: { active: true, reason: 'x'.repeat(201) } },
      /^spec\.outage\.reason: /,
    ],
    [
      'an unknown key in its outage',
      { outage: { active: true, untill: 'x' } },
      /^spec\.outage\.untill: no such key; known are active, reason, until$/,
    ],
    ['an unknown key', { gramPerKwh: 120 }, /^spec\.gramPerKwh: no such key; known are .*gramsPerKwh/],
    ['a key in other letters', { gramsPerKWh: 120 }, /^spec\.gramsPerKWh: no such key, did you mean gramsPerKwh\?$/],
    ['a spec that is a list', [], /^spec: /],
    ['a spec that is text', 'x', /^spec: /],
    ['a spec of nothing, as `spec:` is in YAML', null, /^spec: must be keys with values, not nothing$/],
  ];
  for (const [name, spec, says] of specs)
    it(name, () => {
      const issues = issuesOf(withSpec(spec));
      assert.equal(issues.length, 1, issues.join('\n'));
      assert.match(issues[0] ?? '', says);
    });

  const documents: readonly [name: string, document: unknown, says: RegExp][] = [
    [
      'another version',
      { ...REGION, apiVersion: 'gridgate.dev/v1' },
      /^apiVersion: "gridgate\.dev\/v1" is not gridgate\.dev\/v1alpha1$/,
    ],
    ['another kind', { ...REGION, kind: 'Zone' }, /^kind: is Zone \(.*\), not Region/],
    [
      'a file of workloads',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 1 } },
      /^kind: is Deployment \(apps\/v1\), not Region \(gridgate\.dev\/v1alpha1\)$/,
    ],
    ['no name', { ...REGION, metadata: {} }, /^metadata\.name: /],
    ['no metadata', { ...REGION, metadata: undefined }, /^metadata: /],
    ['an empty name', { ...REGION, metadata: { name: '' } }, /^metadata\.name: .*label value/],
    ['a name that is no label value', { ...REGION, metadata: { name: 'eu north' } }, /^metadata\.name: .*label value/],
    ['a name of 64 characters', { ...REGION, metadata: { name: 'a'.repeat(64) } }, /^metadata\.name: .*63/],
    ['a misspelt spec', { ...REGION, sepc: { gramsPerKwh: 120 } }, /sepc/],
    ['a document that is text', 'Region', /^document: /],
    ['nothing', null, /^document: /],
  ];
  for (const [name, document, says] of documents)
    it(name, () => {
      const issues = issuesOf(document);
      assert.equal(issues.length, 1, issues.join('\n'));
      assert.match(issues[0] ?? '', says);
    });

  it('every mistake at once', () => {
    const issues = issuesOf({
      ...REGION,
      metadata: { name: '!' },
      spec: { gramsPerKwh: -1, signal: 'x', pricePerHour: '1' },
    });
    assert.deepEqual(
      issues.map((issue) => issue.split(':')[0]),
      ['metadata.name', 'spec.gramsPerKwh', 'spec.signal', 'spec.pricePerHour'],
    );
  });

  it('keys of Object.prototype', () => {
    const latencies = JSON.parse('{"__proto__": {"x": 1}, "constructor": "y"}');
    assert.ok(issuesOf(withSpec({ latencyMs: latencies })).length > 0);
    assert.ok(issuesOf(withSpec(JSON.parse('{"__proto__": {"gramsPerKwh": 1}}'))).length > 0);
  });
});
