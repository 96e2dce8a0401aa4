import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { getJson } from '../../src/sources/asking/get-json.ts';
import { type Failure, SourceError } from '../../src/sources/asking/source-error.ts';
import { CELLAR, HOUR, MINUTE, measured, START, scripted, startChain } from './start-chain.ts';

const SECOND = 1_000;
const unavailable = new SourceError('unavailable', 'HTTP 503');
const limited = (retryAfterMs?: number) => new SourceError('rate_limited', 'HTTP 429', { retryAfterMs });

/** A region whose zone nobody asked for yet. */
function freshZones() {
  let count = 0;
  return () => ({ name: 'r', gridZone: `zone-${count++}` });
}

describe('a request that fails', () => {
  const rows: readonly [failure: Failure, requests: number][] = [
    ['unavailable', 3],
    ['unauthorized', 1],
    ['not_covered', 1],
    ['rate_limited', 1],
    ['malformed', 1],
    ['wrong_zone', 1],
    ['implausible', 1],
  ];
  for (const [failure, count] of rows)
    it(`with ${failure} is made ${count} times, and counted as often`, async () => {
      const source = scripted('watttime', { current: new SourceError(failure, 'because') });
      const { read, requests } = startChain([source]);
      const { attempts } = await read(CELLAR);
      assert.deepEqual(attempts, [{ source: 'watttime', outcome: failure, message: 'because' }]);
      assert.equal(source.asked.length, count);
      assert.deepEqual(requests, Array(count).fill(`watttime ${failure}`));
    });

  it('and succeeds when it is made again gives the value', async () => {
    const source = scripted('watttime', { current: unavailable });
    source.scripts.current = async () => {
      source.scripts.current = measured(7);
      throw unavailable;
    };
    const { read, requests } = startChain([source]);
    assert.equal((await read(CELLAR)).reading?.gramsPerKwh, 7);
    assert.deepEqual(requests, ['watttime unavailable', 'watttime ok']);
  });

  it('is made again after a random part of 500 ms, then of 1 s', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const asked = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const source = scripted('watttime', { current: unavailable });
    source.scripts.current = async () => {
      asked[source.asked.length - 1]?.resolve();
      throw unavailable;
    };
    const { read } = startChain([source], { random: () => 0.5 });
    const result = read(CELLAR);
    for (const [index, delay] of [250, 500].entries()) {
      await asked[index]?.promise;
      await turn();
      mock.timers.tick(delay - 1);
      await turn();
      assert.equal(source.asked.length, index + 1);
      mock.timers.tick(1);
    }
    assert.equal((await result).attempts[0]?.outcome, 'unavailable');
    assert.equal(source.asked.length, 3);
  });

  /** All that is ready to run does. */
  function turn(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }
});

describe('a request without an answer', () => {
  it('ends at its deadline of 5 s, even where the source does not heed it', async () => {
    const source = scripted('watttime', { current: () => new Promise<never>(() => {}) });
    const limits: number[] = [];
    const deadline = (ms: number) => {
      limits.push(ms);
      return AbortSignal.abort();
    };
    const { read } = startChain([source], { deadline });
    assert.equal((await read(CELLAR)).attempts[0]?.outcome, 'unavailable');
    assert.deepEqual(limits, [5_000, 5_000, 5_000]);
  });

  it('is aborted', async () => {
    const aborts = [0, 1, 2].map(() => new AbortController());
    const seen: boolean[] = [];
    const source = scripted('watttime', { current: unavailable });
    source.scripts.current = (_zone, abort) => {
      const hanging = Promise.withResolvers<never>();
      abort.addEventListener('abort', () => {
        seen.push(abort.aborted);
        hanging.reject(new Error('aborted'));
      });
      queueMicrotask(() => aborts[source.asked.length - 1]?.abort());
      return hanging.promise;
    };
    const deadline = () => aborts[source.asked.length]?.signal ?? AbortSignal.abort();
    const { attempts } = await startChain([source], { deadline }).read(CELLAR);
    assert.equal(attempts[0]?.outcome, 'unavailable');
    assert.deepEqual(seen, [true, true, true]);
  });
});

