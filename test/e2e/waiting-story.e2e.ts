import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';

const skip = skipWithoutCluster || skipWithoutFakeTime;
const HOUR_MS = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR_MS);
const CLEAN_HOUR = NOW + 3;
const ZONES = { DE: 290, PL: 500 };
const LONG_MS = 180_000;
const JOBS = '/apis/batch/v1/namespaces/batch/jobs';
const PODS = '/api/v1/namespaces/batch/pods';

/** Every day one hour is clean. */
const offBy = (hour: number) => ((hour - CLEAN_HOUR) % 24 === 0 ? -200 : 0);

describe('work that can wait, from its namespace to its node', { skip }, () => {
  let cluster: LiveCluster;
  let provider: GridProvider;
  let clock: SettableClock;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    clock = createSettableClock(directory, 'wall');
    provider = await startGridProvider(new Map(Object.entries(ZONES)));
    Object.assign(provider, { pastHours: 24, forecastHours: 48, offBy, hour: () => NOW });
    cluster = await startLiveCluster({
      regions: { clean: { gridZone: 'DE' }, dirty: { gridZone: 'PL' } },
      config: { sources: [{ type: 'electricity-maps', url: provider.url, token: { env: 'TOKEN' } }] },
      env: { ...clock.env, TOKEN: 's3cret' },
    });
    await cluster.createNamespace('batch', { mode: 'enforce', defer: '12h', 'home-region': 'dirty' });
  });
  after(async () => {
    await cluster?.stop();
    await provider?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  /** At the hour that is clean, on every clock and meter. */
  function untilItIsClean(): void {
    for (const [zone, grams] of Object.entries(ZONES)) provider.zones.set(zone, grams + offBy(CLEAN_HOUR));
    provider.hour = () => CLEAN_HOUR;
    clock.set((CLEAN_HOUR * HOUR_MS - Date.now()) / 1_000 + 60);
  }

  const podOf = async (job: string): Promise<Rendered | undefined> =>
    (await cluster.send('GET', `${PODS}?labelSelector=batch.kubernetes.io/job-name=${job}`)).items[0];

  /** Until the leader has learnt, and the webhook has heard of it, Jobs start at once. */
  async function createWaitingJob(): Promise<string> {
    let count = 0;
    return cluster.waitFor(
      'a Job whose pod waits',
      async () => {
        const name = `train-${++count}`;
        await cluster.send('POST', JOBS, jobNamed(name));
        const pod = await cluster.waitFor(`the pod of ${name}`, () => podOf(name));
        if (pod.spec.schedulingGates) return name;
        await cluster.send('DELETE', `${JOBS}/${name}?propagationPolicy=Background`);
        return undefined;
      },
      LONG_MS,
    );
  }

  test('waits for its hour, says why, and goes where it is clean by then', async () => {
    const job = await createWaitingJob();
    const pod = await cluster.waitFor('its Event', async () => {
      const { stdout } = await cluster.kubectl(['-n', 'batch', 'describe', 'pod', (await podOf(job))?.metadata.name]);
      return stdout.includes('Waiting') ? stdout : undefined;
    });
    const planned = new Date(CLEAN_HOUR * HOUR_MS).toISOString().replace('.000', '');
    assert.match(pod, new RegExp(`gridgate.dev/not-before: ${planned}`));
    assert.match(pod, /gridgate\.dev\/waits:\s+\{[^}]*"region":"clean"/);

    const { stdout, code } = await runGridgate([
      'waiting',
      '-n',
      'batch',
      '--kubeconfig',
      cluster.controlPlane.kubeconfig,
    ]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^job/${job} +1 `, 'm'));

    untilItIsClean();
    const placed = await cluster.waitFor(
      'its node',
      async () => {
        const found = await podOf(job);
        return found?.spec.nodeName ? found : undefined;
      },
      LONG_MS,
    );
    assert.match(placed.spec.nodeName, /^clean/);
    assert.match(placed.metadata.annotations['gridgate.dev/released'], /^\d{4}-/);
    await cluster.waitFor('the mark of its Job', async () => {
      const { metadata } = await cluster.send('GET', `${JOBS}/${job}`);
      return metadata.annotations?.['gridgate.dev/released'];
    });
    await cluster.waitFor('what it tells of both', async () => {
      const { items } = await cluster.send('GET', '/apis/events.k8s.io/v1/namespaces/batch/events');
      const told = items
        .filter(({ reason }: Rendered) => reason === 'Released')
        .map((one: Rendered) => one['regarding'].kind);
      return told.includes('Pod') && told.includes('Job') ? true : undefined;
    });
    const [leader] = cluster.replicas('controllers');
    const metrics = await (await fetch(`${leader?.operators}/metrics`)).text();
    assert.match(metrics, /^gridgate_waiting_saved_grams_expected_total\{namespace="batch"\} [0-9.]*[1-9]/m);
  });
});

function jobNamed(name: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      template: {
        metadata: { annotations: { 'gridgate.dev/class': 'flexible', 'gridgate.dev/duration': '1h' } },
        spec: {
          restartPolicy: 'Never',
          containers: [
            { name: 'main', image: 'example.com/train', resources: { requests: { cpu: '1', memory: '1Gi' } } },
          ],
        },
      },
    },
  };
}
