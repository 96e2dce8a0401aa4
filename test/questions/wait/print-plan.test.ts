import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { runCommand } from '../../process/run-command.ts';
import type { Answer } from '../../sources/fake-provider.ts';
import { startApi } from '../explain/explain-api.ts';
import { startDay } from './day-provider.ts';

const TOKEN = 'a-token-nobody-may-see';
const HOUR_MS = 3_600_000;

async function print(test: TestContext, { fault, args = [] }: { fault?: Answer; args?: readonly string[] }) {
  const { config } = await startDay(test, fault);
  const line = ['wait', '--region', 'eu-west-1', '--config', config, '--print', ...args];
  return runCommand(line, { env: { MAPS_TOKEN: TOKEN } });
}

describe('gridgate wait --print', { timeout: 300_000 }, () => {
  it('says when it would start and why, and runs nothing', async (t) => {
    const { code, stdout, stderr } = await print(t, { args: ['--', 'false'] });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Region +eu-west-1$/m);
    assert.match(stdout, /^Start +\d{4}-\d\d-\d\dT\d\d:00:00Z, in 3h\d*m?; at the latest /m);
    assert.match(stdout, /^Why +100 gCO2e\/kWh expected over 1h then, 66\.7% less than the 300 of a start now$/m);
    assert.match(stdout, /^From +electricity-maps: its forecast \(average-lifecycle\)$/m);
  });

  it('as JSON too, with the hours that are expected', async (t) => {
    const { code, stdout } = await print(t, { args: ['-o', 'json', '--duration', '2h', '--within', '6h'] });
    const { takenAt, startAt, latestStart, hours, waitSeconds, ...rest } = JSON.parse(stdout);
    const taken = Date.parse(takenAt);
    const hour = Math.floor(taken / HOUR_MS) * HOUR_MS;
    assert.equal(code, 0);
    assert.deepEqual(rest, {
      version: 'v1',
      region: 'eu-west-1',
      durationSeconds: 7200,
      reason: 'cleaner_later',
      gramsPerKwhNow: 300,
      gramsPerKwhPlanned: 200,
      savingPercent: 33.3,
      source: 'electricity-maps',
      signal: 'average-lifecycle',
      madeOf: 'source',
    });
    assert.ok([3, 4].includes((Date.parse(startAt) - hour) / HOUR_MS), startAt);
    assert.ok(Math.abs(Date.parse(latestStart) - taken - 6 * HOUR_MS) < 60_000, latestStart);
    assert.ok(Math.abs(waitSeconds - (Date.parse(startAt) - taken) / 1_000) <= 1);
    assert.deepEqual(hours[4], {
      from: new Date(hour + 4 * HOUR_MS).toISOString().replace('.000', ''),
      gramsPerKwh: 100,
    });
  });

  it('leaves room for the run before a deadline', async (t) => {
    const args = ['-o', 'json', '--duration', '3h', '--deadline', '5h', '--within', '4h'];
    const { takenAt, latestStart } = JSON.parse((await print(t, { args })).stdout);
    assert.ok(Math.abs(Date.parse(latestStart) - Date.parse(takenAt) - 2 * HOUR_MS) < 60_000, latestStart);
  });

  describe('with a cluster', () => {
    // One hour for all of a test, whenever it ends.
    const current = Math.floor(Date.now() / HOUR_MS);
    const iso = (hours: number) => new Date((current + hours) * HOUR_MS).toISOString();
    async function startRegions(t: TestContext) {
      const reading = { gramsPerKwh: 300, signal: 'marginal', source: 'watttime', measuredAt: iso(0) };
      const status = {
        reading: { ...reading, estimated: true, freshness: 'fresh' },
        forecast: [0, 1, 2, 3].map((ahead) => ({ from: iso(ahead), gramsPerKwh: ahead === 2 ? 90 : 300 })),
      };
      const region = { metadata: { name: 'eu-west-1' }, spec: {}, status };
      return startApi(t, { '/apis/gridgate.dev/v1alpha1/regions': [region] });
    }

    const ways: Readonly<
      Record<string, (file: string) => readonly [args: readonly string[], env: { KUBECONFIG?: string }]>
    > = {
      'that is named': (file) => [['--kubeconfig', file], {}],
      'that kubectl would ask': (file) => [[], { KUBECONFIG: file }],
    };
    for (const [which, way] of Object.entries(ways))
      it(`${which}, plans by what its leader heard`, async (t) => {
        // An hour may end while this runs.
        const planned = [iso(2)];
        const [args, env] = way((await startRegions(t)).kubeconfig);
        const line = ['wait', '--region', 'eu-west-1', '--print', '-o', 'json', ...args];
        const { code, stdout, stderr } = await runCommand(line, { env });
        const { startAt, source, signal, gramsPerKwhPlanned } = JSON.parse(stdout);
        assert.deepEqual([code, stderr], [0, '']);
        planned.push(iso(2));
        assert.ok(planned.includes(startAt.replace('Z', '.000Z')), startAt);
        assert.deepEqual([source, signal, gramsPerKwhPlanned], ['Region.status, watttime', 'marginal', 90]);
      });

    it('that kubectl would ask, asks the sources of --config alone', async (t) => {
      const { config } = await startDay(t);
      const { kubeconfig, asked } = await startRegions(t);
      const line = ['wait', '--region', 'eu-west-1', '--print', '-o', 'json', '--config', config];
      const { stdout } = await runCommand(line, { env: { KUBECONFIG: kubeconfig, MAPS_TOKEN: TOKEN } });
      assert.deepEqual([JSON.parse(stdout).source, asked], ['electricity-maps', []]);
    });

    it('takes the grid zone of its Region for the sources of --config', async (t) => {
      const { config, asked } = await startDay(t);
      const regions = [{ metadata: { name: 'cellar' }, spec: { gridZone: 'SE-SE3' } }];
      const { kubeconfig } = await startApi(t, { '/apis/gridgate.dev/v1alpha1/regions': regions });
      const line = ['wait', '--region', 'cellar', '--print', '--config', config, '--kubeconfig', kubeconfig];
      const { code } = await runCommand(line, { env: { MAPS_TOKEN: TOKEN } });
      assert.deepEqual([code, new Set(asked.map(({ query }) => query['zone']))], [0, new Set(['SE-SE3'])]);
    });

    it('says which Region was meant by a name that it does not have', async (t) => {
      const { kubeconfig } = await startRegions(t);
      const line = ['wait', '--region', 'eu-west-l', '--print', '--kubeconfig', kubeconfig];
      const { code, stderr } = await runCommand(line);
      assert.equal(code, 3);
      assert.match(stderr, /the cluster has no Region called eu-west-l; did you mean eu-west-1\?/);
    });
  });

  const FAULTS: Readonly<Record<string, readonly [Answer, RegExp]>> = {
    'refuses the token': [() => ({ status: 401 }), /electricity-maps: unauthorized: HTTP 401/],
    'is asked too often': [() => ({ status: 429, headers: { 'retry-after': '900' } }), /rate_limited: HTTP 429/],
    'is a page to log in': [() => ({ body: '<!doctype html>' }), /malformed: the answer is HTML/],
    'answers for another zone': [
      () => ({
        body: {
          zone: 'DE',
          carbonIntensity: 1,
          datetime: new Date().toISOString(),
          emissionFactorType: 'lifecycle',
          isEstimated: false,
        },
      }),
      /wrong_zone: /,
    ],
  };
  for (const [what, [fault, says]] of Object.entries(FAULTS))
    it(`ends with 3 where the only source ${what}, and plans to start at once`, async (t) => {
      const { code, stdout, stderr } = await print(t, { fault, args: ['-o', 'json'] });
      const { reason, startAt, takenAt, gramsPerKwhNow } = JSON.parse(stdout);
      assert.deepEqual([code, reason, gramsPerKwhNow, startAt], [3, 'no_forecast', null, takenAt]);
      assert.match(stderr, says);
      assert.ok(!stderr.includes(TOKEN));
    });

  const MISTAKES: Readonly<Record<string, readonly [line: string, says: RegExp]>> = {
    'no region': ['', /--region \(GRIDGATE_REGION\): is missing/],
    'a run of no time': ['--region eu-west-1 --duration 0', /--duration: "0" is not allowed; give a duration from 1s/],
    'a wait of years': ['--region eu-west-1 --within 400d', /--within: "400d" is not allowed/],
    'a deadline that is no time': ['--region eu-west-1 --deadline soon', /--deadline: "soon" is not allowed/],
    'a saving that is no number': ['--region eu-west-1 --min-saving much', /--min-saving: "much" is not allowed/],
    'nobody to ask': ['--region eu-west-1 --print', /nobody can be asked: name sources in a --config/],
    'a file that is not there': ['--region eu-west-1 --config nowhere.yaml --print', /nowhere\.yaml/],
  };
  for (const [what, [line, says]] of Object.entries(MISTAKES))
    it(`ends with 2 for ${what}`, async () => {
      const { code, stderr } = await runCommand(['wait', ...line.split(' ').filter(Boolean)]);
      assert.equal(code, 2);
      assert.match(stderr, says);
    });
});
