import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { createNodeLabeller } from '../../src/controllers/node-labeller/controller.ts';
import { planLabel, planTaints, type Taint } from '../../src/controllers/node-labeller/plan.ts';
import { BANDS, type Band } from '../../src/regions/band.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { makeNode } from '../builders.ts';
import { fakeClock } from './fake-clock.ts';

const KEY = 'gridgate.dev/carbon';
const OURS: Taint = { key: KEY, value: 'high', effect: 'PreferNoSchedule' };
const OTHER: Taint = { key: 'team', value: 'a', effect: 'NoSchedule', timeAdded: '2026-01-01T00:00:00Z' };
const OF_OUR_KEY: Taint = { key: KEY, value: 'high', effect: 'NoSchedule' };

const labels: readonly [name: string, node: NodeFacts, change: object | undefined][] = [
  ['none yet', makeNode('n', 'eu'), { from: undefined, to: 'high' }],
  ['right', makeNode('n', 'eu', { labels: { [KEY]: 'high' } }), undefined],
  ['an older band', makeNode('n', 'eu', { labels: { [KEY]: 'low' } }), { from: 'low', to: 'high' }],
  ['no word of ours', makeNode('n', 'eu', { labels: { [KEY]: '' } }), { from: '', to: 'high' }],
  ['a region without a band', makeNode('n', 'xx', { labels: { [KEY]: 'low' } }), { from: 'low', to: undefined }],
  ['no region any more', makeNode('n', undefined, { labels: { [KEY]: 'low' } }), { from: 'low', to: undefined }],
  ['no region, no label', makeNode('n'), undefined],
];

describe('the label of a node', () => {
  for (const [name, node, change] of labels) {
    test(name, () => {
      const bandOf = (region: string) => (region === 'eu' ? 'high' : undefined);
      assert.deepEqual(planLabel(node, bandOf), change);
    });
  }
});

const MEDIUM_AND_HIGH: readonly Band[] = ['medium', 'high'];

const taints: readonly [name: string, taints: readonly Taint[], Band | undefined, readonly Taint[] | undefined][] = [
  ['high is added after those of others', [OTHER], 'high', [OTHER, OURS]],
  ['medium too', [], 'medium', [{ ...OURS, value: 'medium' }]],
  ['low is no taint', [], 'low', undefined],
  ['low takes ours away', [OURS, OTHER], 'low', [OTHER]],
  ['no band takes ours away', [OURS], undefined, []],
  ['right', [OTHER, OURS], 'high', undefined],
  ['another band', [{ ...OURS, value: 'medium' }, OTHER], 'high', [OTHER, OURS]],
  ['our key with another effect is not ours', [OF_OUR_KEY], 'low', undefined],
  ['our key with another effect stays beside ours', [OF_OUR_KEY], 'high', [OF_OUR_KEY, OURS]],
];

describe('the taints of a node', () => {
  for (const [name, before, band, after] of taints) {
    test(name, () => assert.deepEqual(planTaints(before, band, MEDIUM_AND_HIGH), after));
  }

  test('those of others stay as and where they are, and what is put right is right', () => {
    const taint = fc.record({
      key: fc.constantFrom(KEY, 'a', 'b'),
      value: fc.constantFrom('low', 'medium', 'high', 'x'),
      effect: fc.constantFrom('PreferNoSchedule', 'NoSchedule', 'NoExecute'),
    });
    fc.assert(
      fc.property(fc.array(taint), fc.constantFrom(...BANDS, undefined), (before, band) => {
        const after = planTaints(before, band, MEDIUM_AND_HIGH) ?? before;
        const others = (all: readonly Taint[]) =>
          all.filter(({ key, effect }) => key !== KEY || effect !== 'PreferNoSchedule');
        assert.deepEqual(others(after), others(before));
        assert.equal(planTaints(after, band, MEDIUM_AND_HIGH), undefined);
      }),
    );
  });
});

interface Write {
  readonly name: string;
  readonly label: string | undefined;
  readonly at: number;
}

interface Options {
  readonly lags?: boolean;
  /** The taints of each node; none: tainting is off. */
  readonly taintsOf?: Map<string, readonly Taint[]>;
  readonly taintedBands?: () => readonly Band[];
  readonly conflicts?: Set<string>;
}