describe('a source that is unavailable 5 times running', () => {
  it('is left alone for 60 s, then tried with one request, and trusted again when that succeeds', async () => {
    const source = scripted('watttime', { current: unavailable });
    const zone = freshZones();
    const { read, advance } = startChain([source]);
    const outcome = async () => (await read(zone())).attempts[0]?.outcome;

    assert.deepEqual([await outcome(), await outcome(), await outcome()], ['unavailable', 'unavailable', 'left_alone']);
    assert.equal(source.asked.length, 5);

    advance(MINUTE - 1);
    assert.equal(await outcome(), 'left_alone');
    advance(1);
    assert.deepEqual(await Promise.all([outcome(), outcome()]), ['unavailable', 'left_alone']);
    assert.equal(source.asked.length, 6);

    advance(MINUTE);
    source.scripts.current = measured(7);
    assert.deepEqual(await Promise.all([outcome(), outcome()]), ['ok', 'ok']);
    source.scripts.current = unavailable;
    assert.equal(await outcome(), 'unavailable');
    assert.equal(await outcome(), 'unavailable');
  });

  it('is not one that answered something else in between', async () => {
    const source = scripted('watttime', { current: unavailable });
    const zone = freshZones();
    const { read } = startChain([source]);
    await read(zone());
    for (const answer of [new SourceError('malformed', 'HTML'), unavailable, new SourceError('not_covered', '404')]) {
      source.scripts.current = answer;
      await read(zone());
    }
    source.scripts.current = unavailable;
    assert.equal((await read(zone())).attempts[0]?.outcome, 'unavailable');
    assert.equal(source.asked.length, 3 + 1 + 3 + 1 + 3);
  });

  it('does not close the next one', async () => {
    const sources = [scripted('watttime', { current: unavailable }), scripted('file', { current: measured(7) })];
    const zone = freshZones();
    const { read } = startChain(sources);
    for (let count = 0; count < 5; count++) assert.equal((await read(zone())).reading?.source, 'file');
  });

  it('keeps its last good reading, and a zone that was not asked is asked as soon as it is back', async () => {
    const source = scripted('watttime', { current: measured(7) });
    const zone = freshZones();
    const { read, advance } = startChain([source]);
    await read(CELLAR);
    source.scripts.current = unavailable;
    advance(5 * MINUTE);
    await read(zone());
    await read(zone());
    const { reading, attempts } = await read(CELLAR);
    assert.deepEqual([reading?.gramsPerKwh, attempts[0]?.outcome], [7, 'left_alone']);
    source.scripts.current = measured(8);
    advance(MINUTE);
    assert.equal((await read(CELLAR)).reading?.gramsPerKwh, 8);
  });
});

describe('a source that answers 429', () => {
  const rows: readonly [name: string, retryAfterMs: number | undefined, restMs: number][] = [
    ['for as long as it asks', 90 * SECOND, 90 * SECOND],
    ['for 60 s where it does not say', undefined, MINUTE],
    ['for 60 s where it makes no sense', Number.NaN, MINUTE],
    ['for 60 s where it names a time before now', -5 * SECOND, MINUTE],
    ['for an hour at most', 48 * HOUR, HOUR],
  ];
  for (const [name, retryAfterMs, restMs] of rows)
    it(`is left alone ${name}`, async () => {
      const source = scripted('watttime', { current: limited(retryAfterMs) });
      const zone = freshZones();
      const { read, advance } = startChain([source]);
      await read(zone());
      source.scripts.current = async () => measured(7, { measuredAt: START + restMs });
      advance(restMs - 1);
      const { attempts } = await read(zone());
      assert.deepEqual(attempts, [
        { source: 'watttime', outcome: 'left_alone', message: 'it asked for fewer requests: again in 1 s' },
      ]);
      advance(1);
      assert.equal((await read(zone())).reading?.gramsPerKwh, 7);
      assert.equal(source.asked.length, 2);
    });

  it('several times rests for the longest of them', async () => {
    const rests: Record<string, number> = { a: 10 * MINUTE, b: MINUTE };
    const source = scripted('watttime', { current: async (zone) => Promise.reject(limited(rests[zone])) });
    const { read, advance } = startChain([source]);
    await Promise.all([read({ name: 'a', gridZone: 'a' }), read({ name: 'b', gridZone: 'b' })]);
    advance(9 * MINUTE);
    assert.equal((await read({ name: 'c', gridZone: 'c' })).attempts[0]?.outcome, 'left_alone');
  });
});

