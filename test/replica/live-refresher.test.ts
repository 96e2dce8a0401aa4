import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ApiClient } from '../../src/cluster/api-client.ts';
import type { ApiWriter } from '../../src/cluster/api-writer.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { LiveRegion } from '../../src/cluster/regions.ts';
import { type GridgateConfig, parseConfigText } from '../../src/config/config-file.ts';
import { parseStatus } from '../../src/regions/region-status.ts';
import { createLiveRefresher } from '../../src/replica/live-refresher.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { liveRegion } from '../controllers/live-regions.ts';
import { startElectricityMaps } from '../sources/fake-electricity-maps.ts';

/** The leader's refresher of two regions, one measured and one fixed, with a writer that is the API server too. */
function lead(test: TestContext, url: string) {
  const configOf = (bands: string, before?: GridgateConfig): GridgateConfig => {
    const sources = `sources: [{type: electricity-maps, token: {env: TOKEN}, url: '${url}'}]\n`;
    const read = parseConfigText(`${sources}bands: ${bands}\n`, 'gridgate.yaml');
    assert.ok('config' in read, JSON.stringify(read));
    // As live-config.ts does it: a section that did not change is the same object.
    return { ...read.config, ...(before && { sources: before.sources }) };
  };
  const view = new Map<string, LiveRegion>(
    [liveRegion('eu-central-1'), liveRegion('own', { gramsPerKwh: 120 })].map((one) => [one.metadata.name, one]),
  );
  async function apply(path: string, object: object): Promise<KubeObject> {
    const name = path.split('/').at(-2) ?? '';
    const { metadata, spec } = view.get(name) ?? liveRegion(name);
    const { status } = object as { status: unknown };
    const written = { ...metadata, resourceVersion: String(Number(metadata.resourceVersion) + 1) };
    view.set(name, { metadata: written, spec, observed: parseStatus(JSON.parse(JSON.stringify(status))) });
    return { metadata: written, spec, status } as KubeObject;
  }
  let config = configOf('{}');
  const controller = createLiveRefresher({
    config: () => config,
    env: { TOKEN: 's3cret' },
    api: {} as ApiClient, // no source of outages asks it
    regions: () => [...view.values()],
    memory: { heard() {}, forecastOf: () => undefined },
    regionLabel: 'topology.kubernetes.io/region',
    policySignal: 'average-lifecycle',
    onRequest: () => {},
    writer: { apply } as ApiWriter,
    log: createLog({ level: 'silent' }),
  });
  controller.start();
  test.after(() => controller.stop());
  const shown = (name: string) => {
    const { band, bandThresholds } = view.get(name)?.observed ?? {};
    return [band, bandThresholds?.join(' ')];
  };
  return {
    controller,
    shown,
    /** As a new gridgate.yaml would. */
    reconfigure(bands: string) {
      config = configOf(bands, config);
      controller.changed('sources');
    },
    until: (name: string, wanted: readonly [band: string, thresholds: string]) =>
      pollUntil({
        what: `${name} to be ${wanted.join(' by ')}`,
        probe: () => (shown(name).join() === wanted.join() ? true : undefined),
        deadlineMs: 60_000,
      }),
  };
}

describe("the leader's bands", { timeout: 300_000, concurrency: 2 }, () => {
  it('follow gridgate.yaml without a restart, and the status says what they were judged by', async (t) => {
    const { baseUrl, asked } = await startElectricityMaps(t);
    const { until, reconfigure } = lead(t, baseUrl);
    await until('eu-central-1', ['high', '200 300']);
    await until('own', ['low', '200 300']);
    reconfigure('{thresholds: [100, 150]}');
    await until('eu-central-1', ['high', '100 150']);
    await until('own', ['medium', '100 150']);
    reconfigure('{mode: relative, thresholds: [100, 150]}');
    // 412 and 450 to 473: a clean hour for Germany, but it has been `high` for less than 30 minutes.
    await until('eu-central-1', ['high', '455 467']);
    await until('own', ['medium', '100 150']);
    reconfigure('{}');
    await until('eu-central-1', ['high', '200 300']);
    assert.equal(asked.filter(({ path }) => path.endsWith('/latest')).length, 1, 'nothing is asked twice');
    assert.equal(asked.filter(({ path }) => path.endsWith('/history')).length, 1);
  });

  it('are relative from the first reading on where the source has a history, also in the next term', async (t) => {
    const { baseUrl, asked } = await startElectricityMaps(t);
    const { until, reconfigure, controller, shown } = lead(t, baseUrl);
    await controller.stop();
    assert.deepEqual(shown('eu-central-1')[1], undefined);
    reconfigure('{mode: relative}');
    controller.start();
    await until('eu-central-1', ['low', '455 467']);
    await controller.stop();
    controller.start();
    reconfigure('{mode: relative, thresholds: [1, 2]}');
    await until('own', ['high', '1 2']);
    assert.deepEqual(shown('eu-central-1'), ['low', '455 467']);
    assert.equal(asked.filter(({ path }) => path.endsWith('/history')).length, 1);
  });
});