/** Nodes in region `eu`, and an API server whose changes the view shows at once, unless it lags. */
function start(
  count: number,
  bands: Map<string, Band>,
  {
    lags = false,
    taintsOf,
    conflicts = new Set(),
    taintedBands = () => (taintsOf ? MEDIUM_AND_HIGH : []),
  }: Options = {},
) {
  const known = new Map<string, NodeFacts>();
  for (let i = 0; i < count; i++) known.set(`n${i}`, makeNode(`n${i}`, 'eu', { uid: `uid-${i}` }));
  const clock = fakeClock();
  const writes: Write[] = [];
  const lists: number[] = [];

  function labelled(path: string, label: string | undefined): KubeObject {
    const name = path.split('/').at(-1) ?? '';
    writes.push({ name, label, at: clock.now() });
    const { uid = '' } = known.get(name) ?? {};
    const labels = label === undefined ? {} : { [KEY]: label };
    if (!lags) known.set(name, makeNode(name, 'eu', { ...(uid && { uid }), labels }));
    return { metadata: { name } };
  }

  const labeller = createNodeLabeller({
    view: { nodes: () => known.values(), node: (name) => known.get(name) },
    bandOf: (region) => bands.get(region),
    taintedBands,
    api: {
      async get(path) {
        const nodeNamed = (name: string) => ({
          metadata: { name, resourceVersion: '7' },
          spec: { taints: taintsOf?.get(name) },
        });
        if (path !== '/api/v1/nodes') return nodeNamed(path.split('/').at(-1) ?? '');
        lists.push(clock.now());
        return { metadata: { resourceVersion: '1' }, items: [...known.keys()].map(nodeNamed) };
      },
    },
    writer: {
      async apply(path, object, options) {
        const { metadata, ...type } = object as KubeObject;
        const { uid } = known.get(metadata.name) ?? {};
        assert.deepEqual(type, { apiVersion: 'v1', kind: 'Node' });
        assert.deepEqual(options, { fieldManager: 'gridgate-node-labeller', force: true });
        assert.deepEqual(metadata, { name: metadata.name, uid, labels: { [KEY]: metadata.labels?.[KEY] } });
        return labelled(path, metadata.labels?.[KEY]);
      },
      async mergePatch(path, patch) {
        const { metadata, spec } = patch as { metadata: object; spec?: { taints: readonly Taint[] } };
        if (!spec) {
          assert.deepEqual(patch, { metadata: { labels: { [KEY]: null } } });
          return labelled(path, undefined);
        }
        const name = path.split('/').at(-1) ?? '';
        assert.deepEqual(metadata, { resourceVersion: '7' });
        if (conflicts.delete(name)) throw new ApiError(path, { code: 409 });
        taintsOf?.set(name, spec.taints);
        return { metadata: { name } };
      },
    },
    log: pino({ level: 'silent' }),
    clock,
  });
  labeller.start();
  return { labeller, clock, writes, known, lists };
}

