import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { type ClusterView, createClusterView } from '../../src/cluster/cluster-view.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { createRegionRefresher, type RegionRefresher } from '../../src/controllers/region-refresher/controller.ts';
import { createSnapshotHolder, type SnapshotHolder } from '../../src/regions/snapshot-holder.ts';
import { createIntensityChain } from '../../src/sources/intensity/chain.ts';
import { createElectricityMaps } from '../../src/sources/intensity/electricity-maps.ts';
import { embeddedReading } from '../../src/sources/intensity/embedded.ts';
import { CONTROLLERS_ACCOUNT, installControllersAccount } from '../cluster/controllers-account.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import { runGridgate } from '../process/run-gridgate.ts';

const CRD = fileURLToPath(new URL('../../manifests/crd/regions.yaml', import.meta.url));
const REGIONS = '/apis/gridgate.dev/v1alpha1/regions';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const POLICY_SIGNAL = 'average-lifecycle';

describe('regions in a cluster', () => {
  let controlPlane: ControlPlane;
  let view: ClusterView;
  let holder: SnapshotHolder;
  let refresher: RegionRefresher;
  const zones = new Map([
    ['DE', 412],
    ['FR', 41],
  ]);
  let provider: GridProvider;
  const log: { msg: string; failure?: string; region?: string }[] = [];

  before(async () => {
    if (skip) return;
    provider = await startGridProvider(zones);
    controlPlane = await startControlPlane({ workers: [], users: [{ name: CONTROLLERS_ACCOUNT }] });
    const kubeConfig = loadKubeConfig({ file: await installControllersAccount(controlPlane) });
    const fixed = { regionLabel: 'region', policySignal: POLICY_SIGNAL, fallbackReading: embeddedReading } as const;
    holder = createSnapshotHolder(fixed, Date.now);
    const logger = pino({ level: 'debug' }, { write: (line) => void log.push(JSON.parse(line)) });
    view = createClusterView({
      kubeConfig,
      regionLabel: 'region',
      watchPendingPods: false,
      watchRegions: true,
      log: logger,
      onChange(resource) {
        if (resource !== 'regions') return;
        holder.setRegions(view.regions());
        refresher.regionsChanged();
      },
    });
    const api = createApiClient(kubeConfig);
    after(() => api.close());
    const deps = { fetch: globalThis.fetch, clock: Date.now };
    const source = createElectricityMaps({ baseUrl: provider.url, token: async () => 'good' }, deps);
    refresher = createRegionRefresher({
      regions: view.regions,
      chain: createIntensityChain({ sources: [source], policySignal: POLICY_SIGNAL, clock: Date.now }),
      outages: {
        refresh: async () => ({ byRegion: new Map(), distrusted: false, called: 0, regions: 0, failures: new Map() }),
        restore() {},
      },
      writer: createApiWriter({ api, mayWrite() {} }),
      policySignal: POLICY_SIGNAL,
      clock: Date.now,
      log: logger,
    });
  });
  after(async () => {
    await refresher?.stop();
    await view?.stop();
    holder?.stop();
    await provider?.[Symbol.asyncDispose]();
    await controlPlane?.stop();
  });

  test('a cluster without the CRD stops nothing, and says so in plain words', { skip }, async () => {
    await view.start();
    refresher.start();
    assert.deepEqual(view.regions(), []);
    assert.deepEqual(view.syncState().regions, {
      synced: true,
      failure: 'this cluster knows no Regions: install manifests/crd/regions.yaml',
    });
    assert.equal(view.syncState().nodes?.synced, true);
    assert.equal(log.filter(({ msg }) => msg.startsWith('cannot watch regions')).length, 1);
  });

  test('the CRD comes later: the leader writes what its source says, and kubectl prints it', { skip }, async () => {
    const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', '-f', CRD]);
    assert.deepEqual([code, stderr], [0, '']);
    await create('eu-west-3', {}); // its zone is known
    await create('mine', { gridZone: 'DE', latencyMs: { home: 5 } });
    await create('fixed', { gramsPerKwh: 7 });
    await create('nowhere', {});
    const status = await statusOf('eu-west-3', ({ reading }) => reading?.source === 'electricity-maps');
    assert.deepEqual([status.reading.gramsPerKwh, status.band, status.gridZone], [41, 'low', 'FR']);
    assert.equal(status.forecast.length, 3);
    await statusOf('nowhere', ({ conditions }) => conditions?.length > 0);
    await statusOf('fixed', ({ reading }) => reading?.source === 'static');
    await statusOf('mine', ({ band }) => band === 'high');

    const { stdout } = await controlPlane.kubectl(['get', 'regions']);
    const [header, ...rows] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    assert.deepEqual(header, ['NAME', 'ZONE', 'GCO2/KWH', 'BAND', 'OUTAGE', 'SOURCE', 'AGE']);
    const cells = Object.fromEntries(rows.map(([name = '', ...rest]) => [name, rest.slice(0, 3).join(' ')]));
    assert.deepEqual(cells, { 'eu-west-3': 'FR 41 low', fixed: '7 low static', mine: 'DE 412 high', nowhere: '' });
  });

  test('every replica sees what the leader wrote, with its forecast', { skip }, async () => {
    const region = await controlPlane.waitFor('the reading', () => {
      const one = holder.current().byName.get('mine');
      return one?.reading?.source === 'electricity-maps' ? one : undefined;
    });
    assert.deepEqual([region.reading?.gramsPerKwh, region.band, region.forecast?.length], [412, 'high', 3]);
    assert.equal(holder.current().byName.get('fixed')?.band, 'low');
  });

  test('a status that says what is true already is not written again', { skip }, async () => {
    const read = async () => {
      const { body } = await controlPlane.request('GET', REGIONS);
      return body.items.map(({ metadata }: { metadata: { resourceVersion: string } }) => metadata.resourceVersion);
    };
    const versions = await read();
    refresher.outagesChanged();
    refresher.regionsChanged();
    await createAndSee('probe'); // what was written before its status would show in the versions
    assert.deepEqual(
      (await read()).filter((version: string) => versions.includes(version)),
      versions,
    );
    await controlPlane.request('DELETE', `${REGIONS}/probe`);
  });

  test('an outage set by hand is seen by every replica, and by kubectl', { skip }, async () => {
    await patch('mine', { spec: { outage: { active: true, reason: 'flood' } } });
    await controlPlane.waitFor('the outage', () => holder.current().byName.get('mine')?.outage?.active || undefined);
    const { outage } = await statusOf('mine', (status) => status.outage?.active);
    assert.deepEqual([outage.reason, outage.sources], ['flood', ['manual']]);
    await patch('mine', { spec: { outage: null } });
    await controlPlane.waitFor('its end', () => !holder.current().byName.get('mine')?.outage?.active || undefined);
  });

  test('a spec that names another zone has its value at once', { skip }, async () => {
    await patch('mine', { spec: { gridZone: 'FR' } });
    const status = await statusOf('mine', ({ gridZone, reading }) => gridZone === 'FR' && reading?.gramsPerKwh === 41);
    assert.equal(status.conditions[0].observedGeneration, 4);
    await controlPlane.waitFor(
      'it',
      () => holder.current().byName.get('mine')?.reading?.gramsPerKwh === 41 || undefined,
    );
  });

  test('the status is applied by gridgate, and a condition of somebody else stays', { skip }, async () => {
    const foreign = {
      type: 'Audited',
      status: 'True',
      reason: 'Seen',
      message: '',
      lastTransitionTime: '2026-11-22T09:00:00Z',
    };
    const { body } = await controlPlane.request('GET', `${REGIONS}/fixed`);
    assert.deepEqual(
      body.metadata.managedFields
        .filter(({ subresource }: { subresource?: string }) => subresource === 'status')
        .map(({ manager, operation }: { manager: string; operation: string }) => [manager, operation]),
      [['gridgate', 'Apply']],
    );
    const added = await controlPlane.request(
      'PATCH',
      `${REGIONS}/fixed/status?fieldManager=auditor`,
      { status: { conditions: [...body.status.conditions, foreign] } },
      MERGE_PATCH,
    );
    assert.equal(added.status, 200);
    await patch('fixed', { spec: { gramsPerKwh: 900 } });
    const status = await statusOf('fixed', ({ band }) => band === 'high');
    assert.deepEqual(
      status.conditions.map(({ type }: { type: string }) => type),
      ['Ready', 'SourcesHealthy', 'Audited'],
    );
  });

  test('a region deleted while it is ranked first leaves the snapshot, and the rest goes on', { skip }, async () => {
    const first = [...holder.current().regions].sort(
      (a, b) => (a.reading?.gramsPerKwh ?? Infinity) - (b.reading?.gramsPerKwh ?? Infinity),
    )[0];
    assert.ok(first);
    await controlPlane.request('DELETE', `${REGIONS}/${first.name}`);
    await controlPlane.waitFor('it to go', () => !holder.current().byName.has(first.name) || undefined);
    await createAndSee('another');
    assert.deepEqual(
      log.filter(({ msg }) => msg.includes('cannot do all its work')),
      [],
    );
  });

  describe('gridgate regions --kubeconfig', () => {
    const run = (...args: readonly string[]) =>
      runGridgate(['regions', '--kubeconfig', controlPlane.kubeconfig, '--region-label', 'region', ...args]);

    test('prints the table that kubectl prints, ranked', { skip }, async () => {
      const { code, stdout, stderr } = await run();
      assert.deepEqual([code, stderr], [0, '']);
      const [header = '', ...rows] = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/));
      assert.deepEqual(header, ['NAME', 'ZONE', 'gCO2/kWh', 'BAND', 'OUTAGE', 'SOURCE', 'AGE']);
      assert.deepEqual(
        rows.map((cells) => cells.slice(0, 4).join(' ')),
        ['mine FR 41 low', 'another DE 412 high', 'fixed - 900 high', 'nowhere no zone unknown -'],
      );
    });

    test('prints JSON and lines for a runbook', { skip }, async () => {
      const { stdout } = await run('--output', 'json');
      const listing = JSON.parse(stdout);
      assert.deepEqual([listing.version, listing.regions[0].source], ['v1', 'electricity-maps']);
      assert.deepEqual(Object.keys(listing.regions[0]).includes('stepMs'), false);
      const shell = await run('--format', 'shell');
      assert.equal(shell.stdout, 'mine: 41 gCO2e/kWh\nanother: 412 gCO2e/kWh\nfixed: 900 gCO2e/kWh\n');
    });

    test('--check says which labels and Regions do not fit', { skip }, async () => {
      await controlPlane.request('POST', '/api/v1/nodes', { metadata: { name: 'n1', labels: { region: 'mine' } } });
      await controlPlane.request('POST', '/api/v1/nodes', {
        metadata: { name: 'n2', labels: { region: 'elsewhere' } },
      });
      await patch('another', { spec: { elastic: true } });
      const { code, stdout } = await run('--check');
      assert.equal(code, 1);
      assert.deepEqual(stdout.trimEnd().split('\n'), [
        'FAILS  no Region is named elsewhere, the label region of node n2',
        'FAILS  no node has the label region=fixed, and Region fixed is not elastic: no pod can run there',
        'FAILS  no node has the label region=nowhere, and Region nowhere is not elastic: no pod can run there',
      ]);
    });

    test('exits 3 when the cluster does not answer or knows no Regions, 2 when the kubeconfig is wrong', {
      skip,
    }, async () => {
      const rows: readonly [args: readonly string[], code: number, says: RegExp][] = [
        [['--context', 'none'], 2, /has no context "none"/],
        [['--regions', 'manifests/samples/regions.yaml'], 2, /--regions: means nothing beside --kubeconfig/],
      ];
      for (const [args, code, says] of rows) {
        const finished = await run(...args);
        assert.equal(finished.code, code, finished.stderr);
        assert.match(finished.stderr, says);
      }
      await controlPlane.kubectl(['delete', '-f', CRD]);
      const finished = await run();
      assert.equal(finished.code, 3, finished.stderr);
      assert.match(finished.stderr, /cannot read regions: this cluster knows no Regions: install/);
      await controlPlane.waitFor('no region', () => holder.current().regions.length === 0 || undefined);
    });
  });

  async function createAndSee(name: string): Promise<void> {
    await create(name, { gridZone: 'DE' });
    await statusOf(name, ({ reading }) => reading?.gramsPerKwh === 412);
  }

  async function create(name: string, spec: object): Promise<void> {
    const object = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name }, spec };
    await controlPlane.waitFor(`region ${name} to be taken`, async () => {
      const { status } = await controlPlane.request('POST', REGIONS, object);
      return status === 201 || undefined;
    });
  }

  async function patch(name: string, change: object): Promise<void> {
    const { status, body } = await controlPlane.request('PATCH', `${REGIONS}/${name}`, change, MERGE_PATCH);
    assert.equal(status, 200, JSON.stringify(body));
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into the object; the assertion is the check
  function statusOf(name: string, isThere: (status: any) => unknown): Promise<any> {
    return controlPlane.waitFor(`the status of ${name}`, async () => {
      const { body } = await controlPlane.request('GET', `${REGIONS}/${name}`);
      return body.status && isThere(body.status) ? body.status : undefined;
    });
  }
});
