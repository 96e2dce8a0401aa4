import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWattTime } from '../../src/sources/intensity/watttime.ts';
import { itReportsFailures, rejection } from './failure-rows.ts';
import type { Asked, Reply } from './fake-provider.ts';
import { deps, PATIENT, readPayload, startProvider } from './fake-provider.ts';

const FORECAST = readPayload('watttime-forecast');
const ACCOUNT = { username: async () => 'ada\n', password: async () => 'hunter2\n' };
const BASIC = `Basic ${Buffer.from('ada:hunter2').toString('base64')}`;

function create(baseUrl: string, account = ACCOUNT) {
  return createWattTime({ baseUrl, ...account }, deps('2022-07-15T00:07:00Z'));
}

/** Logs in with token1, token2 and so on; refuses those of `expired`. */
function createTokens(expired: ReadonlySet<string>): (asked: Asked) => Reply {
  let logins = 0;
  return ({ path, headers }) => {
    if (path === '/login') return { body: { token: `token${++logins}` } };
    return expired.has(headers.authorization ?? '') ? { status: 401 } : { body: FORECAST };
  };
}

describe('the login to WattTime', () => {
  itReportsFailures((baseUrl, given, abort) =>
    createWattTime({ baseUrl, ...ACCOUNT }, given).current('CAISO_NORTH', abort),
  );

  function paths(asked: readonly Asked[]): readonly string[] {
    return asked.map(({ path, headers }) => (path === '/login' ? 'login' : String(headers.authorization)));
  }

  it('happens once for any number of questions, one after the other or at once', async (t) => {
    const { baseUrl, asked } = await startProvider(t, createTokens(new Set()));
    const source = create(baseUrl);
    await Promise.all([1, 2, 3].map(() => source.current('CAISO_NORTH', PATIENT)));
    await source.forecast('CAISO_NORTH', PATIENT);
    assert.deepEqual(paths(asked), ['login', ...Array(4).fill('Bearer token1')]);
  });

  it('happens once more when the token is refused, however many questions notice', async (t) => {
    const expired = new Set<string>();
    const { baseUrl, asked } = await startProvider(t, createTokens(expired));
    const source = create(baseUrl);
    await source.current('CAISO_NORTH', PATIENT);
    expired.add('Bearer token1');
    await Promise.all([1, 2, 3].map(() => source.current('CAISO_NORTH', PATIENT)));
    const logins = paths(asked).filter((path) => path === 'login');
    assert.deepEqual([logins.length, paths(asked).at(-1)], [2, 'Bearer token2']);
  });

  it('is not repeated for a token that is refused as soon as it is new', async (t) => {
    const { baseUrl, asked } = await startProvider(t, createTokens(new Set(['Bearer token1', 'Bearer token2'])));
    const error = await rejection(create(baseUrl).current('CAISO_NORTH', PATIENT));
    assert.equal(error.failure, 'unauthorized');
    assert.deepEqual(paths(asked), ['login', 'Bearer token1', 'login', 'Bearer token2']);
  });

  it('is tried anew after one that failed, with the password that is there then', async (t) => {
    const tokens = createTokens(new Set());
    const good = ({ headers }: Asked) => headers.authorization === BASIC;
    const { baseUrl } = await startProvider(t, (one) =>
      one.path === '/login' && !good(one) ? { status: 401 } : tokens(one),
    );
    const passwords = ['old', 'hunter2'];
    const source = create(baseUrl, { ...ACCOUNT, password: async () => passwords.shift() ?? '' });
    const error = await rejection(source.current('CAISO_NORTH', PATIENT));
    assert.deepEqual([error.failure, error.message.includes('old')], ['unauthorized', false]);
    assert.equal((await source.current('CAISO_NORTH', PATIENT)).signal, 'marginal');
  });

  it('goes on for the others when one gives up', async (t) => {
    const impatient = new AbortController();
    let answerLogin = () => {};
    const { baseUrl, asked } = await startProvider(t, (one, response) => {
      if (one.path !== '/login') return { body: FORECAST };
      answerLogin = () => response.end('{"token":"token"}');
      impatient.abort();
      return undefined;
    });
    const source = create(baseUrl);
    const given = rejection(source.current('CAISO_NORTH', impatient.signal));
    const other = source.current('CAISO_NORTH', PATIENT);
    assert.equal((await given).message, 'no answer in time');
    answerLogin();
    assert.equal((await other).signal, 'marginal');
    assert.deepEqual(paths(asked), ['login', 'Bearer token']);
  });

  it('keeps nobody waiting who has given up before', async (t) => {
    const { baseUrl } = await startProvider(t, () => undefined);
    const error = await rejection(create(baseUrl).current('CAISO_NORTH', AbortSignal.abort()));
    assert.equal(error.message, 'no answer in time');
  });

  it('without a password that can be read is not tried', async (t) => {
    const { baseUrl, asked } = await startProvider(t, createTokens(new Set()));
    const password = () => Promise.reject(new Error('hunter2'));
    const error = await rejection(create(baseUrl, { ...ACCOUNT, password }).current('CAISO_NORTH', PATIENT));
    assert.deepEqual(
      [error.failure, error.message, asked.length],
      ['unauthorized', 'the WattTime password cannot be read', 0],
    );
  });
});
