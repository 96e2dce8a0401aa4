import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { HeldOutage, MergedOutages, Statement } from '../../src/sources/outage/merge-outages.ts';
import { mergeOutages, QUIET_MS } from '../../src/sources/outage/merge-outages.ts';
import type { OutageSourceName, Verdict } from '../../src/sources/outage/source.ts';

const NOW = Date.parse('2026-11-22T09:00:00Z');
const MINUTE = 60_000;
const REGIONS = ['a', 'b', 'c', 'd'];

function says(source: OutageSourceName, verdicts: Record<string, boolean | string>): Statement {
  const entries = Object.entries(verdicts).map(([region, one]): [string, Verdict] => [
    region,
    typeof one === 'string' ? { down: true, reason: one } : { down: one },
  ]);
  return { source, verdicts: new Map(entries) };
}

function merge(
  statements: readonly Statement[],
  held: Record<string, HeldOutage> = {},
  regions = REGIONS,
): MergedOutages {
  return mergeOutages({ regions, statements, held: new Map(Object.entries(held)), now: NOW });
}

function active({ outages }: MergedOutages): string {
  return [...outages].flatMap(([region, one]) => (one.active ? [region] : [])).join('');
}

describe('one region', () => {
  const since = NOW - 60 * MINUTE;
  const downAgo = (ms: number): HeldOutage => ({ since, lastDownAt: NOW - ms, sources: ['nodes'], reason: 'old' });
  const still = { active: true, sources: ['nodes'], reason: 'old', since };
  const down = [says('prometheus', { a: true })];
  const up = [says('prometheus', { a: false })];
  const none = { active: false, sources: [] };
  const byPrometheus = { active: true, sources: ['prometheus'] };
  const late = NOW - QUIET_MS + 1;
  const rows: readonly [name: string, held: HeldOutage | undefined, said: readonly Statement[], wanted: object][] = [
    ['not out, all unknown', undefined, [], none],
    ['not out, up', undefined, up, none],
    ['not out, down', undefined, down, { ...byPrometheus, since: NOW }],
    ['out, down', downAgo(1), down, { ...byPrometheus, since }],
    ['out, up', downAgo(1), up, { ...still, quietSince: NOW - 1 }],
    ['out, all unknown', downAgo(1), [], { ...still, quietSince: NOW - 1 }],
    ['quiet for 10 minutes but one ms, up', downAgo(QUIET_MS - 1), up, { ...still, quietSince: late }],
    ['quiet for 10 minutes but one ms, all unknown', downAgo(QUIET_MS - 1), [], { ...still, quietSince: late }],
    ['quiet for 10 minutes, up', downAgo(QUIET_MS), up, none],
    ['quiet for 10 minutes, all unknown', downAgo(QUIET_MS), [], none],
    ['quiet for 10 minutes, down', downAgo(QUIET_MS), down, { ...byPrometheus, since }],
    ['down last at a time to come', downAgo(-60 * MINUTE), [], still],
  ];
  for (const [name, held, said, wanted] of rows)
    it(name, () => {
      assert.deepEqual(merge(said, held && { a: held }).outages.get('a'), wanted);
    });

  it('is down when any of several sources says so, with the first reason', () => {
    const said = [says('prometheus', { a: false }), says('aws-health', { a: true }), says('nodes', { a: '3 of 3' })];
    const { outages } = merge(said);
    assert.deepEqual(outages.get('a'), {
      active: true,
      sources: ['aws-health', 'nodes'],
      reason: '3 of 3',
      since: NOW,
    });
  });

  it('has its reason on one line of at most 200 characters', () => {
    const { outages } = merge([says('configmap', { a: ` power\n\tloss\u0007 ${'🔥'.repeat(300)}` })]);
    assert.equal(outages.get('a')?.reason, `power loss ${'🔥'.repeat(189)}`);
  });

  it('that nobody asked for is not there', () => {
    const { outages, trust, held } = merge([says('configmap', { z: true })], { y: downAgo(1) });
    assert.deepEqual([[...outages.keys()], trust.called, held.size], [REGIONS, 0, 0]);
  });
});

