import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from '../../src/decision/explain.ts';
import type { NodeSelectorTerm } from '../../src/decision/node-selector.ts';
import { reachableRegions } from '../../src/decision/reachable.ts';
import { claimNamesOf, type VolumeTerms } from '../../src/decision/volume-terms.ts';
import {
  applied,
  decideNow,
  expression,
  HOSTNAME_LABEL,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
  ZONE_LABEL,
  zone,
} from '../builders.ts';

const REGIONS = [
  makeRegion('clean', 50),
  makeRegion('dirty', 500),
  makeRegion('down', 40, { outage: 'fire' }),
  makeRegion('far', 60, { latencyMs: { clean: 200 } }),
  makeRegion('filthy', 700),
  makeRegion('new', 30, { elastic: true }),
  makeRegion('void', 20),
];
/** `new` has no node yet, `void` never gets one, `mars` has no Region; all are arm64. */
const NODES = ['clean/1', 'clean/2', 'dirty/1', 'down/1', 'far/1', 'filthy/1', 'mars/1'].map((place) =>
  makeNode(`node-${place}`, place, { labels: { 'kubernetes.io/arch': 'arm64' } }),
);
const SNAPSHOT = makeSnapshot(REGIONS, { nodes: NODES });
const arch = expression('kubernetes.io/arch', 'In', 'arm64');

function volume(...terms: readonly NodeSelectorTerm[]): VolumeTerms {
  return { volume: 'pv-1', claim: 'data', terms };
}

const inDirty = volume(term(region('In', 'dirty')));
const inDown = volume(term(region('In', 'down')));

describe('the claims of a pod', () => {
  const rows: readonly [name: string, volumes: unknown, claims: readonly string[]][] = [
    ['no volumes', undefined, []],
    ['volumes null', null, []],
    ['a token alone', [{ name: 'token', projected: { sources: [] } }], []],
    [
      'two claims and a token',
      [
        { name: 'a', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'token', projected: {} },
        { name: 'b', persistentVolumeClaim: { claimName: 'logs', readOnly: true } },
      ],
      ['data', 'logs'],
    ],
    ['a generic ephemeral volume', [{ name: 'tmp', ephemeral: { volumeClaimTemplate: { spec: {} } } }], []],
    ['no list', { persistentVolumeClaim: { claimName: 'data' } }, []],
    ['nonsense in the list', [null, 7, { persistentVolumeClaim: { claimName: 7 } }], []],
  ];
  for (const [name, volumes, claims] of rows)
    it(name, () => assert.deepEqual(claimNamesOf(makePod({ volumes: volumes as never })), claims));
});

