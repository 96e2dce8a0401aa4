import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { regionYaml } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { createSettableClock, type SettableClock, skip } from '../process/fake-time.ts';
import { type Fault, garbled, html, late, odd, status } from '../process/grid-provider.ts';
import { type Serving, untilLogged } from '../replica/serving.ts';
import {
  answersReviews,
  isThere,
  outcomes,
  serveZones,
  sourcesByRegion,
  startProvider,
  untilAll,
} from './stand-alone.ts';

const DEADLINE_MS = 60_000;
/** More than the five minutes for which an answer is kept. */
const LATER_S = 400;
const TOMORROW_MS = 24 * 3_600_000;
const HOUR_S = 3_600;

/** Answers that are of no use; each at a zone of its own. */
const WRONG: readonly [name: string, zone: string, fault: Fault, outcome: string][] = [
  ['401', 'DE', status(401), 'unauthorized'],
  ['403', 'FR', status(403), 'unauthorized'],
  ['HTML instead of JSON', 'GB', html, 'malformed'],
  ['truncated JSON', 'PL', garbled((json) => json.slice(0, -20)), 'malformed'],
  ['NaN', 'NL', garbled((json) => json.replace(':77', ':NaN')), 'malformed'],
  ['another zone', 'BE', odd({ zone: 'NL' }), 'wrong_zone'],
  ['another unit', 'AT', odd({ emissionFactorType: 'percentile' }), 'malformed'],
  ['-5', 'CH', odd({ carbonIntensity: -5 }), 'implausible'],
  ['99999', 'FI', odd({ carbonIntensity: 99_999 }), 'implausible'],
  ['a number as text', 'IE', odd({ carbonIntensity: '77' }), 'malformed'],
  ['a reading from tomorrow', 'GR', odd({ datetime: new Date(Date.now() + TOMORROW_MS).toISOString() }), 'implausible'],
];

/** As long as they last, the source does not answer at all. */
const AWAY: readonly [name: string, fault: Fault][] = [
  ['slow (30 s)', late(30_000)],
  ['failing with 500', status(500)],
  ['dropping connections', (response) => response.destroy()],
];

