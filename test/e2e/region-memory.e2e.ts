import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readRememberedHours } from '../../src/regions/remembered-hours.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, SYSTEM, startLiveCluster } from './live-cluster.ts';

const HOUR_MS = 3_600_000;
const MEMORY = `${SYSTEM}/configmaps/gridgate-memory-1`;
/** A successor waits until the lease of a leader that was killed is over. */
const LONG_MS = 120_000;

/** A sun by day: clean around noon. */
const offBy = (hour: number) => -100 * Math.sin(((hour % 24) - 6) * (Math.PI / 12));

describe('what a leader learns of a region', () => {
  let cluster: LiveCluster;
  let provider: GridProvider;

  before(async () => {
    if (skip) return;
    provider = await startGridProvider();
    // One hour for all of the test, whenever it ends.
    const hour = Math.floor(Date.now() / HOUR_MS);
    Object.assign(provider, { grams: 300, pastHours: 24, forecastHours: 48, offBy, hour: () => hour });
    cluster = await startLiveCluster({
      regions: { 'eu-central-1': {}, fixed: { gramsPerKwh: 5 } },
      config: { sources: [{ type: 'electricity-maps', url: provider.url, token: { env: 'TOKEN' } }] },
      env: { TOKEN: 's3cret' },
      replicas: { webhook: 0 },
    });
  });
  after(async () => {
    await cluster?.stop();
    await provider?.[Symbol.asyncDispose]();
  });

  const untilForecast = () =>
    cluster.waitFor('a forecast with a band', async () => {
      const { status } = await cluster.region('eu-central-1');
      return status?.forecast?.some(({ low }: { low?: number }) => low !== undefined) ? status.forecast : undefined;
    });

  async function remembered(): Promise<Rendered | undefined> {
    const { status, body } = await cluster.request('GET', MEMORY);
    return status === 200 ? body : undefined;
  }

  async function metric(instance: { readonly operators: string }): Promise<string | undefined> {
    const scraped = await (await fetch(`${instance.operators}/metrics`)).text();
    return /^gridgate_region_memory_hours\{region="eu-central-1"\} (\d+)$/m.exec(scraped)?.[1];
  }

  test('is forecast in its status, kept in a ConfigMap, and known to its successor when it is killed', {
    skip,
  }, async () => {
    const forecast = await untilForecast();
    assert.equal(forecast.length, 72);
    assert.equal(Date.parse(forecast[0].from), provider.hour() * HOUR_MS);
    assert.equal(forecast[0].gramsPerKwh, 300);
    for (const { gramsPerKwh, low, high } of forecast.slice(1)) assert.ok(low <= gramsPerKwh && gramsPerKwh <= high);
    assert.equal((await cluster.region('fixed')).status?.forecast, undefined);

    const kept = await cluster.waitFor('the memory', remembered);
    const hours = readRememberedHours(kept['data']['eu-central-1'], 1_440);
    assert.deepEqual(hours?.identity.source, 'electricity-maps');
    assert.equal(hours?.tenths.length, 24);
    const [leader] = cluster.replicas('controllers');
    assert.ok(leader);
    assert.equal(await metric(leader), '24');

    const asked = provider.askedHistory.length;
    await leader.end('SIGKILL');
    const askedNow = provider.asked.length;
    const successor = await cluster.startReplica('controllers');
    await cluster.waitFor(
      'the successor to know as much',
      async () => (await metric(successor)) === '24' || undefined,
      LONG_MS,
    );
    await cluster.waitFor('it to ask for what is now', () => provider.asked.length > askedNow || undefined, LONG_MS);
    await cluster.waitFor('its readings', async () => (await metric(successor)) === '24' || undefined);
    assert.deepEqual(await remembered(), kept, 'nothing new, so nothing is written');
    assert.deepEqual(await untilForecast(), forecast);
    assert.equal(provider.askedHistory.length, asked);
  });
});