describe('what is told of a failure', () => {
  it('is nothing of an error that is none of the source', async () => {
    for (const error of [new Error('token=hunter2'), 'hunter2', undefined, { message: 'hunter2' }]) {
      const source = scripted('watttime', { current: () => Promise.reject(error) });
      const { attempts } = await startChain([source]).read(CELLAR);
      assert.deepEqual(attempts, [
        { source: 'watttime', outcome: 'malformed', message: 'its answer cannot be made sense of' },
      ]);
    }
  });

  it('is nothing of a value that is no number', async () => {
    const source = scripted('watttime', { current: measured('hunter2' as unknown as number) });
    assert.doesNotMatch(JSON.stringify(await startChain([source]).read(CELLAR)), /hunter2/);
  });

  it('is nothing of a source that cannot tell its zone, and the next is asked', async () => {
    const broken = {
      ...scripted('watttime', { current: measured(1) }),
      zoneOf() {
        throw new Error('hunter2');
      },
    };
    const { reading, attempts } = await startChain([broken, scripted('file', { current: measured(7) })]).read(CELLAR);
    assert.equal(reading?.gramsPerKwh, 7);
    assert.equal(attempts[0]?.message, 'its answer cannot be made sense of');
  });

  it('is one line of at most 200 characters', async () => {
    const source = scripted('watttime', { current: new SourceError('malformed', `a\r\nb\u0000c${'x'.repeat(500)}`) });
    const [attempt] = (await startChain([source]).read(CELLAR)).attempts;
    assert.match(attempt?.message ?? '', /^a b cx{195}$/);
  });
});

describe('a source behind HTTP', () => {
  it('that is down, wrong, slow and well again is read as far as it can be', async () => {
    let answer: { status: number; body?: string; headers?: Record<string, string> } | undefined;
    const server = createServer((_request, response) => {
      if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const schema = z.object({ grams: z.number(), at: z.number() });
    let isSlow = false;
    const source = scripted('prometheus', {
      current: async (_zone, abort) => {
        const { grams, at } = await getJson({ fetch, url, abort, schema, clock: () => START });
        return measured(grams, { measuredAt: at });
      },
    });
    const deadline = () => (isSlow ? AbortSignal.timeout(20) : new AbortController().signal);
    const { read, advance } = startChain([source], { deadline });
    const seen: unknown[] = [];
    const note = async () => {
      const { reading, attempts } = await read(CELLAR);
      seen.push([attempts[0]?.outcome, reading?.gramsPerKwh]);
      advance(10 * MINUTE);
    };

    try {
      answer = { status: 200, body: JSON.stringify({ grams: 7, at: START }) };
      await note();
      answer = { status: 503 };
      await note();
      answer = { status: 200, body: '<html>' };
      await note();
      answer = { status: 429, headers: { 'retry-after': '30' } };
      await note();
      answer = undefined;
      isSlow = true;
      await note();
      isSlow = false;
      answer = { status: 200, body: JSON.stringify({ grams: 8, at: START + 50 * MINUTE }) };
      await note();
    } finally {
      server.closeAllConnections();
      server.close();
    }
    assert.deepEqual(seen, [
      ['ok', 7],
      ['unavailable', 7],
      ['malformed', 7],
      ['rate_limited', 7],
      ['unavailable', 7],
      ['ok', 8],
    ]);
  });
});
