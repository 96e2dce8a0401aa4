import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import { createPriorityExpander } from '../../src/controllers/priority-expander/controller.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeRegion, makeSnapshot, NOW, REGION_LABEL } from '../builders.ts';
import { autoscalerStatus } from './autoscaler-status.ts';
import { chosenGroups } from './expander-rule.ts';
import { fakeClock } from './fake-clock.ts';

const GROUPS = ['eks-north-40bbb26b', 'eks-west-91fe', 'eks-east-0c1d'];
const [NORTH, WEST] = GROUPS;
const EXPANDER = 'cluster-autoscaler-priority-expander';
const STATUS = 'cluster-autoscaler-status';
const DECLARED = 'gridgate.dev/priorities';
const CHANGED = 'gridgate.dev/priorities-changed';
const THEIRS = '# by hand\n10:\n  - .*\n';

interface ConfigMap {
  metadata: { name: string; resourceVersion: string; annotations: Record<string, string> };
  data?: Record<string, string>;
}
interface Patch {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string | null>>;
  };
  readonly data: Readonly<Record<string, string | null>>;
}

function node(name: string, region: string): NodeFacts {
  return { name, region, labels: { [REGION_LABEL]: region, group: name }, taints: [] };
}

/** A cluster of two ConfigMaps, and the controller in it. */
function start({
  mode = 'on',
  annotations = { [DECLARED]: '100-199' },
  text = THEIRS,
}: {
  readonly mode?: CapacityMode;
  readonly annotations?: Record<string, string>;
  readonly text?: string | undefined;
} = {}) {
  const clock = fakeClock();
  const now = () => NOW + clock.now();
  const world = {
    mode,
    grams: { north: 30, west: 120, east: 200 } as Readonly<Record<string, number>>,
    down: [] as readonly string[],
    groups: GROUPS as readonly string[],
    statusAge: 10_000,
    map: {
      metadata: { name: EXPANDER, resourceVersion: '1', annotations: { ...annotations } },
      data: { priorities: text, other: 'x' },
    } as ConfigMap | undefined,
    /** Somebody else's write before ours arrives. */
    meanwhile: undefined as ((map: ConfigMap) => void) | undefined,
    writes: 0,
    events: [] as { readonly type: string; readonly reason: string; readonly note: string }[],
  };
  const controller = createPriorityExpander({
    settings: () => ({ namespace: 'kube-system', status: STATUS, groups: [{ region: 'east', match: '^eks-east' }] }),
    mode: () => world.mode,
    snapshot: () =>
      makeSnapshot(
        Object.entries(world.grams).map(([name, grams]) =>
          makeRegion(name, grams, world.down.includes(name) ? { outage: 'power loss' } : {}),
        ),
      ),
    view: { nodes: () => [node(`${NORTH}`, 'north'), node(`${WEST}`, 'west')] },
    api: {
      async get(path) {
        if (path === `/api/v1/namespaces/kube-system/configmaps/${STATUS}`)
          return autoscalerStatus(world.groups, now() - world.statusAge);
        assert.equal(path, `/api/v1/namespaces/kube-system/configmaps/${EXPANDER}`);
        if (!world.map) throw new ApiError(`GET ${path}`, { code: 404 });
        return structuredClone(world.map);
      },
    },
    writer: {
      async create(_path, event) {
        world.events.push(event as (typeof world.events)[number]);
        return { metadata: { name: 'x' } };
      },
      async mergePatch(path, patch, options) {
        const { metadata, data } = patch as Patch;
        assert.equal(options?.fieldManager, 'gridgate-priority-expander');
        const map = world.map as ConfigMap;
        world.meanwhile?.(map);
        world.meanwhile = undefined;
        if (metadata.resourceVersion !== map.metadata.resourceVersion)
          throw new ApiError(`PATCH ${path}`, { code: 409, reason: 'Conflict' });
        world.writes += 1;
        map.metadata.resourceVersion += '1';
        merge(map.metadata.annotations, metadata.annotations);
        map.data ??= {};
        merge(map.data, data);
        return map;
      },
    },
    ownNamespace: 'gridgate-system',
    instance: 'gridgate-1',
    now,
    log: pino({ level: 'silent' }),
    clock,
  });
  controller.start();
  return {
    world,
    controller,
    text: () => world.map?.data?.['priorities'],
    reasons: () => world.events.map(({ type, reason }) => `${type} ${reason}`),
    minutes: (count: number) => clock.advance(count * 60_000),
    priorities: () =>
      Object.fromEntries([...(controller.metrics?.[0]?.read() ?? [])].map(([{ region }, value]) => [region, value])),
  };
}

