import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createNodeHistory,
  createNodesOutage,
  type NodeConditions,
  type NodeObject,
  readNodeConditions,
} from '../../src/sources/outage/nodes-outage.ts';
import { PATIENT } from './fake-provider.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse('2026-11-22T09:00:00Z');
const LABEL = 'topology.kubernetes.io/region';

/** As `kubectl get node -o json` shows one. */
function nodeObject(ready: object | undefined, change: Partial<NodeObject> = {}): NodeObject {
  return {
    metadata: { name: 'n', labels: { [LABEL]: 'a' }, creationTimestamp: '2026-11-22T08:00:00Z' },
    spec: {},
    status: {
      conditions: [
        { type: 'MemoryPressure', status: 'False', lastTransitionTime: '2026-11-22T08:00:00Z' },
        ...(ready ? [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-22T08:00:40Z', ...ready }] : []),
      ],
    },
    ...change,
  };
}

function conditions(change: Partial<NodeConditions> = {}): NodeConditions {
  const createdAt = NOW - HOUR;
  return { name: 'n', region: 'a', ready: false, transitionAt: createdAt, createdAt, cordoned: false, ...change };
}

describe('what is read of a Node', () => {
  const transitionAt = Date.parse('2026-11-22T08:00:40Z');
  const base = { name: 'n', region: 'a', ready: false, createdAt: NOW - HOUR, cordoned: false };
  const silent = { status: 'Unknown', reason: 'NodeStatusUnknown' };
  const rows: readonly [name: string, node: NodeObject, read: NodeConditions][] = [
    ['that is Ready', nodeObject({}), { ...base, ready: true, transitionAt }],
    ['that is not', nodeObject({ status: 'False', reason: 'KubeletNotReady' }), { ...base, transitionAt }],
    ['whose kubelet is silent', nodeObject(silent), { ...base, transitionAt }],
    [
      'whose kubelet was never heard of',
      nodeObject({ status: 'Unknown', reason: 'NodeStatusNeverUpdated', lastTransitionTime: '2026-11-22T08:59:00Z' }),
      base,
    ],
    ['without conditions', nodeObject(undefined), base],
    ['without a status', { metadata: nodeObject({}).metadata }, base],
    [
      'that is cordoned',
      nodeObject({}, { spec: { unschedulable: true } }),
      { ...base, ready: true, transitionAt, cordoned: true },
    ],
  ];
  for (const [name, node, read] of rows) it(name, () => assert.deepEqual(readNodeConditions(node, LABEL), read));

  it('without the region label', () => {
    assert.equal('region' in readNodeConditions(nodeObject({}), 'another/label'), false);
  });
});

describe('a node that is not Ready when it is first seen', () => {
  const createdAt = NOW - HOUR;
  const rows: readonly [name: string, transitionAt: number | undefined, everReady: boolean][] = [
    ['and never changed', createdAt, false],
    ['and never said anything', undefined, false],
    ['and changed 10 minutes after it was created', createdAt + 10 * MINUTE, false],
    ['and changed later than that', createdAt + 10 * MINUTE + 1, true],
  ];
  for (const [name, transitionAt, everReady] of rows)
    it(`${name} was ${everReady ? '' : 'not '}Ready once`, () => {
      const { transitionAt: _, ...rest } = conditions();
      const [health] = createNodeHistory()([{ ...rest, ...(transitionAt && { transitionAt }) }], NOW);
      assert.equal(health?.everReady, everReady);
    });
});

describe('a node that is followed', () => {
  function follow(...looks: readonly [ms: number, change: Partial<NodeConditions>][]) {
    const observe = createNodeHistory();
    return looks.map(([ms, change]) => observe([conditions(change)], NOW + ms)[0]);
  }

  it('and was seen Ready has been Ready, whenever it fails', () => {
    const young = { createdAt: NOW };
    const [, health] = follow([0, { ...young, ready: true }], [MINUTE, { ...young, transitionAt: NOW + 30_000 }]);
    assert.deepEqual([health?.everReady, health?.notReadySince], [true, NOW + 30_000]);
  });

  it('and never was Ready is not taken for it when its kubelet falls silent', () => {
    const [, health] = follow([0, {}], [MINUTE, { transitionAt: NOW + 30_000 }]);
    assert.deepEqual([health?.everReady, health?.notReadySince], [false, NOW - HOUR]);
  });

  it('is not Ready without a break from False to Unknown', () => {
    const failedAt = NOW - 90_000;
    const [, health] = follow([0, { transitionAt: failedAt }], [MINUTE, { transitionAt: NOW + 30_000 }]);
    assert.deepEqual([health?.everReady, health?.notReadySince], [true, failedAt]);
  });

  it('is anew not Ready after it was Ready in between', () => {
    const healths = follow([0, { transitionAt: NOW - HOUR / 2 }], [1, { ready: true }], [2, { transitionAt: NOW + 2 }]);
    assert.deepEqual(
      healths.map((one) => one?.notReadySince),
      [NOW - HOUR / 2, undefined, NOW + 2],
    );
  });

  it('is another when it was created at another time', () => {
    const [, health] = follow([0, { ready: true }], [1, { createdAt: NOW, transitionAt: NOW }]);
    assert.equal(health?.everReady, false);
  });

  it('is looked at anew after a long gap, in which another replica led', () => {
    const late = { transitionAt: NOW + 11 * MINUTE };
    assert.equal(follow([0, {}], [10 * MINUTE, {}], [20 * MINUTE, late])[2]?.everReady, false);
    assert.equal(follow([0, {}], [20 * MINUTE, late])[1]?.everReady, true);
  });

  it('and fails by a clock ahead of ours has failed now', () => {
    const [health] = follow([0, { transitionAt: NOW + HOUR }]);
    assert.equal(health?.notReadySince, NOW);
  });
});

describe('the outage source of nodes', () => {
  function start(nodes: { current: readonly NodeConditions[] }) {
    let now = NOW;
    const source = createNodesOutage({ nodes: () => nodes.current, clock: () => now });
    return {
      read: async () => (await source.read(['a'], PATIENT)).get('a')?.down,
      advance: (ms: number) => {
        now += ms;
      },
    };
  }

  function three(change: Partial<NodeConditions>): readonly NodeConditions[] {
    return ['x', 'y', 'z'].map((name) => conditions({ name, ...change }));
  }

  it('says down when nodes that it saw Ready fail, and up when they are back', async () => {
    const nodes = { current: three({ ready: true }) };
    const { read, advance } = start(nodes);
    const said = [await read()];
    nodes.current = three({ transitionAt: NOW + MINUTE });
    for (const ms of [MINUTE, 2 * MINUTE - 1, 1]) {
      advance(ms);
      said.push(await read());
    }
    nodes.current = three({ ready: true });
    said.push(await read());
    assert.deepEqual(said, [false, false, false, true, false]);
  });

  it('says nothing of a scale-out of nodes that are not Ready yet, however long that takes', async () => {
    const nodes = { current: three({ createdAt: NOW, transitionAt: NOW }) };
    const { read, advance } = start(nodes);
    for (let minute = 0; minute < 60; minute += 1) {
      assert.equal(await read(), undefined);
      advance(MINUTE);
      if (minute === 20) nodes.current = three({ createdAt: NOW, transitionAt: NOW + 20 * MINUTE });
    }
  });

  it('says down again 2 minutes after the clock was set back by an hour', async () => {
    const { read, advance } = start({ current: three({ createdAt: NOW - 24 * HOUR, transitionAt: NOW - 5 * MINUTE }) });
    const said = [await read()];
    for (const ms of [-HOUR, 2 * MINUTE - 1, 1]) {
      advance(ms);
      said.push(await read());
    }
    assert.deepEqual(said, [true, false, false, true]);
  });
});
