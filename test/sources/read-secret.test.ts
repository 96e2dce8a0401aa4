import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { readSecret } from '../../src/sources/asking/read-secret.ts';
import { createElectricityMaps } from '../../src/sources/intensity/electricity-maps.ts';
import { rejection } from './failure-rows.ts';
import { deps, PATIENT, startProvider } from './fake-provider.ts';

const SECRET = 'hunter2';

describe('a secret', () => {
  it('is read without the white space around it', async () => {
    assert.equal(await readSecret(async () => ` ${SECRET} 2\r\n`, 'password'), `${SECRET} 2`);
  });

  const rows: readonly [name: string, token: () => Promise<string>, says: string][] = [
    ['that is empty', async () => ' \n', 'the Electricity Maps token is empty'],
    [
      'that no header can hold',
      async () => `${SECRET}\nsecond: ${SECRET}`,
      'the Electricity Maps token has characters that no token has',
    ],
    [
      'whose file is gone',
      () => Promise.reject(Object.assign(new Error(`no file, was ${SECRET}`), { code: 'ENOENT' })),
      'the Electricity Maps token cannot be read: ENOENT',
    ],
    [
      'whose reader fails oddly',
      () => Promise.reject(Object.assign(new Error(SECRET), { code: SECRET })),
      'the Electricity Maps token cannot be read',
    ],
    ['whose reader throws no error', () => Promise.reject(undefined), 'the Electricity Maps token cannot be read'],
  ];
  for (const [name, token, says] of rows)
    it(`${name} is reported without it, and nothing is asked`, async (t) => {
      const { baseUrl, asked } = await startProvider(t, { body: {} });
      const source = createElectricityMaps({ baseUrl, token }, deps('2026-11-22T09:00:00Z'));
      const error = await rejection(source.current('DE', PATIENT));
      assert.deepEqual([error.failure, error.message, asked.length], ['unauthorized', says, 0]);
      assert.ok(!inspect(error, { depth: 9 }).includes(SECRET), inspect(error, { depth: 9 }));
    });

  it('in an address is not told when the address is refused', async () => {
    const source = createElectricityMaps(
      { baseUrl: `http://user:${SECRET}@127.0.0.1:1`, token: async () => 'token' },
      deps('2026-11-22T09:00:00Z'),
    );
    const error = await rejection(source.current('DE', PATIENT));
    assert.equal(error.failure, 'unavailable');
    assert.ok(!inspect(error, { depth: 9 }).includes(SECRET), inspect(error, { depth: 9 }));
  });
});