function merge(into: Record<string, string>, patch: Readonly<Record<string, string | null>>): void {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete into[key];
    else into[key] = value;
  }
}

describe('the priorities of node groups', () => {
  test('follow the ranking, an outage within minutes, and what people wrote stays', async () => {
    const { world, controller, text, minutes, reasons, priorities } = start();
    await minutes(2);
    assert.ok(text()?.endsWith(THEIRS));
    assert.deepEqual(chosenGroups(text() ?? '', GROUPS), [NORTH]);
    assert.deepEqual(priorities(), { north: 199, west: 198, east: 197 });
    assert.equal(world.map?.data?.['other'], 'x');
    world.down = ['north'];
    await minutes(6);
    assert.deepEqual(chosenGroups(text() ?? '', GROUPS), [WEST]);
    assert.equal(world.writes, 2);
    assert.deepEqual([...new Set(reasons())], ['Normal PrioritiesWritten']);
    assert.match(
      world.events.at(-1)?.note ?? '',
      /^since .*Z node groups have the priority of their region: west 198, east 197, north 100$/,
    );
    await controller.stop();
    assert.deepEqual(priorities(), {});
  });

  test('are written once, and not again while nothing changes', async () => {
    const { world, controller, minutes } = start();
    await minutes(180);
    assert.equal(world.writes, 1);
    await controller.stop();
  });

  test('change at most every half an hour, however often the grid turns', async () => {
    const { world, controller, minutes } = start();
    for (let turn = 0; turn < 48; turn++) {
      world.grams = { north: turn % 2 === 0 ? 30 : 500, west: 120, east: 200 };
      controller.changed();
      await minutes(5);
    }
    assert.ok(world.writes <= 1 + (48 * 5) / 30, `${world.writes}`);
    await controller.stop();
  });

  test('are decided again where somebody wrote in between', async () => {
    const { world, controller, text, minutes } = start();
    world.meanwhile = (map) => {
      map.metadata.resourceVersion = '7';
      map.data = { priorities: '20: [a]\n' };
    };
    await minutes(2);
    assert.equal(world.writes, 1);
    assert.ok(text()?.endsWith('20: [a]\n'));
    await controller.stop();
  });

  test('are begun where there is no text yet, which is gone again afterwards', async () => {
    const { world, controller, text, minutes } = start();
    delete world.map?.data?.['priorities'];
    await minutes(2);
    assert.deepEqual(chosenGroups(text() ?? '', GROUPS), [NORTH]);
    world.mode = 'off';
    await minutes(2);
    assert.deepEqual(world.map?.data, { other: 'x' });
    await controller.stop();
  });
});

describe('what was there before is put back', () => {
  const ends: readonly [name: string, end: (world: ReturnType<typeof start>['world']) => void][] = [
    ['in audit', (world) => Object.assign(world, { mode: 'audit' })],
    ['under the kill switch', (world) => Object.assign(world, { mode: 'off' })],
    ['when the annotation goes', (world) => void delete world.map?.metadata.annotations[DECLARED]],
  ];
  for (const [name, end] of ends)
    test(name, async () => {
      const { world, controller, text, minutes, reasons } = start();
      await minutes(2);
      assert.notEqual(text(), THEIRS);
      end(world);
      await minutes(3);
      assert.equal(text(), THEIRS);
      assert.match(world.map?.metadata.annotations[CHANGED] ?? '', /Z put back$/);
      assert.equal(world.writes, 2);
      assert.equal(reasons().includes('Normal PrioritiesWouldChange'), name === 'in audit');
      await minutes(30);
      assert.equal(world.map?.metadata.annotations[CHANGED], undefined);
      await minutes(60);
      assert.deepEqual([text(), world.writes], [THEIRS, 3]);
      await controller.stop();
    });

  test('and not written again for 30 minutes, which is told', async () => {
    const { world, controller, text, minutes, reasons } = start();
    await minutes(2);
    const written = text();
    world.mode = 'audit';
    await minutes(3);
    world.mode = 'on';
    await minutes(26);
    assert.equal(text(), THEIRS);
    assert.ok(reasons().includes('Normal PrioritiesResting'));
    assert.match(world.events.at(-1)?.note ?? '', /were put back, and are written again from .*Z on$/);
    await minutes(5);
    assert.equal(text(), written);
    await controller.stop();
  });

  const marked = '10:\n  - mine # gridgate.dev\n';
  const stamp = { [CHANGED]: '2026-01-01T00:00:00Z' };
  const ours = "199: # gridgate.dev\n  - '^a$' # north # gridgate.dev\n10: [b]\n";
  const foreign: readonly [name: string, annotations: Record<string, string>, text: string, told: string][] = [
    ['lines that people marked, where nobody opted in', {}, marked, 'Warning PrioritiesNotDeclared'],
    ['lines that look like ours, where we wrote none', {}, ours, 'Warning PrioritiesNotDeclared'],
    ['lines that people marked, beside what we wrote', stamp, marked, 'Warning PrioritiesRefused'],
  ];
  for (const [name, annotations, before, told] of foreign)
    test(`but never ${name}`, async () => {
      const { world, controller, text, minutes, reasons } = start({ annotations, text: before });
      await minutes(60);
      assert.deepEqual([text(), world.writes, [...new Set(reasons())]], [before, 0, [told]]);
      await controller.stop();
    });

  test('but not where the ConfigMap is paused', async () => {
    const { world, controller, text, minutes } = start();
    await minutes(2);
    const written = text();
    Object.assign(world.map?.metadata.annotations ?? {}, { 'gridgate.dev/paused': 'true' });
    for (const mode of ['on', 'audit', 'off'] as const) {
      world.mode = mode;
      world.grams = { north: 500, west: 20, east: 200 };
      await minutes(40);
    }
    assert.equal(text(), written);
    await controller.stop();
  });
});

