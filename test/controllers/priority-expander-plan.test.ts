import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type PlanInput, planPriorities, type RegionOutlook } from '../../src/controllers/priority-expander/plan.ts';
import { parseStamp, type Stamp, stampText } from '../../src/controllers/priority-expander/stamp.ts';
import { NOW } from '../builders.ts';
import { chosenGroups } from './expander-rule.ts';

const MINUTE_MS = 60_000;
const READ: Stamp = { at: NOW, by: 'readings' };
const NORTH = 'eks-north-40bbb26b';
const WEST = 'eks-west-91fe';
const EAST = 'eks-east-0c1d';
const ALL = [NORTH, WEST, EAST];
const REGIONS = { [NORTH]: 'north', [WEST]: 'west', [EAST]: 'east' };

type Grams = Readonly<Record<string, number | 'down' | 'unknown'>>;

function input(
  grams: Grams,
  parts: Partial<PlanInput> & { readonly regions?: Readonly<Record<string, string>> } = {},
): PlanInput {
  const { regions = REGIONS, ...rest } = parts;
  return {
    text: '',
    range: { from: 100, to: 199 },
    groups: ALL,
    regionOfGroup: new Map(Object.entries(regions)),
    outlookOf(name): RegionOutlook | undefined {
      const said = grams[name];
      if (said === undefined) return undefined;
      return {
        gramsPerKwh: typeof said === 'number' ? said : said === 'down' ? 1 : undefined,
        isDown: said === 'down',
      };
    },
    changed: undefined,
    nodeRegionsOf: () => [],
    now: NOW,
    ...rest,
  };
}

/** The text that is in force after a plan; a refusal throws. */
function textAfter(planned: PlanInput): string {
  const plan = planPriorities(planned);
  if (plan.action === 'refuse') throw new Error(plan.why);
  return plan.action === 'write' ? plan.text : planned.text;
}

/** By region. */
function prioritiesIn(planned: PlanInput): Readonly<Record<string, number>> {
  const plan = planPriorities(planned);
  if (plan.action === 'refuse') throw new Error(plan.why);
  return Object.fromEntries(plan.priorities);
}

describe('three groups in three regions, one of them in an outage', () => {
  const text = textAfter(input({ north: 30, west: 120, east: 'down' }));

  test('known answer', () =>
    assert.equal(
      text,
      `199: # gridgate.dev
  - '^eks-north-40bbb26b$' # north # gridgate.dev
198: # gridgate.dev
  - '^eks-west-91fe$' # west # gridgate.dev
100: # gridgate.dev
  - '^eks-east-0c1d$' # east # gridgate.dev
`,
    ));

  const choices: readonly [options: readonly string[], chosen: readonly string[]][] = [
    [ALL, [NORTH]],
    [[WEST, EAST], [WEST]],
    [[EAST], [EAST]],
  ];
  for (const [options, chosen] of choices)
    test(`where ${options.join(', ')} could take the pod, ${chosen.join()} does`, () =>
      assert.deepEqual(chosenGroups(text, options), chosen));

  test('a name that only begins like a group has no part in it', () =>
    assert.deepEqual(chosenGroups(text, [`${NORTH}-2`, WEST]), [WEST]));
});

describe('priorities of regions', () => {
  const rows: readonly [name: string, grams: Grams, priorities: Readonly<Record<string, number>>][] = [
    ['near-equal ones share one', { north: 100, west: 109, east: 300 }, { north: 199, west: 199, east: 198 }],
    ['nobody knows one', { north: 100, west: 'unknown', east: 300 }, { north: 199, west: 101, east: 198 }],
    ['gridgate does not know one', { north: 100, east: 300 }, { north: 199, west: 101, east: 198 }],
    ['all are down', { north: 'down', west: 'down', east: 'down' }, { north: 100, west: 100, east: 100 }],
    ['nothing is known', {}, { north: 101, west: 101, east: 101 }],
  ];
  for (const [name, grams, priorities] of rows)
    test(name, () => assert.deepEqual(prioritiesIn(input(grams)), priorities));

  test('in a small range the last bands share one', () =>
    assert.deepEqual(prioritiesIn(input({ north: 10, west: 20, east: 30 }, { range: { from: 5, to: 8 } })), {
      ...{ north: 8, west: 7, east: 7 },
    }));
});

