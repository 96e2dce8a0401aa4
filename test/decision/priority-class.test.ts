import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import type { PriorityClasses } from '../../src/regions/snapshot.ts';
import { applied, decideNow, makePod, makeRegion, makeSnapshot } from '../builders.ts';

const snapshot = makeSnapshot({ 'eu-a': 100 });
const ALLOW = { 'pod-overrides': 'allow' };
const classed = (podClass: string) => ({ annotations: { class: podClass } });

describe('the PriorityClass', () => {
  const classes = (globalDefault?: string): PriorityClasses => ({
    names: new Set(['gridgate-flexible', 'gridgate-failover', 'normal', 'mine']),
    ...(globalDefault !== undefined && { globalDefault }),
  });
  const healthy = { 'eu-a': 100, 'eu-b': 100 };
  const down = [makeRegion('eu-a', 100), makeRegion('eu-b', 100, { outage: 'fire' })];
  const downAbroad = [makeRegion('eu-a', 100), makeRegion('us-a', 100, { outage: 'fire' })];
  const flexible = classed('flexible');
  const critical = classed('critical');
  const computed = { priority: 0, preemptionPolicy: 'PreemptLowerPriority' };
  const FAILOVER = { ...ALLOW, priority: 'failover' };

  type Case = readonly [
    name: string,
    pod: Pod,
    policy: Record<string, string>,
    expected: object,
    where?: Parameters<typeof makeSnapshot>[0],
    known?: PriorityClasses | null,
  ];
  const rows: readonly Case[] = [
    ['flexible', makePod(flexible), {}, { priorityClassName: 'gridgate-flexible' }],
    [
      'flexible, computed fields are removed',
      makePod({ ...flexible, ...computed }),
      {},
      { priorityClassName: 'gridgate-flexible' },
    ],
    [
      'flexible, a globalDefault class counts as none',
      makePod({ ...flexible, ...computed, priorityClassName: 'normal', priority: 5 }),
      {},
      { priorityClassName: 'gridgate-flexible' },
      healthy,
      classes('normal'),
    ],
    [
      'flexible, reinvoked: computed fields stay',
      makePod({ ...flexible, ...computed, priorityClassName: 'gridgate-flexible', priority: -10 }),
      {},
      { ...computed, priorityClassName: 'gridgate-flexible', priority: -10 },
      healthy,
      classes('normal'),
    ],
    [
      'flexible with a class of its own',
      makePod({ ...flexible, priorityClassName: 'mine', priority: 7 }),
      {},
      { priorityClassName: 'mine', priority: 7 },
      healthy,
      classes('normal'),
    ],
    [
      'flexible with the empty name',
      makePod({ ...flexible, priorityClassName: '' }),
      {},
      { priorityClassName: 'gridgate-flexible' },
    ],
    [
      'flexible, the class does not exist',
      makePod({ ...flexible, ...computed }),
      {},
      computed,
      healthy,
      { names: new Set(['normal']) },
    ],
    ['flexible, nobody knows which classes exist', makePod({ ...flexible, ...computed }), {}, computed, healthy, null],
    ['flexible, the policy says none', makePod(flexible), { priority: 'none' }, {}],
    [
      'flexible, the policy says failover',
      makePod(flexible),
      { priority: 'failover' },
      { priorityClassName: 'gridgate-flexible' },
    ],
    ['standard', makePod(computed), FAILOVER, computed, down],
    [
      'critical, an allowed region is down',
      makePod({ ...critical, ...computed }),
      FAILOVER,
      { priorityClassName: 'gridgate-failover' },
      down,
    ],
    ['critical, nothing is down', makePod(critical), FAILOVER, {}],
    [
      'critical, a region that is not allowed is down',
      makePod(critical),
      { ...FAILOVER, regions: 'eu-*' },
      {},
      downAbroad,
    ],
    ['critical, down, but the policy permits flexible only', makePod(critical), ALLOW, {}, down],
    ['critical is a claim: standard under tighten', makePod(critical), { priority: 'failover' }, {}, down],
    ['a nodeName is judged, not steered', makePod({ ...flexible, nodeName: 'n1' }), {}, {}],
  ];
  for (const [name, pod, policy, expected, where = healthy, known = classes()] of rows) {
    it(name, () => {
      const decision = decideNow(pod, policy, makeSnapshot(where, known ? { priorityClasses: known } : {}));
      const { priorityClassName, priority, preemptionPolicy } = applied(pod, decision).spec ?? {};
      assert.deepEqual(JSON.parse(JSON.stringify({ priorityClassName, priority, preemptionPolicy })), expected);
    });
  }

  it('a class that nothing sets is no steering', () => {
    const { decision, reason } = decideNow(makePod(flexible), {}, snapshot);
    assert.deepEqual([decision, reason], ['allow', 'acceptable']);
  });
});