describe('nothing is written', () => {
  type Start = Parameters<typeof start>[0];
  const rows: readonly [
    name: string,
    parts: Start,
    change: Partial<ReturnType<typeof start>['world']>,
    told: string,
    note: RegExp,
  ][] = [
    [
      'in audit, where it is told what would be',
      { mode: 'audit' },
      {},
      'Normal PrioritiesWouldChange',
      /^with --priority-expander=on .*: north 199, west 198, east 197$/,
    ],
    [
      'without the annotation',
      { annotations: {} },
      {},
      'Warning PrioritiesNotDeclared',
      /kubectl annotate configmap -n kube-system cluster-autoscaler-priority-expander gridgate\.dev\/priorities=100-199$/,
    ],
    [
      'where the annotation is no range',
      { annotations: { [DECLARED]: '100' } },
      {},
      'Warning PrioritiesNotDeclared',
      /is "100", not a range/,
    ],
    [
      'without the ConfigMap',
      {},
      { map: undefined },
      'Warning PrioritiesMissing',
      /there is no ConfigMap kube-system\//,
    ],
    [
      'where the YAML cannot be read',
      { text: '10: [' },
      {},
      'Warning PrioritiesRefused',
      /stays as it is: the text under priorities is no YAML/,
    ],
    [
      'where a group would match nothing',
      { text: '' },
      { groups: [...GROUPS, 'odd'] },
      'Warning PrioritiesRefused',
      /the region of odd/,
    ],
    [
      'while the status is old',
      {},
      { statusAge: 6 * 60_000 },
      'Warning PrioritiesStatus',
      /is more than 5 min old: its priorities stay/,
    ],
    [
      'while the status is of a time to come',
      {},
      { statusAge: -6 * 60_000 },
      'Warning PrioritiesStatus',
      /is of a time to come/,
    ],
    ['while the status names no group', {}, { groups: [] }, 'Warning PrioritiesStatus', /names no node group/],
  ];
  for (const [name, parts, change, told, note] of rows)
    test(name, async () => {
      const { world, controller, reasons, minutes } = start(parts);
      Object.assign(world, change);
      await minutes(10);
      assert.equal(world.writes, 0);
      assert.deepEqual([...new Set(reasons())], [told]);
      assert.match(world.events[0]?.note ?? '', note);
      await controller.stop();
    });

  test('once the kill switch is off, nor told', async () => {
    const { world, controller, minutes } = start({ mode: 'off', annotations: {} });
    await minutes(10);
    assert.deepEqual([world.writes, world.events], [0, []]);
    await controller.stop();
  });

  test('while the status is old, what is written stays', async () => {
    const { world, controller, text, minutes } = start();
    await minutes(2);
    const written = text();
    world.statusAge = 3_600_000;
    world.down = ['north'];
    await minutes(60);
    assert.equal(text(), written);
    await controller.stop();
  });
});
