import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OutageState } from '../../src/regions/region-status.ts';
import { SourceError } from '../../src/sources/asking/source-error.ts';
import { createOutageBoard } from '../../src/sources/outage/outage-board.ts';
import type { OutageSource, OutageSourceName } from '../../src/sources/outage/source.ts';

const NOW = Date.parse('2026-11-22T09:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const REGIONS = ['a', 'b', 'c', 'd'];

/** Regions that are down, as one word; or what `read` does instead. */
type Script = string | OutageSource['read'];

interface Scripted extends OutageSource {
  script: Script;
}

function scripted(name: OutageSourceName, script: Script): Scripted {
  return {
    name,
    script,
    async read(regions, signal) {
      if (typeof this.script === 'function') return this.script(regions, signal);
      return new Map([...this.script].map((region) => [region, { down: true }]));
    },
  };
}

function start(sources: readonly OutageSource[], deadline?: (ms: number) => AbortSignal) {
  let now = NOW;
  const failures: string[] = [];
  const board = createOutageBoard({ sources, clock: () => now, deadline });
  async function refresh() {
    const picture = await board.refresh(REGIONS);
    failures.push(...Array.from(picture.failures, ([source, message]) => `${source}: ${message}`));
    return picture;
  }
  return {
    board,
    failures,
    async look() {
      const { byRegion, ...report } = await refresh();
      return { ...report, outages: byRegion };
    },
    async active() {
      await refresh();
      return [...board.outages()].flatMap(([region, one]) => (one.active ? [region] : [])).join('');
    },
    advance: (ms: number) => {
      now += ms;
    },
  };
}

const failing = () => Promise.reject(new SourceError('unavailable', 'HTTP 503'));

describe('the outage board', () => {
  it('has no outages without sources', async () => {
    const { outages, distrusted, failures } = await start([]).look();
    assert.deepEqual([[...outages.keys()], distrusted, failures.size], [REGIONS, false, 0]);
  });

  it('asks all sources at once, for all regions', async () => {
    const asked: string[] = [];
    const both = Promise.withResolvers<void>();
    const read: OutageSource['read'] = async (regions) => {
      asked.push(regions.join(''));
      if (asked.length === 2) both.resolve();
      await both.promise; // never, if one waited for the other
      return new Map([['a', { down: true }]]);
    };
    const { active } = start([scripted('prometheus', read), scripted('nodes', read)]);
    assert.equal(await active(), 'a');
    assert.deepEqual(asked, ['abcd', 'abcd']);
  });

  const broken: readonly [name: string, read: OutageSource['read'], message: string][] = [
    ['rejects', failing, 'HTTP 503'],
    ['rejects with a secret', () => Promise.reject(new Error('hunter2')), 'its answer cannot be made sense of'],
    [
      'throws',
      () => {
        throw new SourceError('malformed', 'no\nJSON');
      },
      'no JSON',
    ],
  ];
  for (const [name, read, message] of broken)
    it(`goes on without a source that ${name}`, async () => {
      const { look, failures } = start([scripted('prometheus', read), scripted('nodes', 'a')]);
      const report = await look();
      assert.deepEqual(report.outages.get('a'), { active: true, sources: ['nodes'], since: NOW });
      assert.deepEqual([...report.failures], [['prometheus', message]]);
      assert.deepEqual(failures, [`prometheus: ${message}`]);
    });

  it('goes on without a source that does not answer in 10 s, even where it does not heed its signal', async () => {
    const limits: number[] = [];
    const impatience = new AbortController();
    const seen: AbortSignal[] = [];
    const hanging = scripted('prometheus', (_, signal) => {
      seen.push(signal);
      impatience.abort();
      return new Promise(() => {});
    });
    const deadline = (ms: number) => {
      limits.push(ms);
      return limits.length === 1 ? impatience.signal : new AbortController().signal;
    };
    const { active, failures } = start([hanging, scripted('nodes', 'b')], deadline);
    assert.equal(await active(), 'b');
    assert.deepEqual(failures, ['prometheus: no answer in time']);
    assert.deepEqual([limits, seen.map(({ aborted }) => aborted)], [[10_000, 10_000], [true]]);
  });

  it('tells no failure any more of a source that answers again', async () => {
    const source = scripted('prometheus', failing);
    const { look } = start([source]);
    assert.equal((await look()).failures.size, 1);
    source.script = 'a';
    assert.equal((await look()).failures.size, 0);
  });

  it('ends an outage after 10 quiet minutes, and counts them anew after another down', async () => {
    const source = scripted('nodes', 'a');
    const { active, advance } = start([source]);
    const seen = [await active()];
    for (const [ms, script] of [
      [9 * MINUTE, ''],
      [30_000, 'a'],
      [MINUTE, ''],
      [9 * MINUTE - 1, ''],
      [1, ''],
    ] as const) {
      advance(ms);
      source.script = script;
      seen.push(await active());
    }
    assert.deepEqual(seen, ['a', 'a', 'a', 'a', 'a', '']);
  });

  it('holds an outage for 10 minutes, not for ever, when the source that called it is gone', async () => {
    const source = scripted('prometheus', 'a');
    const { active, advance } = start([source]);
    assert.equal(await active(), 'a');
    source.script = failing;
    const seen = [await active()];
    for (const ms of [10 * MINUTE - 1, 1]) {
      advance(ms);
      seen.push(await active());
    }
    assert.deepEqual(seen, ['a', 'a', '']);
  });

  it('suspends its outages while most regions are called down, and has them back after that', async () => {
    const steady = scripted('nodes', 'a');
    const mad = scripted('prometheus', '');
    const { look, active, advance } = start([steady, mad]);
    assert.equal(await active(), 'a');
    mad.script = 'bcd';
    advance(MINUTE);
    const { distrusted, called, regions, outages } = await look();
    assert.deepEqual({ distrusted, called, regions }, { distrusted: true, called: 4, regions: 4 });
    assert.deepEqual(outages.get('a'), { active: false, sources: ['nodes'] });
    mad.script = 'b';
    advance(MINUTE);
    const after = await look();
    assert.equal(after.distrusted, false);
    assert.deepEqual(
      ['a', 'b', 'c'].map((region) => after.outages.get(region)?.since),
      [NOW, NOW + 2 * MINUTE, undefined],
    );
  });

  it('never has most regions out when they flap in turn', async () => {
    const source = scripted('prometheus', '');
    const { active, advance } = start([source]);
    for (let turn = 0; turn < 40; turn += 1) {
      source.script = REGIONS[turn % 4] ?? '';
      assert.ok((await active()).length <= 2);
      advance(MINUTE);
    }
  });
});

describe('the outage board and a clock that jumps', () => {
  function quietAt(jumpMs: number) {
    const source = scripted('nodes', 'a');
    const started = start([source]);
    return { ...started, source, jump: () => started.advance(jumpMs) };
  }

  it('back by an hour keeps a region out that is called down', async () => {
    const { active, jump, look } = quietAt(-HOUR);
    await active();
    jump();
    assert.equal((await look()).outages.get('a')?.active, true);
  });

  it('back by an hour begins the quiet minutes anew, and no longer ones', async () => {
    const { active, advance, source, jump } = quietAt(-HOUR);
    await active();
    source.script = '';
    await active();
    advance(9 * MINUTE);
    jump();
    const seen = [await active()];
    for (const ms of [10 * MINUTE - 1, 1]) {
      advance(ms);
      seen.push(await active());
    }
    assert.deepEqual(seen, ['a', 'a', '']);
  });

  it('ahead by an hour ends quiet minutes early, and no outage that is still called', async () => {
    const { active, source, jump } = quietAt(HOUR);
    await active();
    jump();
    assert.equal(await active(), 'a');
    source.script = '';
    await active();
    jump();
    assert.equal(await active(), '');
  });
});

describe('the outage board of a new leader', () => {
  function restored(outage: OutageState, sources: readonly OutageSource[] = []) {
    const started = start(sources);
    started.board.restore(new Map([['a', outage]]));
    return started;
  }

  const out: OutageState = { active: true, sources: ['nodes'], reason: '3 of 3', since: NOW - HOUR };

  it('knows of an outage before it asks anybody', () => {
    const { board } = restored(out);
    assert.deepEqual([...board.outages()], [['a', out]]);
  });

  it('goes on with an outage, whose quiet minutes begin when it is restored', async () => {
    const { look, advance, active } = restored(out);
    advance(MINUTE);
    assert.deepEqual((await look()).outages.get('a'), { ...out, quietSince: NOW });
    advance(9 * MINUTE - 1);
    assert.equal(await active(), 'a');
    advance(1);
    assert.equal(await active(), '');
  });

  it('goes on with an outage that a source still calls', async () => {
    const { look, advance } = restored(out, [scripted('configmap', 'a')]);
    advance(HOUR);
    assert.deepEqual((await look()).outages.get('a'), { active: true, sources: ['configmap'], since: out.since });
  });

  it('goes on with quiet minutes', async () => {
    const { active, advance } = restored({ ...out, quietSince: NOW - 9 * MINUTE });
    assert.equal(await active(), 'a');
    advance(MINUTE);
    assert.equal(await active(), '');
  });

  it('takes times to come for now', async () => {
    const { look } = restored({ ...out, since: NOW + HOUR, quietSince: NOW + HOUR });
    assert.deepEqual((await look()).outages.get('a'), { ...out, since: NOW });
  });

  it('does not take over what was not active', async () => {
    const { board, active } = start([scripted('nodes', 'a')]);
    assert.equal(await active(), 'a');
    board.restore(new Map([['a', { active: false, sources: [], since: NOW - HOUR }]]));
    assert.equal(board.outages().get('a')?.active, false);
  });

  it('forgets of what it is told, and keeps the rest', async () => {
    const source = scripted('nodes', 'ab');
    const { board, active } = start([source]);
    await active();
    board.restore(new Map([['a', { active: false, sources: [] }]]));
    board.restore(new Map());
    assert.equal(board.outages().get('b')?.active, true);
    source.script = '';
    assert.equal(await active(), 'b');
  });

  it('ends at once what it knew when it led long ago', async () => {
    const source = scripted('nodes', 'a');
    const { active, advance } = start([source]);
    await active();
    advance(HOUR);
    source.script = '';
    assert.equal(await active(), '');
  });
});