describe('entries of people', () => {
  const theirs = "# mine\n500: ['^eks-west-']\n1:\n  - .*\n";

  test('stay, and it is told where they outrank ours', () => {
    const plan = planPriorities(input({ north: 30, west: 120, east: 200 }, { text: theirs }));
    assert.ok(plan.action === 'write' && plan.text.endsWith(theirs));
    assert.deepEqual(plan.outranked, [{ group: WEST, priority: 500 }]);
    assert.deepEqual(chosenGroups(plan.text, ALL), [WEST]);
  });

  test('name a group whose region nobody can tell: it keeps what they gave it', () => {
    const text = textAfter(input({ north: 30 }, { text: theirs, groups: [...ALL, 'on-premises'] }));
    assert.doesNotMatch(text, /on-premises/);
    assert.deepEqual(chosenGroups(text, ['on-premises']), ['on-premises']);
  });

  const refused: readonly [name: string, parts: Partial<PlanInput>, why: RegExp][] = [
    [
      'a group would match nothing',
      { groups: [...ALL, 'odd'] },
      /the region of odd, .* it would go unused\. Say where in cluster-autoscaler\.groups/,
    ],
    [
      'its nodes are in two regions',
      { groups: ['odd'], nodeRegionsOf: () => ['east', 'west'] },
      /the region of odd \(its nodes are in east, west\), /,
    ],
    ['many would', { groups: 'abcdefg'.split('') }, /the region of a, b, c, d, e and 2 more, .* they would go unused/],
    [
      'an expression that nobody can judge does not save it',
      { text: "1: ['\\Qodd\\E']", groups: ['odd'] },
      /region of odd/,
    ],
    [
      'a name that is no plain text',
      { groups: ['a\nb'], regionOfGroup: new Map([['a\nb', 'north']]) },
      /would go unused/,
    ],
    [
      'an entry in our range',
      { text: '150: [a]' },
      /has 150, which gridgate did not write: give it a priority outside/,
    ],
    ['no YAML', { text: '10: [' }, /is no YAML/],
  ];
  for (const [name, parts, why] of refused)
    test(`refused: ${name}`, () => {
      const plan = planPriorities(input({ north: 30 }, parts));
      assert.match(plan.action === 'refuse' ? plan.why : plan.action, why);
    });
});

describe('time between changes', () => {
  const before = { north: 30, west: 120, east: 200 };
  const written = textAfter(input(before));
  const after = (minutes: number, grams: Grams, parts: Partial<PlanInput> = {}) =>
    planPriorities(input(grams, { text: written, changed: READ, now: NOW + minutes * MINUTE_MS, ...parts }));

  const turned = { north: 300, west: 120, east: 200 };
  const rows: readonly [name: string, minutes: number, grams: Grams, action: string, parts?: Partial<PlanInput>][] = [
    ['nothing new', 60, before, 'keep'],
    ['another order waits for 30 minutes', 29, turned, 'keep'],
    ['and comes then', 30, turned, 'write'],
    ['an outage waits for 5 minutes', 4, { ...before, north: 'down' }, 'keep'],
    ['and comes then', 5, { ...before, north: 'down' }, 'write'],
    ['what nobody knows any more waits', 29, { ...before, north: 'unknown' }, 'keep'],
    [
      'a new group waits for 5 minutes',
      5,
      before,
      'write',
      {
        groups: [...ALL, 'eks-west-new'],
        regionOfGroup: new Map(Object.entries({ ...REGIONS, 'eks-west-new': 'west' })),
      },
    ],
    ['a group that went is named on', 29, before, 'keep', { groups: [NORTH, WEST] }],
    ['until 30 minutes are over', 30, before, 'write', { groups: [NORTH, WEST] }],
    ['another range is not waited for', 5, before, 'write', { range: { from: 300, to: 399 } }],
    ['a clock that was set back holds nothing up', -600, turned, 'write'],
  ];
  for (const [name, minutes, grams, action, parts] of rows)
    test(`${name}: ${action}`, () => assert.equal(after(minutes, grams, parts).action, action));

  test('an outage moves its own groups alone, the new order of the others waits', () => {
    const plan = after(5, { north: 'down', west: 300, east: 200 });
    assert.deepEqual(plan.action === 'write' && Object.fromEntries(plan.priorities), {
      north: 100,
      west: 198,
      east: 197,
    });
  });

  test('a recovered region comes back with the next change that is due', () => {
    const down = textAfter(input({ ...before, north: 'down' }));
    const parts = { text: down, changed: READ };
    assert.equal(planPriorities(input(before, { ...parts, now: NOW + 29 * MINUTE_MS })).action, 'keep');
    assert.deepEqual(prioritiesIn(input(before, { ...parts, now: NOW + 30 * MINUTE_MS })), {
      north: 199,
      west: 198,
      east: 197,
    });
  });
});