describe('too many regions', () => {
  const out: HeldOutage = { since: NOW - 60 * MINUTE, lastDownAt: NOW - MINUTE, sources: ['nodes'] };
  type Row = [name: string, down: string, held: Record<string, HeldOutage>, active: string, kept: string];
  const rows: readonly Row[] = [
    ['half of them are called down', 'ab', {}, 'ab', 'ab'],
    ['more than half', 'abc', {}, '', ''],
    ['all', 'abcd', {}, '', ''],
    ['more than half, of which one was out', 'abc', { a: out }, '', 'a'],
    ['more than half with one in quiet minutes', 'bc', { a: out }, '', 'a'],
    ['half with one in quiet minutes', 'b', { a: out }, 'ab', 'ab'],
    ['half, one is kept from before', 'ab', { a: out }, 'ab', 'ab'],
  ];
  for (const [name, down, held, wanted, kept] of rows)
    it(`are distrusted or not: ${name}`, () => {
      const said = says('prometheus', Object.fromEntries([...down].map((region) => [region, true])));
      const merged = merge([said], held);
      assert.deepEqual([active(merged), [...merged.held.keys()].join('')], [wanted, kept]);
      assert.equal(merged.trust.distrusted, wanted === '');
    });

  it('are counted, and what they are called is still told', () => {
    const { trust, outages } = merge([says('prometheus', { a: 'x', b: true, c: true })]);
    assert.deepEqual(trust, { distrusted: true, called: 3, regions: 4 });
    assert.deepEqual(outages.get('a'), { active: false, sources: ['prometheus'], reason: 'x' });
  });

  it('are counted once, whoever calls them and however often they are asked for', () => {
    const said = [says('prometheus', { a: true }), says('nodes', { a: true })];
    const { called, regions } = merge(said, {}, ['a', 'a', 'b']).trust;
    assert.deepEqual([called, regions], [1, 2]);
  });

  it('is one of one: the only region is never out by automatic sources', () => {
    assert.equal(merge([says('nodes', { a: true })], {}, ['a']).trust.distrusted, true);
  });
});

describe('in any history', () => {
  const verdict = fc.option(fc.boolean(), { nil: undefined });
  const step = fc.record({
    ms: fc.integer({ min: 0, max: 12 * MINUTE }),
    said: fc.array(fc.array(verdict, { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 2 }),
  });
  const history = fc.array(step, { minLength: 1, maxLength: 30 });
  const NAMES: readonly OutageSourceName[] = ['prometheus', 'nodes'];

  function replay(steps: readonly { ms: number; said: readonly (readonly (boolean | undefined)[])[] }[]) {
    let now = NOW;
    let held: ReadonlyMap<string, HeldOutage> = new Map();
    return steps.map(({ ms, said }) => {
      now += ms;
      const statements = said.map((row, index) => ({
        source: NAMES[index] ?? 'nodes',
        verdicts: new Map(
          row.flatMap((down, i) => (down === undefined ? [] : [[REGIONS[i] ?? '', { down }] as const])),
        ),
      }));
      const outages = mergeOutages({ regions: REGIONS, statements, held, now });
      held = outages.held;
      const down = new Set(REGIONS.filter((region) => statements.some(({ verdicts }) => verdicts.get(region)?.down)));
      return { now, outages, down };
    });
  }

  it('a region is out only where a source called it down less than 10 minutes ago', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const lastDown = new Map<string, number>();
        for (const { now, outages, down } of replay(steps)) {
          for (const region of down) lastDown.set(region, now);
          for (const region of active(outages)) assert.ok(now - (lastDown.get(region) ?? 0) < QUIET_MS, region);
        }
      }),
    );
  });

  it('at most half of the regions are out, and what is called down is out unless distrusted', () => {
    fc.assert(
      fc.property(history, (steps) => {
        for (const { outages, down } of replay(steps)) {
          const out = active(outages);
          const isTooMuch = outages.trust.called * 2 > REGIONS.length;
          assert.ok(outages.trust.called >= down.size && out.length * 2 <= REGIONS.length);
          assert.equal(outages.trust.distrusted, isTooMuch);
          assert.ok(isTooMuch ? out === '' : [...down].every((region) => out.includes(region)));
        }
      }),
    );
  });

  it('no outage outlasts 10 minutes in which no source says down, whatever was before', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const silent = [0, QUIET_MS].map((ms) => ({ ms, said: [] }));
        const last = replay([...steps, ...silent]).at(-1)?.outages;
        assert.ok(last && active(last) === '' && last.held.size === 0);
      }),
    );
  });
});