describe('the regions that bound volumes leave', () => {
  type Row = readonly [
    name: string,
    pod: Parameters<typeof makePod>[0],
    volumes: readonly VolumeTerms[],
    reach: string,
    heldTo: string | undefined,
  ];
  const rows: readonly Row[] = [
    ['no volume', {}, [], 'all', undefined],
    ['a volume that says nothing of places', {}, [volume(term(arch))], 'all', undefined],
    ['one of its terms says nothing', {}, [volume(term(region('In', 'dirty')), term(arch))], 'all', undefined],
    ['a region', {}, [inDirty], 'dirty', 'dirty'],
    ['terms are ORed', {}, [volume(term(region('In', 'dirty')), term(region('In', 'far')))], 'dirty far', 'dirty far'],
    ['volumes are ANDed', {}, [volume(term(region('In', 'dirty', 'far'))), inDirty], 'dirty', 'dirty'],
    ['volumes apart', {}, [inDirty, inDown], '', ''],
    ['one that says nothing beside one that does', {}, [volume(term(arch)), inDirty], 'dirty', 'dirty'],
    ['a zone', {}, [volume(term(zone('In', 'clean-2')))], 'clean', 'clean'],
    ['a zone without a node: only a new one can be in it', {}, [volume(term(zone('In', 'clean-9')))], 'new', 'new'],
    ['a host', {}, [volume(term(expression(HOSTNAME_LABEL, 'In', 'node-far/1')))], 'far', 'far'],
    ['a node name', {}, [volume(onNode('node-far/1'))], 'far', 'far'],
    ['an empty term matches nothing', {}, [volume({}, term(region('In', 'far')))], 'far', 'far'],
    ['no term at all', {}, [volume()], '', ''],
    ['a region without a Region', {}, [volume(term(region('In', 'mars')))], 'mars', 'mars'],
    ['regions without a node count only alone', {}, [volume(term(region('In', 'void', 'dirty')))], 'dirty', 'dirty'],
    ['a region without a node alone', {}, [volume(term(region('In', 'void')))], '', ''],
    ['an elastic region counts without', {}, [volume(term(region('In', 'new', 'dirty')))], 'dirty new', 'dirty new'],
    ['and the selector of the pod', { nodeSelector: { [REGION_LABEL]: 'far' } }, [inDirty], '', 'dirty'],
    [
      'and the terms of the pod',
      requires(term(region('In', 'far')), term(region('In', 'dirty'))),
      [volume(term(region('NotIn', 'far')))],
      'dirty',
      'clean dirty down filthy mars new',
    ],
    ['and terms of the pod on other labels', requires(term(arch)), [inDirty], 'dirty', 'dirty'],
    ['a node that reaches it', { nodeName: 'node-dirty/1' }, [inDirty], 'dirty', 'dirty'],
    ['a node that does not: it holds nothing', { nodeName: 'node-far/1' }, [inDirty], 'far', undefined],
    ['a node that nobody knows', { nodeName: 'ghost' }, [inDirty], '', undefined],
  ];
  for (const [name, parts, volumes, reach, heldTo] of rows)
    it(`${name}: ${reach || 'none'}`, () => {
      const found = reachableRegions(makePod(parts), SNAPSHOT, { volumes });
      const names = (views: typeof found.regions) => views.map((view) => view.name).join(' ');
      assert.equal(found.all ? 'all' : names(found.regions), reach);
      assert.equal(found.heldTo && names(found.heldTo), heldTo);
      assert.equal(reachableRegions(makePod(parts), SNAPSHOT, { volumes }), found, 'one object for equal reaches');
    });

  it('a target counts only where the volume is', () => {
    const reach = (target: string) => reachableRegions(makePod(), SNAPSHOT, { target, volumes: [inDirty] }).regions;
    assert.deepEqual(
      reach('dirty').map(({ name }) => name),
      ['dirty'],
    );
    assert.deepEqual(reach('clean'), []);
  });

  it('without a view of nodes a zone says nothing, a region does', () => {
    const blind = makeSnapshot(REGIONS);
    const reach = (terms: NodeSelectorTerm) => reachableRegions(makePod(), blind, { volumes: [volume(terms)] });
    assert.equal(reach(term(zone('In', 'clean-1'))).all, true);
    assert.deepEqual(
      reach(term(zone('In', 'dirty-1'), region('In', 'dirty'))).regions.map(({ name }) => name),
      ['dirty'],
    );
  });
});

