import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '../../src/decision/decide.ts';
import { effectOf } from '../../src/decision/effect.ts';
import { decideNow, makeNode, makePod, makeRegion, makeSnapshot, NOW, region, requires, term } from '../builders.ts';

const clean = makeRegion('eu-a', 41.26, { reading: { source: 'electricity-maps', measuredAt: NOW - 59 * 60_000 } });
const dirty = makeRegion('eu-d', 512.34, { reading: { source: 'electricity-maps', measuredAt: NOW - 25 * 60_000 } });
const stale = makeRegion('eu-s', 600, { reading: { measuredAt: NOW - 5 * 3_600_000, freshness: 'stale' } });
const down = makeRegion('eu-z', 100, { outage: 'AZ power loss' });
const far = makeRegion('us-a', 50, { latencyMs: { 'eu-a': 142 } });
const only = (...names: string[]) => requires(term(region('In', ...names)));
const CONTROL = /\p{Cc}/u;

describe('the message of a denial', () => {
  const ALTERNATIVE = 'cleanest allowed now: eu-a at 41.3 gCO2e/kWh (electricity-maps, 59 min old)';
  const regions = [clean, dirty, stale, down, far];
  const named = { metadata: { name: 'web-0' } };
  const rows: readonly [
    name: string,
    pod: Parameters<typeof makePod>[0],
    policy: Record<string, string>,
    message: string,
  ][] = [
    [
      'carbon, limit by default',
      only('eu-d'),
      {},
      `gridgate refuses pod web-*: eu-d is at 512.3 gCO2e/kWh (electricity-maps, 25 min old), above the limit of 300 set by the default; ${ALTERNATIVE} [high_carbon]`,
    ],
    [
      'carbon, limit of the namespace',
      { ...only('eu-d'), ...named },
      { 'max-intensity': '250' },
      `gridgate refuses pod web-0: eu-d is at 512.3 gCO2e/kWh (electricity-maps, 25 min old), above the limit of 250 set by the namespace's gridgate.dev/max-intensity; ${ALTERNATIVE} [high_carbon]`,
    ],
    [
      'carbon, limit of the pod',
      { ...only('eu-d'), annotations: { 'max-intensity': '100' } },
      {},
      `gridgate refuses pod web-*: eu-d is at 512.3 gCO2e/kWh (electricity-maps, 25 min old), above the limit of 100 set by the pod's gridgate.dev/max-intensity; ${ALTERNATIVE} [high_carbon]`,
    ],
    [
      'a stale reading says so',
      only('eu-s'),
      {},
      `gridgate refuses pod web-*: eu-s is at 600 gCO2e/kWh (static, 5 h old, stale), above the limit of 300 set by the default; ${ALTERNATIVE} [high_carbon]`,
    ],
    [
      'outage',
      only('eu-z'),
      {},
      `gridgate refuses pod web-*: eu-z is in outage (AZ power loss; says manual); ${ALTERNATIVE} [outage]`,
    ],
    [
      'sovereignty of the namespace',
      only('us-a'),
      { regions: 'eu-*' },
      `gridgate refuses pod web-*: us-a is not among the regions eu-* that the namespace's gridgate.dev/regions allows; ${ALTERNATIVE} [not_allowed]`,
    ],
    [
      'sovereignty of the pod',
      { ...only('us-a'), annotations: { regions: 'eu-a' } },
      {},
      `gridgate refuses pod web-*: us-a is not among the regions eu-a that the pod's gridgate.dev/regions allows; ${ALTERNATIVE} [not_allowed]`,
    ],
    [
      'latency',
      only('us-a'),
      { 'home-region': 'eu-a', 'max-latency': '80ms' },
      `gridgate refuses pod web-*: us-a is 142 ms from home region eu-a, above 80 ms, set by the namespace's gridgate.dev/max-latency; ${ALTERNATIVE} [too_far]`,
    ],
    [
      'several: the one of the reason first',
      only('eu-d', 'eu-z'),
      {},
      `gridgate refuses pod web-*: eu-z is in outage (AZ power loss; says manual); also refused: eu-d (high_carbon); ${ALTERNATIVE} [outage]`,
    ],
    [
      'no alternative',
      only('eu-z'),
      { regions: 'eu-z' },
      'gridgate refuses pod web-*: eu-z is in outage (AZ power loss; says manual); no region is acceptable now [outage]',
    ],
    [
      'a pod without a name',
      { ...only('eu-z'), metadata: { generateName: '' } },
      { regions: 'eu-z' },
      'gridgate refuses this pod: eu-z is in outage (AZ power loss; says manual); no region is acceptable now [outage]',
    ],
  ];
  for (const [name, pod, policy, message] of rows) {
    it(name, () => assert.equal(decideNow(makePod(pod), policy, makeSnapshot(regions)).message, message));
  }

  it('under when-all-dirty: deny names the dirty region beside the first reason', () => {
    const policy = { 'when-all-dirty': 'deny', regions: 'eu-*' };
    const { reason, message } = decideNow(makePod(), policy, makeSnapshot([dirty, far]));
    assert.equal(reason, 'not_allowed');
    assert.match(message, /also refused: eu-d \(high_carbon\)/);
  });

  it('never says that a number is above itself', () => {
    const { message } = decideNow(makePod(only('eu-b')), {}, makeSnapshot([clean, makeRegion('eu-b', 300.04)]));
    assert.doesNotMatch(message, /at 300 gCO2e.*limit of 300 /);
  });

  it('names the cleanest alternative that has a node', () => {
    const topology = makeSnapshot([clean, dirty, makeRegion('eu-0', 1)], {
      nodes: [makeNode('n1', 'eu-a'), makeNode('n2', 'eu-d')],
    });
    assert.match(decideNow(makePod(only('eu-d')), {}, topology).message, /cleanest allowed now: eu-a /);
  });
});