describe('a running stand-alone server', { concurrency: true }, () => {
  test('its source gives answers of every wrong kind: each region has its yearly average, and its value once they are good', {
    skip,
  }, async (t) => {
    const provider = await startProvider(t);
    for (const [, zone, fault] of WRONG) provider.faults.set(zone, fault);
    const zones = WRONG.map(([, zone]) => zone);
    const clock = createSettableClock(makeTemporaryDirectory(t), 'all');
    const serving = await serveZones(t, { provider, zones, env: clock.env });
    await untilLogged(serving.gridgate, 'sources of intensities failed');
    await answersReviews(serving);
    const counted = await outcomes(serving);
    const before = await sourcesByRegion(serving);
    for (const [name, zone, , outcome] of WRONG) {
      assert.equal(before.get(zone), 'embedded', name);
      const wanted = WRONG.filter((row) => row[3] === outcome).length;
      assert.ok((counted.get(outcome) ?? 0) >= wanted, `${name}: ${JSON.stringify([...counted])}`);
    }
    assert.ok(!counted.has('ok'));

    provider.faults.clear();
    clock.set(LATER_S);
    await untilAll(serving, zones, 'electricity-maps');
    await untilLogged(serving.gridgate, 'every source of intensities works again');
    await answersReviews(serving);
  });

  for (const [name, fault] of AWAY)
    test(`its source is ${name}: it starts at once, is not in a hurry, and recovers with the source`, {
      skip,
    }, async (t) => {
      const provider = await startProvider(t);
      const zones = ['DE', 'FR', 'GB', 'PL'];
      for (const zone of zones) provider.faults.set(zone, fault);
      const clock = createSettableClock(makeTemporaryDirectory(t), 'all');
      const serving = await serveZones(t, { provider, zones, env: clock.env });
      await answersReviews(serving);
      assert.equal((await serving.page('/readyz')).status, 200);
      const { failures, passedS } = await untilGivenUp(serving, clock);
      assert.match(String(failures), /electricity-maps: unavailable: /);
      assert.ok((await outcomes(serving)).has('unavailable'));
      await untilAll(serving, zones, 'embedded');
      await answersReviews(serving);
      // Three attempts for each zone, unless the breaker opened before.
      assert.ok(provider.asked.length <= 3 * zones.length, `${provider.asked.length} requests`);

      provider.faults.clear();
      clock.set(passedS + LATER_S);
      await untilAll(serving, zones, 'electricity-maps');
    });

  test('a burst of 500s is over before anybody notices', async (t) => {
    const provider = await startProvider(t);
    provider.faults.set('DE', (response, zone) => {
      if (provider.asked.length === 2) provider.faults.delete(zone);
      status(500)(response, zone);
    });
    const serving = await serveZones(t, { provider, zones: ['DE'] });
    await answersReviews(serving);
    await untilAll(serving, ['DE'], 'electricity-maps');
    assert.deepEqual([...(await outcomes(serving))].sort().slice(-1), [['unavailable', 2]]);
    assert.ok(!serving.gridgate.log.some(({ msg }) => msg === 'sources of intensities failed'));
  });

  test('429 with Retry-After: not asked again before, not even for a new region', { skip }, async (t) => {
    const waitS = 200;
    const provider = await startProvider(t);
    provider.faults.set('DE', status(429, { 'retry-after': String(waitS) }));
    const clock = createSettableClock(makeTemporaryDirectory(t), 'all');
    const serving = await serveZones(t, { provider, zones: ['DE'], env: clock.env });
    const { failures } = await untilLogged(serving.gridgate, 'sources of intensities failed');
    assert.match(String(failures), /rate_limited: HTTP 429: too many requests, again in 200 s/);

    serving.follow(['DE', 'FR']);
    await pollUntil({ what: 'the new region', probe: () => isThere(serving, 'FR'), deadlineMs: DEADLINE_MS });
    await answersReviews(serving);
    assert.deepEqual(
      provider.asked.map(({ zone }) => zone),
      ['DE'],
    );

    clock.set(waitS);
    serving.follow(['DE', 'FR', 'GB']);
    await untilAll(serving, ['FR', 'GB'], 'electricity-maps');
  });

  test('a host name that does not resolve: told, and over as soon as the configuration names another', async (t) => {
    const provider = await startProvider(t);
    const serving = await serveZones(t, { provider, zones: ['DE'], url: 'http://grid.invalid' });
    await answersReviews(serving);
    const { failures } = await untilLogged(serving.gridgate, 'sources of intensities failed');
    assert.match(String(failures), /unavailable: (its host name does not resolve|no answer in time)/);
    await untilAll(serving, ['DE'], 'embedded');
    serving.configure(provider.url);
    await untilAll(serving, ['DE'], 'electricity-maps');
  });

  test('a token that the provider takes back: the new one in its file counts without a restart', async (t) => {
    const provider = await startProvider(t);
    provider.token = 'first-token';
    const serving = await serveZones(t, { provider, zones: ['DE'], token: 'first-token' });
    await untilAll(serving, ['DE'], 'electricity-maps');

    provider.token = 'second-token';
    serving.follow(['DE', 'FR']);
    await untilLogged(serving.gridgate, 'sources of intensities failed');
    const before = await sourcesByRegion(serving);
    assert.deepEqual([before.get('DE'), before.get('FR')], ['electricity-maps', 'embedded']);

    serving.rotateToken('second-token');
    serving.follow(['DE', 'FR', 'GB']);
    await untilAll(serving, ['GB'], 'electricity-maps');
    assert.deepEqual(
      provider.asked.map(({ zone, token }) => `${zone} ${token}`),
      ['DE first-token', 'FR first-token', 'GB second-token'],
    );
    assert.doesNotMatch(JSON.stringify(serving.gridgate.log) + serving.gridgate.stderr(), /first-token|second-token/);
  });

  test('its own clock jumps an hour forwards, back, and to two hours ago', { skip }, async (t) => {
    const provider = await startProvider(t);
    const clock = createSettableClock(makeTemporaryDirectory(t), 'wall');
    const until = new Date(Date.now() + (HOUR_S / 2) * 1_000).toISOString();
    const down = regionYaml('down', { gramsPerKwh: 10, outage: { active: true, until } });
    const serving = await serveZones(t, { provider, zones: ['DE'], more: [down], env: clock.env });
    await untilAll(serving, ['DE'], 'electricity-maps');
    await untilOut(serving, 1);

    clock.set(HOUR_S);
    await untilOut(serving, 0);
    serving.follow(['DE', 'FR']);
    await untilAll(serving, ['DE', 'FR'], 'electricity-maps');
    assert.equal(provider.asked.filter(({ zone }) => zone === 'DE').length, 2, 'what it knew is an hour old');
    await isWell(serving);

    clock.set(0);
    serving.follow(['DE']);
    await untilOut(serving, 1);
    await isWell(serving);

    // Now what the source says (of the hour's start) is of the future; what it said before goes on counting.
    clock.set(-2 * HOUR_S);
    serving.follow(['DE', 'GB']);
    const { failures } = await untilLogged(serving.gridgate, 'sources of intensities failed');
    assert.match(String(failures), /implausible: measured \d+ min from now: its clock or this one is wrong/);
    await untilAll(serving, ['DE'], 'electricity-maps');
    await untilAll(serving, ['GB'], 'embedded');
    await isWell(serving);

    clock.set(0);
    serving.follow(['DE', 'GB', 'PL']);
    await untilAll(serving, ['DE', 'GB', 'PL'], 'electricity-maps');
    await untilLogged(serving.gridgate, 'every source of intensities works again');
    await isWell(serving);
  });
});

/** Lets time pass until the server has lost its patience with a source. */
function untilGivenUp({ gridgate: { log } }: Serving, clock: SettableClock) {
  const longerThanTimeoutS = 6;
  let passedS = 0;
  return pollUntil({
    what: 'the server to give up',
    probe() {
      const line = log.find(({ msg }) => msg === 'sources of intensities failed');
      if (line) return { failures: line['failures'], passedS };
      passedS += longerThanTimeoutS;
      clock.set(passedS);
      return undefined;
    },
    deadlineMs: DEADLINE_MS,
  });
}

async function isWell(serving: Serving): Promise<void> {
  await answersReviews(serving);
  assert.equal((await serving.page('/readyz')).status, 200);
  assert.match((await serving.page('/metrics')).text, /^gridgate_region_band\{region="DE",band="low"\} 1$/m);
  assert.equal(serving.gridgate.stderr(), '');
}

function untilOut({ page }: Serving, wanted: 0 | 1): Promise<true> {
  const series = `gridgate_region_outage{region="down"} ${wanted}\n`;
  return pollUntil({
    what: series,
    probe: async () => (await page('/metrics')).text.includes(series) || undefined,
    deadlineMs: DEADLINE_MS,
  });
}