describe('the node labeller', () => {
  test('labels 5,000 nodes in 500 seconds, each once, never more than 10 within a second', async () => {
    const { labeller, clock, writes } = start(5_000, new Map([['eu', 'high']]));
    await clock.advance(499_900);
    assert.equal(new Set(writes.map(({ name }) => name)).size, 5_000);
    await clock.advance(100_000);
    assert.equal(writes.length, 5_000);
    writes.forEach(({ at }, i) => {
      const tenth = writes[i + 10];
      assert.ok(!tenth || tenth.at - at >= 1_000, `${i}`);
    });
    await labeller.stop();
  });

  test('bands that change meanwhile: the newest wins, and a node whose turn is to come is written once', async () => {
    const bands = new Map<string, Band>([['eu', 'high']]);
    const { labeller, clock, writes, known } = start(100, bands);
    await clock.advance(2_000);
    const early = writes.length;
    bands.set('eu', 'medium');
    labeller.changed();
    await clock.advance(1_000);
    bands.set('eu', 'low');
    labeller.changed();
    await clock.advance(60_000);
    assert.ok([...known.values()].every(({ labels }) => labels[KEY] === 'low'));
    const late = writes.filter(({ name }) => Number(name.slice(1)) >= early + 10);
    assert.equal(late.length, 100 - early - 10);
    assert.ok(late.every(({ label }) => label === 'low'));
    await labeller.stop();
  });

  test('a band that comes back before its turn costs nothing', async () => {
    const bands = new Map<string, Band>([['eu', 'high']]);
    const { labeller, clock, writes } = start(20, bands);
    await clock.advance(5_000);
    bands.set('eu', 'low');
    labeller.changed();
    await clock.advance(150);
    bands.set('eu', 'high');
    labeller.changed();
    await clock.advance(10_000);
    assert.ok(writes.length <= 24, `${writes.length}`);
    await labeller.stop();
  });

  test('nothing is written twice while the view is behind, another band is', async () => {
    const bands = new Map<string, Band>([['eu', 'high']]);
    const { labeller, clock, writes } = start(3, bands, { lags: true });
    await clock.advance(5_000);
    labeller.changed();
    await clock.advance(5_000);
    assert.equal(writes.length, 3);
    bands.set('eu', 'low');
    labeller.changed();
    await clock.advance(5_000);
    assert.deepEqual(
      writes.slice(3).map(({ label }) => label),
      ['low', 'low', 'low'],
    );
    await labeller.stop();
  });

  test('a label changed by hand is healed without any word of it; a band that is gone takes it away', async () => {
    const bands = new Map<string, Band>([['eu', 'high']]);
    const { labeller, clock, known } = start(1, bands);
    await clock.advance(1_000);
    known.set('n0', makeNode('n0', 'eu', { uid: 'uid-0', labels: { [KEY]: 'low' } }));
    await clock.advance(35_000);
    assert.equal(known.get('n0')?.labels[KEY], 'high');
    bands.clear();
    labeller.changed();
    await clock.advance(2_000);
    assert.equal(known.get('n0')?.labels[KEY], undefined);
    await labeller.stop();
  });

  test('taints on request: put right where the label is right already, and with every band', async () => {
    const bands = new Map<string, Band>([['eu', 'high']]);
    const taintsOf = new Map<string, readonly Taint[]>([['n0', [OTHER]]]);
    const { labeller, clock, writes, lists, known } = start(2, bands, { taintsOf });
    known.set('n0', makeNode('n0', 'eu', { uid: 'uid-0', labels: { [KEY]: 'high' } }));
    await clock.advance(1_000);
    assert.deepEqual(
      [...taintsOf],
      [
        ['n0', [OTHER, OURS]],
        ['n1', [OURS]],
      ],
    );
    assert.deepEqual(
      writes.map(({ name }) => name),
      ['n1'],
    );
    bands.set('eu', 'low');
    labeller.changed();
    await clock.advance(3_000);
    assert.deepEqual(
      [...taintsOf],
      [
        ['n0', [OTHER]],
        ['n1', []],
      ],
    );
    taintsOf.set('n1', [OURS]); // by hand
    await clock.advance(59 * 60_000);
    assert.equal(lists.length, 1);
    await clock.advance(2 * 60_000);
    assert.deepEqual(taintsOf.get('n1'), []);
    await labeller.stop();
  });

  test('a node changed between reading and writing its taints is read again; its label waits', async () => {
    const taintsOf = new Map<string, readonly Taint[]>();
    const options = { taintsOf, conflicts: new Set(['n0']) };
    const { labeller, clock, writes } = start(1, new Map([['eu', 'medium']]), options);
    await clock.advance(1);
    assert.deepEqual(writes, []);
    await clock.advance(1_500);
    assert.equal(taintsOf.get('n0')?.length, 1);
    assert.equal(writes.length, 1);
    await labeller.stop();
  });

  test('bands that are tainted no more lose their taint without waiting for the hour', async () => {
    const taintsOf = new Map<string, readonly Taint[]>();
    let taintedBands: readonly Band[] = MEDIUM_AND_HIGH;
    const { labeller, clock } = start(1, new Map([['eu', 'medium']]), { taintsOf, taintedBands: () => taintedBands });
    await clock.advance(2_000);
    assert.equal(taintsOf.get('n0')?.length, 1);
    taintedBands = ['high'];
    labeller.changed();
    await clock.advance(3_000);
    assert.deepEqual(taintsOf.get('n0'), []);
    await labeller.stop();
  });

  test('without the option no node is read', async () => {
    const { labeller, clock, lists } = start(1, new Map([['eu', 'high']]));
    await clock.advance(3 * 3_600_000);
    assert.deepEqual(lists, []);
    await labeller.stop();
  });
});