describe('the causes of a denial', () => {
  it('are one a refused region', () => {
    const { causes } = decideNow(makePod(only('eu-d', 'eu-z')), {}, makeSnapshot([clean, dirty, down]));
    assert.deepEqual(causes, [
      { reason: 'outage', message: 'eu-z is in outage (AZ power loss; says manual)', field: 'regions[eu-z]' },
      {
        reason: 'high_carbon',
        message: 'eu-d is at 512.3 gCO2e/kWh (electricity-maps, 25 min old), above the limit of 300 set by the default',
        field: 'regions[eu-d]',
      },
    ]);
  });
  it('are ten at most', () => {
    const regions = Array.from({ length: 50 }, (_, index) => makeRegion(`r${index}`, 100, { outage: 'x' }));
    assert.equal(decideNow(makePod(), {}, makeSnapshot(regions)).causes.length, 10);
  });
});

describe('what people read is one line without control characters', () => {
  const nasty = `fire\n\r\t\u0000\u001b[31m\u0085${'😀'.repeat(95)}`;
  const regions = [makeRegion('eu-a', 100, { outage: nasty }), makeRegion('eu-d', 900, { reading: { source: nasty } })];
  const annotations = {
    class: 'a\nb',
    regions: 'x\u0000',
    region: '\u001b',
    deadline: `\n${'😀'.repeat(300)}`,
    [`gridgate.dev/${'k'.repeat(63)}`]: '',
  };
  const texts = ({ message, causes, warnings }: Decision) => ({
    message,
    causes: causes.map((cause) => cause.message),
    warnings,
  });

  const decisions: readonly [name: string, decision: Decision, mode: 'warn' | 'enforce'][] = [
    ['denied', decideNow(makePod({ annotations, ...only('eu-a') }), {}, makeSnapshot(regions)), 'enforce'],
    [
      'would be denied',
      decideNow(makePod({ annotations, ...only('eu-a') }), { mode: 'warn' }, makeSnapshot(regions)),
      'warn',
    ],
    ['all dirty', decideNow(makePod({ annotations }), {}, makeSnapshot(regions)), 'enforce'],
    [
      'unreachable target',
      decideNow(makePod({ annotations: { ...annotations, region: 'mars' } }), {}, makeSnapshot(regions)),
      'enforce',
    ],
  ];
  for (const [name, decision, mode] of decisions) {
    it(name, () => {
      const { message, causes } = texts(decision);
      const { warnings } = effectOf(decision, mode);
      for (const text of [message, ...causes, ...warnings]) {
        assert.doesNotMatch(text, CONTROL);
        assert.ok(text.isWellFormed(), `half a character: ${text.slice(-10)}`);
      }
      assert.ok(warnings.length > 0);
      for (const warning of warnings) assert.ok(warning.length <= 240, `${warning.length} characters`);
    });
  }

  it('warnings fit the 4,096 characters that the API server passes on, the one of the decision included', () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`gridgate.dev/nonsense-${'x'.repeat(40)}-${index}`, '']),
    );
    const { warnings } = decideNow(makePod({ annotations: many }), {}, makeSnapshot([dirty]));
    const read = warnings.filter((_, index) => warnings.slice(0, index + 1).join('').length <= 4096);
    assert.ok(
      read.some((text) => text.includes('every region within reach is above')),
      `lost among ${warnings.length} warnings`,
    );
  });
});