describe('a pod that its volume holds', () => {
  type Row = readonly [
    name: string,
    volumes: readonly VolumeTerms[],
    policy: Readonly<Record<string, string>>,
    expected: string,
    pod?: Parameters<typeof makePod>[0],
  ];
  const both = volume(term(region('In', 'dirty', 'clean')));
  const rows: readonly Row[] = [
    ['in a clean region', [volume(term(region('In', 'clean')))], {}, 'allow acceptable'],
    ['in a dirty region', [inDirty], {}, 'allow all_dirty'],
    ['in a dirty region, when-all-dirty: deny', [inDirty], { 'when-all-dirty': 'deny' }, 'allow all_dirty'],
    ['in an outage', [inDown], {}, 'allow outage'],
    ['in an outage, when-all-dirty: deny', [inDown], { 'when-all-dirty': 'deny' }, 'allow outage'],
    ['in a region that is not allowed', [inDirty], { regions: 'clean' }, 'deny not_allowed'],
    [
      'too far from home',
      [volume(term(region('In', 'far')))],
      { 'home-region': 'clean', 'max-latency': '80ms' },
      'deny too_far',
    ],
    [
      'in a dirty region, below the ceiling of the pod',
      [inDirty],
      {},
      'allow all_dirty',
      own({ 'max-intensity': '5' }),
    ],
    ['in a region that the pod itself excludes', [inDirty], {}, 'deny not_allowed', own({ regions: 'clean' })],
    ['and its selector too', [inDown], {}, 'allow outage', { nodeSelector: { [REGION_LABEL]: 'down' } }],
    ['on a node there', [inDown], {}, 'allow outage', { nodeName: 'node-down/1' }],
    ['on a node there, critical', [inDown], { 'pod-overrides': 'allow' }, 'allow outage', own({ class: 'critical' })],
    ['on a node elsewhere: not held', [inDirty], {}, 'deny outage', { nodeName: 'node-down/1' }],
    ['in either of two, one of them clean', [both], {}, 'steer steered'],
    [
      'in either, and selects the dirty one',
      [both],
      {},
      'deny high_carbon',
      { nodeSelector: { [REGION_LABEL]: 'dirty' } },
    ],
    ['in either, on a node of the dirty one', [both], {}, 'deny high_carbon', { nodeName: 'node-dirty/1' }],
    ['in either, and excludes the clean one', [both], {}, 'deny not_allowed', own({ regions: '!clean' })],
    [
      'in either of a dirty one and one in outage: the dirty one',
      [volume(term(region('In', 'dirty', 'down')))],
      { 'when-all-dirty': 'deny' },
      'steer all_dirty NotIn down',
    ],
    [
      'in either of two dirty ones: the cleaner',
      [volume(term(region('In', 'dirty', 'filthy')))],
      {},
      'steer all_dirty NotIn filthy',
    ],
    [
      'in an outage or where it may not be',
      [volume(term(region('In', 'down', 'filthy')))],
      { regions: '!filthy' },
      'steer outage In clean down far mars new void',
    ],
    ['where nobody knows the intensity', [volume(term(region('In', 'mars')))], {}, 'allow no_data'],
    ['where no node is', [volume(term(region('In', 'void')))], {}, 'allow unreachable'],
    ['apart from a second one', [inDirty, inDown], {}, 'allow unreachable'],
    ['in a region that is allowed', [inDirty], { regions: 'd*' }, 'steer all_dirty In dirty'],
    [
      'near enough',
      [volume(term(region('In', 'clean')))],
      { 'home-region': 'clean', 'max-latency': '80ms' },
      'steer steered In clean mars new void',
    ],
    ['placement: require', [inDirty], { placement: 'require' }, 'steer all_dirty In dirty'],
  ];
  for (const [name, volumes, policy, expected, parts] of rows)
    it(`${name}: ${expected}`, () => {
      const decision = decideNow(makePod(parts), policy, SNAPSHOT, { volumes });
      const { requirement } = decision.steps?.steering ?? {};
      const required = requirement ? [requirement.operator, ...requirement.values] : [];
      const isExpected = [decision.decision, decision.reason, ...(expected.includes('In ') ? required : [])].join(' ');
      assert.equal(isExpected, expected);
      if (!expected.includes('In ') && expected !== 'steer steered') assert.deepEqual(required, []);
      const again = decideNow(applied(makePod(parts), decision), policy, SNAPSHOT, { volumes });
      assert.deepEqual([again.patch, again.reason, again.warnings], [[], decision.reason, decision.warnings]);
      if (decision.decision === 'deny') return;
      const final = decideNow(applied(makePod(parts), decision), policy, SNAPSHOT, { volumes, final: true });
      assert.equal(final.decision, 'allow');
    });

  function own(annotations: Record<string, string>) {
    return { annotations };
  }

  it('is steered into either of two by what is clean there', () => {
    const { steps } = decideNow(makePod(), {}, SNAPSHOT, { volumes: [both] });
    assert.deepEqual(steps?.steering?.requirement, { operator: 'NotIn', values: ['dirty'] });
  });

  it('is kept out of nothing by an outage or by carbon, though a node without a region is in its zone', () => {
    const bare = makeNode('bare', undefined, { labels: { [ZONE_LABEL]: 'down-1' } });
    const snapshot = makeSnapshot(REGIONS, { nodes: [...NODES, bare] });
    for (const policy of [{}, { 'when-all-dirty': 'deny' }]) {
      const { decision, reason, steps } = decideNow(makePod(), policy, snapshot, {
        volumes: [volume(term(zone('In', 'down-1')))],
      });
      assert.deepEqual([decision, reason, steps?.steering?.requirement], ['allow', 'outage', undefined]);
    }
  });

  describe('where no node is that tells its zone', () => {
    const elastic = (name: string, grams: number) => makeRegion(name, grams, { elastic: true });
    const zonal = [volume(term(zone('In', 'dirty-1')))];
    const decided = (regions: Parameters<typeof makeSnapshot>[0], policy = {}) =>
      decideNow(makePod(), policy, makeSnapshot(regions, { nodes: [makeNode('n', 'clean/1')] }), { volumes: zonal });

    it('closes no region that may get one: it may be there', () => {
      const { decision, steps, warnings } = decided([
        elastic('clean', 50),
        elastic('dirty', 500),
        elastic('filthy', 700),
      ]);
      assert.deepEqual([decision, steps?.steering?.requirement], ['steer', undefined]);
      assert.match(warnings.join(), /counts on new ones: now its volume pv-1 \(claim data\) leaves no region/);
    });
    it('is warned where it waits', () => {
      const regions = [makeRegion('clean', 50), elastic('dirty', 500), elastic('filthy', 700)];
      const { decision, steps, warnings } = decided(regions, { 'when-all-dirty': 'deny' });
      assert.deepEqual([decision, steps?.steering?.requirement], ['steer', undefined]);
      assert.match(warnings.join(), /volume pv-1 \(claim data\) holds the pod where no node is now: dirty is at 500/);
    });
  });

  it('is warned, by volume, claim, region and why', () => {
    const [dirty, ...more] = decideNow(makePod(), {}, SNAPSHOT, { volumes: [inDirty] }).warnings;
    assert.deepEqual(more, []);
    assert.equal(
      dirty,
      'gridgate: volume pv-1 (claim data) holds the pod in dirty: dirty is at 500 gCO2e/kWh (static, 10 min old), above the limit of 300 set by the default',
    );
    const down = decideNow(makePod(), {}, SNAPSHOT, { volumes: [inDown] }).warnings;
    assert.deepEqual(down, [
      'gridgate: volume pv-1 (claim data) holds the pod in down: down is in outage (fire; says manual)',
    ]);
  });

  it('is warned of the region within 240 characters, however long the names', () => {
    const long = { ...inDown, volume: 'v'.repeat(253), claim: 'c'.repeat(253) };
    const [text = ''] = decideNow(makePod(), {}, SNAPSHOT, { volumes: [long, long, long] }).warnings;
    assert.ok(text.length <= 240);
    assert.match(text, / and 2 more hold the pod in down: /);
  });

  it('is remembered apart from pods of the same reach without volumes, and from other volumes', () => {
    const pinned = makePod({ nodeSelector: { [REGION_LABEL]: 'dirty' } });
    const policy = makePolicy();
    const decide = (volumes?: readonly VolumeTerms[]) => decideNow(pinned, policy, SNAPSHOT, { volumes });
    assert.equal(decide().decision, 'deny');
    assert.equal(decide([inDirty]).decision, 'allow');
    assert.match(decide([{ ...inDirty, volume: 'other' }]).warnings.join(), /volume other/);
    assert.equal(decide().decision, 'deny');
  });

  it('is told where a denial for sovereignty leaves it nothing', () => {
    const { message } = decideNow(makePod(), { regions: 'clean' }, SNAPSHOT, { volumes: [inDirty] });
    assert.match(message, /; its volumes hold it in dirty \[not_allowed\]$/);
  });

  it('is explained', () => {
    const policy = makePolicy();
    const finding = explain(makePod(), decideNow(makePod(), policy, SNAPSHOT, { volumes: [inDirty] }), policy)[2];
    assert.deepEqual(finding, {
      step: 'reachable',
      finding: '1 of 8: dirty; volume pv-1 (claim data) reachable in dirty',
    });
  });

  it('gets the failover class where it is critical and its region is down', () => {
    const classes = { names: new Set(['gridgate-failover']) };
    const snapshot = makeSnapshot(REGIONS, { nodes: NODES, priorityClasses: classes });
    const policy = { 'pod-overrides': 'allow', priority: 'failover' };
    const critical = makePod({ annotations: { class: 'critical' } });
    const { steps } = decideNow(critical, policy, snapshot, { volumes: [inDown] });
    assert.equal(steps?.steering?.priorityClass, 'gridgate-failover');
  });
});
