import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RegionView } from '../../src/regions/snapshot.ts';
import {
  decideNow,
  makeNode,
  makePod,
  makeRegion,
  makeSnapshot,
  REGION_LABEL,
  region,
  requires,
  term,
} from '../builders.ts';

const clean = makeRegion('eu-clean', 100);
const dirty = makeRegion('eu-dirty', 500);
const dirtier = makeRegion('eu-dirtier', 700);
const down = makeRegion('eu-down', 100, { outage: 'fire' });
const abroad = makeRegion('us-clean', 50);
const unknown = makeRegion('eu-unknown', undefined);
const yearly = makeRegion('eu-yearly', 900, { reading: { freshness: 'embedded' } });
const far = makeRegion('eu-far', 100, { latencyMs: { home: 200 } });

const POLICY = { regions: 'eu-*', 'home-region': 'home', 'max-latency': '80ms' };
const DENY = { ...POLICY, 'when-all-dirty': 'deny' };
const ALLOW = { ...POLICY, 'pod-overrides': 'allow' };
const only = (...names: string[]) => requires(term(region('In', ...names)));
const critical = { annotations: { class: 'critical' } };

type Parts = Parameters<typeof makePod>[0];
type Case = readonly [
  name: string,
  regions: readonly RegionView[],
  pod: Parts,
  expected: string,
  policy?: Record<string, string>,
];

/** Expected: decision, reason, and the regions that stay candidates. */
function check(rows: readonly Case[]) {
  for (const [name, regions, parts, expected, policy = POLICY] of rows) {
    it(`${name}: ${expected}`, () => {
      const nodes = regions.map((view) => makeNode(`node-of-${view.name}`, view.name));
      const { decision, reason, steps } = decideNow(makePod(parts), policy, makeSnapshot(regions, { nodes }));
      const names = steps?.judgement.candidates.map((view) => view.name) ?? [];
      assert.equal([decision, reason, ...names].join(' '), expected);
    });
  }
}

describe('denied: a reason other than high_carbon refuses every reachable region', () => {
  check([
    ['one in outage', [down], {}, 'deny outage'],
    ['pinned to outage', [down, clean], only('eu-down'), 'deny outage'],
    ['pinned abroad', [clean, abroad], only('us-clean'), 'deny not_allowed'],
    ['too far', [clean, far], only('eu-far'), 'deny too_far'],
    ['sovereignty comes before outage', [down, abroad], {}, 'deny not_allowed'],
    ['latency comes before outage', [down, far], {}, 'deny too_far'],
    ['critical pods too', [down, clean], { ...only('eu-down'), ...critical }, 'deny outage', ALLOW],
    [
      'abroad and dirty counts as abroad',
      [{ ...dirty, name: 'us-dirty' }, clean],
      only('us-dirty'),
      'deny not_allowed',
    ],
    ['a nodeName is judged', [down, clean], { nodeName: 'node-of-eu-down' }, 'deny outage'],
  ]);
});

describe("denied: acceptable elsewhere, but the pod's own constraints exclude it", () => {
  check([
    ['pinned to a dirty region', [clean, dirty], only('eu-dirty'), 'deny high_carbon'],
    ['by selector', [clean, dirty], { nodeSelector: { [REGION_LABEL]: 'eu-dirty' } }, 'deny high_carbon'],
    ['pinned to two dirty regions', [clean, dirty, dirtier], only('eu-dirty', 'eu-dirtier'), 'deny high_carbon'],
    ['by a target', [clean, dirty], { annotations: { region: 'eu-dirty' } }, 'deny high_carbon'],
    ['by NotIn', [clean, dirty], requires(term(region('NotIn', 'eu-clean'))), 'deny high_carbon'],
    ['by nodeName', [clean, dirty], { nodeName: 'node-of-eu-dirty' }, 'deny high_carbon'],
    [
      'by nodeName, whatever target it names',
      [clean, dirty],
      { nodeName: 'node-of-eu-dirty', annotations: { region: 'eu-clean' } },
      'deny high_carbon',
    ],
    ['elsewhere is of unknown intensity', [unknown, dirty], only('eu-dirty'), 'deny high_carbon'],
    ['elsewhere is a yearly average', [yearly, dirty], only('eu-dirty'), 'deny high_carbon'],
    ['dirty or down', [clean, dirty, down], only('eu-dirty', 'eu-down'), 'deny outage'],
    [
      'its regions annotation excludes it too',
      [clean, dirty],
      { ...only('eu-dirty'), annotations: { regions: 'eu-dirty' } },
      'deny high_carbon',
    ],
    [
      'a lower ceiling of its own refuses it',
      [clean, dirty],
      { ...only('eu-dirty'), annotations: { 'max-intensity': '0' } },
      'deny high_carbon',
    ],
  ]);
});