describe('an order of yearly averages', () => {
  const outlook = (grams: Readonly<Record<string, number>>, isAverage: boolean) => ({
    outlookOf: (name: string) => ({ gramsPerKwh: grams[name], isAverage, isDown: false }),
  });
  const averages = outlook({ north: 30, west: 120, east: 200 }, true);
  const readings = outlook({ north: 300, west: 120, east: 200 }, false);
  const first = planPriorities(input({}, averages));
  const text = first.action === 'write' ? first.text : '';
  const byAverages: Stamp = { at: NOW, by: 'averages' };
  const after = (minutes: number, parts: Partial<PlanInput>) =>
    planPriorities(input({}, { text, changed: byAverages, now: NOW + minutes * MINUTE_MS, ...parts }));

  test('is known for one', () => assert.equal(first.action === 'write' && first.by, 'averages'));

  test('waits for 5 minutes once somebody measured, and then its successor for 30', () => {
    assert.equal(after(4, readings).action, 'keep');
    const plan = after(5, readings);
    assert.ok(plan.action === 'write' && plan.by === 'readings');
    assert.deepEqual(Object.fromEntries(plan.priorities), { north: 197, west: 199, east: 198 });
    const turned = { text: plan.text, changed: { at: NOW, by: 'readings' } as const };
    assert.equal(after(29, { ...turned, ...averages }).action, 'keep');
    assert.equal(after(30, { ...turned, ...averages }).action, 'write');
  });

  test('of other averages waits for 30', () =>
    assert.equal(after(29, outlook({ north: 300, west: 120, east: 200 }, true)).action, 'keep'));
});

describe('what was put back', () => {
  test('waits for 30 minutes, though no group is named', () => {
    const parts = { changed: { at: NOW, by: 'return' } as const };
    const grams = { north: 30, west: 120, east: 200 };
    assert.equal(planPriorities(input(grams, { ...parts, now: NOW + 29 * MINUTE_MS })).action, 'keep');
    assert.equal(planPriorities(input(grams, { ...parts, now: NOW + 30 * MINUTE_MS })).action, 'write');
  });
});

describe('the time of the last change', () => {
  for (const by of ['readings', 'averages', 'return'] as const)
    test(`is read as it was written: ${by}`, () =>
      assert.deepEqual(parseStamp(stampText({ at: NOW, by })), { at: NOW, by }));
  for (const text of [undefined, '', 'now', ' put back'])
    test(`is none: ${text}`, () => assert.equal(parseStamp(text), undefined));
  test('is one, whatever somebody wrote behind it', () =>
    assert.equal(parseStamp('2026-11-22T09:00:00Z by hand')?.by, 'readings'));
});

describe('a day of two regions that are nearly equal', () => {
  test('changes nothing', () => {
    let text = textAfter(input({ north: 100, west: 101 }, { groups: [NORTH, WEST] }));
    const first = text;
    for (let hour = 1; hour <= 24; hour++) {
      const wiggle = 100 + 8 * Math.sin(hour);
      const grams = { north: wiggle, west: 100 };
      text = textAfter(input(grams, { text, groups: [NORTH, WEST], changed: READ, now: NOW + hour * 60 * MINUTE_MS }));
    }
    assert.equal(text, first);
  });

  test('whose order was clear once, changes it when it is clear the other way round', () => {
    const steps: readonly [north: number, west: number, chosen: string][] = [
      [100, 150, NORTH],
      [150, 148, NORTH],
      [152, 148, NORTH],
      [160, 150, WEST + NORTH],
      [180, 150, WEST],
    ];
    let text = '';
    for (const [index, [north, west, chosen]] of steps.entries()) {
      text = textAfter(
        input({ north, west }, { text, groups: [NORTH, WEST], changed: READ, now: NOW + (index + 1) * 31 * MINUTE_MS }),
      );
      assert.equal(chosenGroups(text, [WEST, NORTH]).join(''), chosen, `${north} and ${west}`);
    }
  });
});
