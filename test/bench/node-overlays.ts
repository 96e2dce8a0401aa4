/**
 * `npm run bench-node-overlays`: some 2,000 NodeOverlays and 500 NodePools on a real API server, under the rights and the guard of the
 * controllers' account: how long the leader looks at all of them, how fast they are created, and how many writes a minute it
 * takes when all prices of carbon are others at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { listOnce } from '../../src/cluster/list-watch.ts';
import { NODE_OVERLAYS_PATH } from '../../src/cluster/node-overlays.ts';
import { NODE_POOLS, NODE_POOLS_PATH } from '../../src/cluster/node-pools.ts';
import { createNodeOverlays } from '../../src/controllers/node-overlays/controller.ts';
import { inParallel } from '../../src/units/in-parallel.ts';
import { makeSnapshot } from '../builders.ts';
import { BOOK, offeredType, SETTINGS, ZONE_LABEL } from '../capacity/overlays-world.ts';
import { applyObjects, CONTROLLERS_ACCOUNT, installControllersAccount } from '../cluster/controllers-account.ts';
import { renderWith } from '../cluster/rendered-manifests.ts';
import { skip } from '../control-plane/assets.ts';
import { NODE_CLASS_REF } from '../control-plane/karpenter.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { type Figure, keepsLimit, median, report } from './figures.ts';

/** Each in 500 NodePools of two teams with prices of their own, of which an overlay names 100 at most: six overlays a type. */
const TYPES = 333;
const OVERLAYS = TYPES * 6;
const POOLS = 500;
const USERS = 20;
const MINUTES = 2;
const HALF_HOUR_MS = 31 * 60_000;
const LONG_MS = 600_000;

const figures: Figure[] = [];
if (skip) process.stdout.write('skipped: no control plane here; make control-plane builds one\n');
else {
  await using controlPlane = await startControlPlane({ workers: [], users: [{ name: CONTROLLERS_ACCOUNT }] });
  const kubeconfig = await installControllersAccount(controlPlane);
  await controlPlane.installKarpenter();
  const component = await renderWith(controlPlane, 'base', ['node-overlays']);
  await applyObjects(
    controlPlane,
    component.filter(({ metadata }) => metadata.name === 'gridgate-node-overlays'),
  );
  await fill(controlPlane);
  await measure(controlPlane, kubeconfig);
  process.exitCode = figures.every(keepsLimit) ? 0 : 1;
}

/** NodePools of two teams, and prices of users for one of them. */
async function fill({ request }: ControlPlane): Promise<void> {
  await inParallel(
    Array.from({ length: POOLS }, (_, i) => i),
    8,
    async (i) => {
      const labels = { team: `team-${i % 2}` };
      const spec = { template: { metadata: { labels }, spec: { nodeClassRef: NODE_CLASS_REF, requirements: [] } } };
      const pool = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: `pool-${i}` }, spec };
      const { status, body } = await request('POST', NODE_POOLS_PATH, pool);
      if (status !== 201) throw new Error(JSON.stringify(body));
    },
  );
  await inParallel(
    Array.from({ length: USERS }, (_, i) => i),
    8,
    async (i) => {
      const requirements = [
        { key: 'team', operator: 'In', values: ['team-0'] },
        { key: ZONE_LABEL, operator: 'In', values: ['us-east-1a'] },
      ];
      const spec = { weight: i + 1, priceAdjustment: '-0.01', requirements };
      const overlay = {
        apiVersion: 'karpenter.sh/v1alpha1',
        kind: 'NodeOverlay',
        metadata: { name: `users-${i}` },
        spec,
      };
      const { status, body } = await request('POST', NODE_OVERLAYS_PATH, overlay);
      if (status !== 201) throw new Error(JSON.stringify(body));
    },
  );
}

async function measure({ waitFor, request }: ControlPlane, kubeconfig: string): Promise<void> {
  const api = createApiClient(loadKubeConfig({ file: kubeconfig }));
  const types = Array.from({ length: TYPES }, (_, i) => offeredType(`box-${i}`, { vcpus: 1 + i / 100 }));
  let grams = 379.1;
  let aheadMs = 0;
  let writes = 0;
  let began = 0;
  const looks: number[] = [];
  const writer = createApiWriter({ api, mayWrite: () => {} });
  const pools = await listOnce(api, NODE_POOLS, LONG_MS);
  const controller = createNodeOverlays({
    mode: () => 'on',
    overlayInputs() {
      began = performance.now();
      return { settings: SETTINGS, ...BOOK, types };
    },
    snapshot: () => makeSnapshot({ 'us-east-1': grams }),
    view: { nodes: () => [], nodePools: () => pools },
    api: {
      ...api,
      get(...args) {
        if (began > 0) looks.push(performance.now() - began);
        began = 0;
        return api.get(...args);
      },
    },
    writer: {
      ...writer,
      apply(...args) {
        writes += 1;
        return writer.apply(...args);
      },
    },
    instance: 'bench',
    now: () => Date.now() + aheadMs,
    log: pino({ level: 'silent' }),
  });
  const count = async () => (await request('GET', `${NODE_OVERLAYS_PATH}?limit=5000`)).body.items.length - USERS;
  try {
    const started = performance.now();
    controller.start();
    await waitFor('all overlays', async () => (await count()) === OVERLAYS || undefined, LONG_MS);
    const seconds = (performance.now() - started) / 1_000;
    report(figures, {
      name: `${OVERLAYS} NodeOverlays created`,
      value: seconds,
      unit: 's',
      limit: 300,
      keep: 'at most',
    });
    await sleep(10_000); // rounds without anything to do
    grams = 200;
    aheadMs = HALF_HOUR_MS;
    looks.length = 0;
    writes = 0;
    controller.changed();
    await sleep(MINUTES * 60_000);
    report(
      figures,
      {
        name: `one look at ${OVERLAYS} NodeOverlays and ${POOLS} NodePools`,
        value: median(looks),
        unit: 'ms',
        limit: 2_000,
        keep: 'at most',
      },
      `${looks.length} rounds, ${Math.max(...looks).toFixed(0)} ms at most`,
    );
    report(figures, {
      name: 'writes a minute while all prices change',
      value: writes / MINUTES,
      unit: '',
      limit: 60,
      keep: 'at most',
    });
  } finally {
    await controller.stop();
    api.close();
  }
}