describe('nodes without a region stay open to a pod where every region is dirty', () => {
  const regions = [dirty, dirtier];
  const bare = makeNode('bare', undefined);
  const nodes = [...regions.map((view) => makeNode(`node-of-${view.name}`, view.name)), bare];
  const outcome = (parts: Parts) => {
    const { decision, reason, steps } = decideNow(makePod(parts), {}, makeSnapshot(regions, { nodes }));
    return [decision, reason, steps?.steering?.requirement?.operator];
  };

  it('so a target that the policy refuses opens no region for it', () => {
    assert.deepEqual(outcome({}), ['steer', 'kept_out', 'NotIn']);
    assert.deepEqual(outcome({ annotations: { region: 'eu-dirty' } }), ['deny', 'high_carbon', undefined]);
  });
});

describe('denied: all dirty under when-all-dirty: deny', () => {
  check([
    ['all dirty', [dirty, dirtier], {}, 'deny high_carbon', DENY],
    ['pinned, nothing better', [dirty, dirtier], only('eu-dirty'), 'deny high_carbon', DENY],
    ['one is clean', [clean, dirty], {}, 'steer steered eu-clean', DENY],
    ['one is unknown: the ceiling still counts', [unknown, dirty], {}, 'steer kept_out eu-unknown', DENY],
    ['critical', [dirty, dirtier], critical, 'steer steered eu-dirtier eu-dirty', { ...DENY, ...ALLOW }],
  ]);
});

describe('not denied: nowhere cleaner to go', () => {
  check([
    ['the cleanest stays', [dirty, dirtier], {}, 'steer all_dirty eu-dirty'],
    ['beside one in outage', [dirtier, down], {}, 'steer all_dirty eu-dirtier'],
    ['beside one abroad', [dirtier, abroad], {}, 'steer all_dirty eu-dirtier'],
    ['pinned, elsewhere is dirty too', [dirty, dirtier], only('eu-dirtier'), 'allow all_dirty eu-dirtier'],
    ['pinned, elsewhere is abroad', [dirty, abroad], only('eu-dirty'), 'allow all_dirty eu-dirty'],
    ['pinned, elsewhere is down', [dirty, down], only('eu-dirty'), 'allow all_dirty eu-dirty'],
    ['nodeName', [dirty, dirtier], { nodeName: 'node-of-eu-dirtier' }, 'allow all_dirty eu-dirtier'],
    ['one region only', [dirty], {}, 'steer all_dirty eu-dirty'],
  ]);

  it('the cleanest region without a node is nowhere to go', () => {
    const snapshot = makeSnapshot([dirty, dirtier], { nodes: [makeNode('n1', 'eu-dirtier')] });
    const { steps } = decideNow(makePod(), POLICY, snapshot);
    assert.deepEqual(steps?.judgement.candidates, [dirtier]);
  });

  it('acceptable elsewhere counts only where a node is or may be', () => {
    const pod = makePod(only('eu-dirty'));
    const nodes = [makeNode('n1', 'eu-dirty')];
    assert.equal(decideNow(pod, POLICY, makeSnapshot([clean, dirty], { nodes })).reason, 'all_dirty');
    const elastic = makeSnapshot([{ ...clean, elastic: true }, dirty], { nodes });
    assert.equal(decideNow(pod, POLICY, elastic).reason, 'high_carbon');
    assert.equal(decideNow(pod, POLICY, makeSnapshot([clean, dirty])).reason, 'high_carbon');
  });
});

describe('no readings', () => {
  const other = (name: string) => makeRegion(name, 900, { reading: { signal: 'marginal' } });
  check([
    ['suspend the ceiling', [other('eu-a'), other('eu-b')], {}, 'steer no_data eu-a eu-b'],
    ['leave sovereignty', [unknown, makeRegion('us-a', undefined)], {}, 'steer no_data eu-unknown'],
    [
      'leave outage',
      [unknown, { ...unknown, name: 'eu-z', outage: { active: true, sources: [] } }],
      {},
      'steer no_data eu-unknown',
    ],
    ['deny a pin abroad', [unknown, makeRegion('us-a', undefined)], only('us-a'), 'deny not_allowed'],
    ['of some are not enough to say no_data', [unknown, clean], {}, 'steer steered eu-clean eu-unknown'],
    ['a yearly average is a reading', [yearly], {}, 'steer steered eu-yearly'],
  ]);
});

describe('unreachable', () => {
  const NOWHERE = { regions: 'mars' };
  check([
    ['a region that nobody knows', [clean], only('mars'), 'allow unreachable', {}],
    ['no region at all', [], {}, 'allow unreachable', {}],
    ['a region that nobody knows, and that is allowed', [clean], only('mars'), 'allow unreachable', NOWHERE],
    ['denied: a region that nobody knows, and that is not allowed', [clean], only('mars'), 'deny not_allowed'],
    ['denied: no known region is allowed', [clean], {}, 'deny not_allowed', NOWHERE],
    ['denied: no region is known at all', [], {}, 'deny not_allowed'],
  ]);
});
