import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { LateError, untilAborted, within } from '../../src/units/deadline.ts';

const LONG_MS = 60_000;
const never = () => new Promise<never>(() => {});

/** As a request does that hears the signal itself, in its own words. */
function deaf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('this operation was aborted')));
  });
}

describe('work with so much time', () => {
  it('answers what it finds in time', async () => {
    assert.equal(await within('the API server', LONG_MS, async () => 'found'), 'found');
  });

  it('rejects as it does by itself', async () => {
    await assert.rejects(
      within('the API server', LONG_MS, () => Promise.reject(new Error('HTTP 500'))),
      /HTTP 500/,
    );
  });

  for (const [name, work] of [
    ['knows no signal', never],
    ['hears the signal', deaf],
  ] as const)
    it(`is named as late where it ${name}`, async () => {
      const late = (error: unknown) =>
        error instanceof LateError && error.message === 'the API server does not answer within 5 ms';
      await assert.rejects(within('the API server', 5, work), late);
    });

  it('ends with the caller, and is not begun for one who left', async () => {
    const caller = new AbortController();
    const waiting = within('the API server', LONG_MS, never, caller.signal);
    caller.abort(new Error('the caller left'));
    await assert.rejects(waiting, /the caller left/);
    const notBegun = () => assert.fail('begun');
    await assert.rejects(within('the API server', LONG_MS, notBegun, caller.signal), /the caller left/);
  });

  it('tells its signal to end', async () => {
    let ended = false;
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        ended = true;
      });
      return never();
    };
    await assert.rejects(within('it', 5, work), LateError);
    assert.ok(ended);
  });
});

describe('work until a signal', () => {
  it('is given up in the words that the caller has for it', async () => {
    const waiting = untilAborted(AbortSignal.abort(), never, () => new Error('no answer in time'));
    await assert.rejects(waiting, /no answer in time/);
  });

  it('leaves no listener at a signal that lives on', async () => {
    const { signal } = new AbortController();
    await untilAborted(signal, async () => 1);
    await within('it', LONG_MS, async () => 1, signal);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});
