import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { toOverlayObject } from '../../src/capacity/keep-overlays.ts';
import { isOwn, OWN_SELECTOR } from '../../src/capacity/own-overlay.ts';
import { planOverlays } from '../../src/capacity/plan-overlays.ts';
import { toStep } from '../../src/capacity/price-step.ts';
import { NODE_OVERLAYS_PATH, overlayName } from '../../src/cluster/node-overlays.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../src/regions/node-overlay.ts';
import { inParallel } from '../../src/units/in-parallel.ts';
import { offeredType, overlayInput, TYPE_LABEL, ZONE_LABEL } from '../capacity/overlays-world.ts';
import { applyObjects, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import {
  type InstanceType,
  KWOK_NODE_CLASS,
  KWOK_NODE_CLASSES_PATH,
  NODE_CLASS_REF,
  NODE_POOLS_PATH,
} from '../control-plane/karpenter.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';
import { pod, requesting } from './objects.ts';

const skip = skipWithoutCluster;
const skipClock = skip || skipWithoutFakeTime;
/** More than Karpenter lists in a NodeClaim: those that are left out are the dearer ones. */
const LISTED = 600;
const OF_EACH = 650;
const LONG_MS = 240_000;
const HALF_HOUR_S = 31 * 60;
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
/** What gridgate is told of both: 1 a kilogram. */
const CARBON_PRICE = 1;

/** Machines of 2 vCPU and 8 GiB, all alike: `east` is a little cheaper than `west`. */
const INSTANCE_TYPES: readonly InstanceType[] = [...machines('east', 0.1), ...machines('west', 0.101)];

function machines(region: string, price: number): readonly InstanceType[] {
  return Array.from({ length: OF_EACH }, (_, i) => ({
    name: `${region}-${i}`,
    architecture: 'amd64',
    resources: { cpu: '2', memory: '8Gi' },
    offerings: [{ zone: `${region}-a`, capacityType: 'on-demand', price: price + i / 1e7 }],
  }));
}

/** As people write it for gridgate. */
function toOwnForm({ name, resources, offerings }: InstanceType): object {
  return { name, vcpus: Number(resources['cpu']), memory: resources['memory'], offerings };
}

function componentObjects(objects: readonly Rendered[]): readonly Rendered[] {
  return ofKind(
    objects,
    'ClusterRole',
    'ClusterRoleBinding',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
  ).filter(({ metadata }) => metadata.name === 'gridgate-node-overlays');
}

/** Rights and guard of the component, beside the base that is there. */
async function installComponent(controlPlane: ControlPlane): Promise<void> {
  const objects = componentObjects(await renderWith(controlPlane, 'base', ['node-overlays']));
  assert.equal(objects.length, 4);
  await applyObjects(controlPlane, objects);
}

describe('prices of carbon and the real Karpenter', () => {
  let cluster: LiveCluster;
  let clock: SettableClock;
  let pods = 0;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'wall');
    cluster = await startLiveCluster({
      regions: { east: { gramsPerKwh: 800 }, west: { gramsPerKwh: 20 } },
      env: skipClock ? {} : clock.env,
      replicas: { controllers: 0, webhook: 0 },
    });
    writeFileSync(typesFile(), JSON.stringify(INSTANCE_TYPES.map(toOwnForm)));
    const overlays = { carbonPrice: CARBON_PRICE, instanceTypes: typesFile() };
    writeFileSync(cluster.configFile, stringify({ sources: [], overlays }));
    await installComponent(cluster.controlPlane);
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const typesFile = () => join(cluster.controlPlane.dir, 'types-of-gridgate.json');

  async function overlays(): Promise<readonly NodeOverlayFacts[]> {
    const { items } = await cluster.send('GET', NODE_OVERLAYS_PATH);
    return items.map(toNodeOverlayFacts);
  }

  const ours = async () => (await overlays()).filter(isOwn);

  /** What ours say of a region, each once. */
  async function pricesOf(region: string): Promise<readonly string[]> {
    const there = (await ours()).filter(({ requirements }) =>
      requirements.some(({ key, values = [] }) => key === ZONE_LABEL && values.includes(`${region}-a`)),
    );
    return [...new Set(there.map(({ price, priceAdjustment }) => price ?? priceAdjustment ?? ''))];
  }

  async function untilPrices(east: string, west: string): Promise<void> {
    await cluster.waitFor(
      `${east} in east and ${west} in west`,
      async () => {
        const [ofEast, ofWest] = [await pricesOf('east'), await pricesOf('west')];
        const isAll = (await ours()).length === 14; // of 100 types at most
        return (isAll && ofEast.join() === east && ofWest.join() === west) || undefined;
      },
      LONG_MS,
    );
  }

  /** A pod for which a node must come, and what Karpenter asked for and got. */
  async function launch(): Promise<{ readonly zone: string; readonly types: readonly string[] }> {
    const name = `work-${++pods}`;
    await cluster.send(
      'POST',
      '/api/v1/namespaces/default/pods',
      pod(name, { containers: [requesting({ cpu: '1500m' })], nodeSelector: { 'karpenter.sh/nodepool': 'default' } }),
    );
    const nodeName = await cluster.waitFor(
      `${name} to have a node`,
      async () => (await cluster.send('GET', `/api/v1/namespaces/default/pods/${name}`)).spec.nodeName as string,
      LONG_MS,
    );
    const { metadata } = await cluster.send('GET', `/api/v1/nodes/${nodeName}`);
    const { items } = await cluster.send('GET', '/apis/karpenter.sh/v1/nodeclaims');
    const claim = items.find(({ status }: Rendered) => status?.nodeName === nodeName);
    const asked = claim.spec.requirements.find(({ key }: Rendered) => key === TYPE_LABEL);
    return { zone: metadata.labels[ZONE_LABEL], types: asked.values };
  }

  /** Karpenter takes prices up a moment after they were written: nodes that came in between are left aside. */
  async function untilLaunchedIn(region: string): Promise<readonly string[]> {
    return cluster.waitFor(
      `a node in ${region}`,
      async () => {
        const { zone, types } = await launch();
        return zone === `${region}-a` ? types : undefined;
      },
      LONG_MS,
    );
  }

  async function assertNoConflict(): Promise<void> {
    const there = await cluster.waitFor('a verdict on each of ours', async () => {
      const all = await ours();
      return (all.length > 0 && all.every(({ verdict }) => verdict !== undefined) && all) || undefined;
    });
    assert.deepEqual(
      there.filter(({ verdict }) => !verdict?.isValid).map(({ name, verdict }) => [name, verdict]),
      [],
    );
  }

  async function setGrid(east: number, west: number): Promise<void> {
    await cluster.patch(`${REGIONS_PATH}/east`, { spec: { gramsPerKwh: east } });
    await cluster.patch(`${REGIONS_PATH}/west`, { spec: { gramsPerKwh: west } });
  }

  test('without NodeOverlays in the cluster nothing is written, which is said once; when they can be, they are', {
    skip,
  }, async () => {
    const { log } = await cluster.startReplica('controllers', '--node-overlays', 'on');
    await cluster.waitFor('the log to say so', async () => isSaid(log) || undefined);
    await cluster.controlPlane.installKarpenter();
    await cluster.waitFor('the overlays', async () => (await ours()).length === 14 || undefined, LONG_MS); // of 100 types at most
    assert.equal(log.filter(({ failure }) => /knows no NodeOverlays/.test(String(failure))).length, 1);
  });

  test('that nobody looks at them is told', { skip: skipClock }, async () => {
    clock.set(6 * 60);
    const event = await cluster.waitFor(
      'the Event',
      async () => (await cluster.send('GET', EVENTS)).items.find(({ reason }: Rendered) => reason === 'OverlaysUnseen'),
      LONG_MS,
    );
    assert.match(event.note, /feature gate NodeOverlay is off/);
    assert.equal(event.regarding.kind, 'NodeOverlay');
    clock.set(0);
  });

  test('without them nodes come where money is least', { skip }, async () => {
    const [first] = cluster.replicas('controllers');
    await first?.end('SIGTERM');
    await cluster.send('DELETE', NODE_OVERLAYS_PATH);
    await cluster.controlPlane.startKarpenter({ instanceTypes: INSTANCE_TYPES });
    await cluster.send('POST', KWOK_NODE_CLASSES_PATH, KWOK_NODE_CLASS);
    await cluster.send('POST', NODE_POOLS_PATH, {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodePool',
      metadata: { name: 'default' },
      spec: {
        disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: 'Never' },
        template: { spec: { nodeClassRef: NODE_CLASS_REF, requirements: [] } },
      },
    });
    const { zone, types } = await launch();
    assert.equal(zone, 'east-a');
    assert.equal(types.length, LISTED);
    assert.ok(types.every((type) => type.startsWith('east-')));
  });

  function isSaid(log: GridgateProcess['log']): boolean {
    return log.some(({ failure }) => /knows no NodeOverlays/.test(String(failure)));
  }

  test('with them where money and carbon together are least, as the arithmetic says', {
    skip,
  }, async () => {
    await cluster.startReplica('controllers', '--node-overlays', 'on');
    // 7.6073 W: in east 0.95772 g + 7.6073 Wh * 1.135 * 800 g/kWh = 7.8652 g, in west 1.1304 g; so 0.10787 and 0.10213.
    await untilPrices(`+${toStep(0.0078652)}`, `+${toStep(0.0011304)}`);
    await assertNoConflict();
    const types = await untilLaunchedIn('west');
    assert.equal(types.length, LISTED);
    assert.ok(types.every((type) => type.startsWith('west-')));
  });

  test('a discount of a user counts, and carbon on top of it', { skip }, async () => {
    const discount = (priceAdjustment: string) => ({
      apiVersion: 'karpenter.sh/v1alpha1',
      kind: 'NodeOverlay',
      metadata: { name: 'discount' },
      spec: {
        weight: 9_000,
        priceAdjustment,
        requirements: [{ key: ZONE_LABEL, operator: 'In', values: ['east-a'] }],
      },
    });
    // 0.098 alone would be less than 0.101; with carbon it is 0.10587, and west 0.10213.
    await applyObjects(cluster.controlPlane, [discount('-0.002')]);
    await untilIncluded(-0.002);
    await untilLaunchedIn('west');
    // 0.09 and carbon are 0.09787.
    await applyObjects(cluster.controlPlane, [discount('-0.01')]);
    await untilIncluded(-0.01);
    const types = await untilLaunchedIn('east');
    assert.ok(types.every((type) => type.startsWith('east-')));
    const [theirs] = (await overlays()).filter((one) => !isOwn(one));
    assert.equal(theirs?.verdict?.isValid, true);
    await cluster.send('DELETE', `${NODE_OVERLAYS_PATH}/discount`);
    await untilPrices(`+${toStep(0.0078652)}`, `+${toStep(0.0011304)}`);
    await untilLaunchedIn('west');
    await assertNoConflict();
  });

  /** All of ours in east say that it is in them, and stand above it; Karpenter finds nothing wrong. */
  async function untilIncluded(amount: number): Promise<void> {
    await cluster.waitFor(
      `a discount of ${amount} in ours`,
      async () => {
        const all = await ours();
        const composed = all.filter(({ annotations }) => annotations['gridgate.dev/includes'] === 'discount');
        const isRight = composed.every(
          ({ priceAdjustment, weight }) =>
            weight > 9_000 && Math.abs(Number(priceAdjustment) - amount - toStep(0.0078652)) < 1e-9,
        );
        return (all.length === 14 && composed.length === 7 && isRight) || undefined;
      },
      LONG_MS,
    );
    await assertNoConflict();
  }

  test('back when the grid turns, half an hour after the last change, although the leader is killed in between; each overlay changes once', {
    skip: skipClock,
  }, async () => {
    await cluster.startReplica('controllers', '--node-overlays', 'on');
    const before = await generations();
    clock.set(HALF_HOUR_S);
    const first = await cluster.leader();
    await setGrid(20, 800);
    await cluster.waitFor(
      'the first new price',
      async () => (await changedSince(before)).length >= 2 || undefined,
      LONG_MS,
    );
    await first.end('SIGKILL');
    const changed = (await changedSince(before)).length;
    assert.ok(changed < before.size, 'nothing was left to a successor');
    await untilPrices(`+${toStep(0.0011304)}`, `+${toStep(0.0078652)}`);
    const generation = await generations();
    assert.deepEqual([...generation.keys()].sort(), [...before.keys()].sort());
    for (const [name, number] of generation) assert.equal(number, (before.get(name) ?? 0) + 1, name);
    const types = await untilLaunchedIn('east');
    assert.equal(types.length, LISTED);
    assert.ok(types.every((type) => type.startsWith('east-')));
    await assertNoConflict();
  });

  async function generations(): Promise<ReadonlyMap<string, number>> {
    const { items } = await cluster.send('GET', NODE_OVERLAYS_PATH);
    return new Map(items.map(({ metadata }: Rendered) => [metadata.name, metadata.generation]));
  }

  async function changedSince(before: ReadonlyMap<string, number>): Promise<readonly string[]> {
    return [...(await generations())].filter(([name, number]) => before.get(name) !== number).map(([name]) => name);
  }

  test('one that is paused stays; within half an hour no price changes', { skip: skipClock }, async () => {
    const [one, other] = await ours();
    await cluster.patch(`${NODE_OVERLAYS_PATH}/${one?.name}`, {
      metadata: { annotations: { 'gridgate.dev/paused': 'true' } },
    });
    const before = await generations();
    await setGrid(400, 400);
    await sleep(15_000);
    assert.deepEqual(await changedSince(before), []);
    clock.set(2 * HALF_HOUR_S);
    await cluster.waitFor(
      'the others',
      async () => (await changedSince(before)).length === before.size - 1 || undefined,
      LONG_MS,
    );
    assert.ok(!(await changedSince(before)).includes(one?.name ?? ''));
    assert.ok((await changedSince(before)).includes(other?.name ?? ''));
  });

  test('the account may write no other overlay, and nothing else of ours', { skip }, async () => {
    const theirs = {
      apiVersion: 'karpenter.sh/v1alpha1',
      kind: 'NodeOverlay',
      metadata: { name: 'theirs' },
      spec: { weight: 1, requirements: [] },
    };
    await applyObjects(cluster.controlPlane, [theirs]);
    const [paused] = (await ours()).filter(({ annotations }) => annotations['gridgate.dev/paused'] === 'true');
    const [one] = (await ours()).filter(({ annotations }) => annotations['gridgate.dev/paused'] === undefined);
    const mine = `${NODE_OVERLAYS_PATH}/${one?.name}`;
    const merge = { 'content-type': 'application/merge-patch+json' };
    const rows: readonly [name: string, method: string, path: string, body?: object, type?: Record<string, string>][] =
      [
        ['a price of theirs', 'PATCH', `${NODE_OVERLAYS_PATH}/theirs`, { spec: { price: '0' } }, merge],
        ['our labels on theirs', 'PATCH', `${NODE_OVERLAYS_PATH}/theirs`, { metadata: { labels: one?.labels } }, merge],
        ['the end of theirs', 'DELETE', `${NODE_OVERLAYS_PATH}/theirs`],
        ['the end of one that is paused', 'DELETE', `${NODE_OVERLAYS_PATH}/${paused?.name}`],
        [
          'a price of one that is paused',
          'PATCH',
          `${NODE_OVERLAYS_PATH}/${paused?.name}`,
          { spec: { priceAdjustment: '+9' } },
          merge,
        ],
        [
          'a new one of another name',
          'POST',
          NODE_OVERLAYS_PATH,
          { ...theirs, metadata: { name: 'evil', labels: one?.labels } },
        ],
        [
          'a new one without our labels',
          'POST',
          NODE_OVERLAYS_PATH,
          { ...theirs, metadata: { name: 'gridgate-evil' } },
        ],
        ['resources of nodes', 'PATCH', mine, { spec: { capacity: { 'example.com/gpu': '8' } } }, merge],
        ['all instance types', 'PATCH', mine, { spec: { requirements: [] } }, merge],
        [
          'another label to match',
          'PATCH',
          mine,
          { spec: { requirements: [{ key: 'team', operator: 'In', values: ['a'] }] } },
          merge,
        ],
        ['a label', 'PATCH', mine, { metadata: { labels: { team: 'x' } } }, merge],
        ['our labels away', 'PATCH', mine, { metadata: { labels: { 'gridgate.dev/overlay': null } } }, merge],
        ['another annotation', 'PATCH', mine, { metadata: { annotations: { team: 'x' } } }, merge],
        ['a pause', 'PATCH', mine, { metadata: { annotations: { 'gridgate.dev/paused': 'true' } } }, merge],
        ['a finalizer', 'PATCH', mine, { metadata: { finalizers: ['example.com/stays'] } }, merge],
        ['its status', 'PATCH', `${mine}/status`, { status: { conditions: [] } }, merge],
        ['a NodePool', 'PATCH', `${NODE_POOLS_PATH}/default`, { spec: { weight: 3 } }, merge],
      ];
    for (const [name, method, path, body, type = {}] of rows) {
      const answer = await cluster.request(method, `${path}?dryRun=All`, body, {
        ...type,
        'impersonate-user': CONTROLLERS_ACCOUNT,
      });
      assert.equal(answer.status, 403, `${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    await cluster.send('DELETE', `${NODE_OVERLAYS_PATH}/theirs`);
  });

  test('in audit what was written goes, but what is paused, and Events say what would be', { skip }, async () => {
    await (await cluster.leader()).end('SIGTERM');
    await cluster.startReplica('controllers', '--node-overlays', 'audit');
    await cluster.waitFor('ours to go', async () => (await ours()).length <= 1 || undefined, LONG_MS);
    for (const { annotations } of await ours()) assert.equal(annotations['gridgate.dev/paused'], 'true');
    const event = await cluster.waitFor('the Event', async () =>
      (await cluster.send('GET', EVENTS)).items.find(({ reason }: Rendered) => reason === 'OverlaysWouldChange'),
    );
    assert.match(
      event.note,
      /^with --node-overlays=on there would be \d+ NodeOverlays for \d+ offerings, with a price of carbon from about 0\.00\d+ to/,
    );
  });

  test('nothing that gridgate wanted to write was refused', { skip }, () => {
    for (const one of cluster.replicas('controllers')) {
      assert.equal(one.stderr(), '');
      const failures = one.log.filter(
        ({ controller, failure }) => controller === 'node-overlays' && failure !== undefined,
      );
      assert.deepEqual(
        failures.filter(({ failure }) => /Forbidden|403|422/.test(String(failure))),
        [],
      );
    }
  });
});

describe('2,000 NodeOverlays', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [] });
    await controlPlane.installKarpenter();
  });
  after(() => controlPlane?.stop());

  test('of all modes and prices are taken by the real API server', { skip, timeout: LONG_MS }, async () => {
    const types = Array.from({ length: 667 }, (_, i) => offeredType(`box-${i}`, { vcpus: 0.25 + i / 3 }));
    const settings = overlayInput().settings;
    const objects = [
      { ...settings },
      { ...settings, mode: 'replace' as const, carbonPrice: 1e-6 },
      { ...settings, carbonPrice: 1_000, weights: [1, 10_000] as const },
    ].flatMap((settings, i) =>
      planOverlays(overlayInput({ types, settings })).wanted.map((wanted) =>
        toOverlayObject(
          { ...wanted, name: overlayName(`${i}${wanted.content}`) },
          { weight: wanted.leastWeight, carbonPrice: toStep(wanted.carbonPrice ?? 0) },
        ),
      ),
    );
    assert.ok(objects.length >= 2_000);
    await inParallel(objects.slice(0, 2_000), 8, async (object) => {
      const { status, body } = await controlPlane.request('POST', NODE_OVERLAYS_PATH, object);
      assert.equal(status, 201, JSON.stringify([object, body]));
    });
    const { body } = await controlPlane.request(
      'GET',
      `${NODE_OVERLAYS_PATH}?labelSelector=${encodeURIComponent(OWN_SELECTOR)}`,
    );
    assert.equal(body.items.length, 2_000);
  });
});
