import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { findInstallation } from '../../src/commands/uninstall/find-installation.ts';
import { removeInstallation } from '../../src/commands/uninstall/remove-installation.ts';
import { REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import { skip } from './cluster.ts';
import {
  type FollowingCluster,
  HOUR_MS,
  MINUTE_MS,
  NODE_POOLS_PATH,
  nodePool,
  type PoolParts,
  startFollowing,
  untilPoolsGuarded,
} from './following-pools.ts';

const STATUS = 'gridgate.dev/carbon-status';
const BEFORE = 'gridgate.dev/carbon-before';
const IN_EU = { key: REGION_LABEL, operator: 'In', values: ['eu'] };
const ZONES = { key: ZONE_LABEL, operator: 'In', values: ['eua', 'usa'] };
const DRIFTED = { budgets: [{ nodes: '1', reasons: ['Drifted'] }], consolidateAfter: '1m' };
const CLEAN = { eu: 100, us: 100 };
const DIRTY = { eu: 400, us: 100 };
const AMD = { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] };
const SPOT = { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot'] };

/** One of each mode that follows the region `eu`, with what is to stand there while it is dirty. */
const MODES: Readonly<Record<string, { readonly parts: PoolParts; readonly dirty: (pool: Rendered) => boolean }>> = {
  pause: {
    parts: {
      annotations: { 'carbon-aware': 'pause' },
      requirements: [IN_EU],
      spec: { limits: { cpu: 100, memory: '1Ti' } },
    },
    dirty: ({ spec }) => spec.limits.cpu === '0',
  },
  hardware: {
    parts: { annotations: { 'carbon-aware': 'hardware' }, requirements: [IN_EU, SPOT, AMD], spec: { weight: 7 } },
    dirty: ({ spec }) => spec.weight === 60,
  },
  requirement: {
    parts: {
      annotations: { 'carbon-aware': 'requirement' },
      requirements: [AMD, ZONES],
      spec: { disruption: DRIFTED },
    },
    dirty: ({ spec }) => spec.template.spec.requirements[1].values.join() === 'usa',
  },
};

describe('NodePools on a real API server', () => {
  let cluster: FollowingCluster;
  let controller: ReturnType<FollowingCluster['startController']>;

  before(async () => {
    if (skip) return;
    cluster = await startFollowing(CLEAN, { workers: [] });
    controller = cluster.startController();
  });
  after(() => cluster?.stop());

  /** All pools go, and the grid is clean again. */
  afterEach(async () => {
    if (skip) return;
    await cluster.request('DELETE', NODE_POOLS_PATH);
    cluster.turn(CLEAN);
  });

  const isFollowed = ({ metadata }: Rendered) => metadata.annotations?.[STATUS] !== undefined;
  const isGivenBack = ({ metadata }: Rendered) => metadata.annotations?.[BEFORE] === undefined;

  /** Without what changes with every write. */
  function plain({ metadata, spec }: Rendered) {
    const { [STATUS]: _, ...annotations } = metadata.annotations ?? {};
    const managed = (metadata.managedFields ?? []).map(({ time, ...entry }: Rendered) => entry);
    return { annotations, spec, owners: managed.filter(({ manager }: Rendered) => !/^gridgate/.test(manager)) };
  }

  const ours = ({ metadata }: Rendered) =>
    metadata.managedFields.filter(({ manager }: Rendered) => manager === 'gridgate-node-pools');

  async function apply(object: Rendered, ...args: readonly string[]): Promise<string> {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-', ...args], JSON.stringify(object));
    return code === 0 ? '' : stderr;
  }

  test('are looked for once, and again when Karpenter is installed', { skip }, async () => {
    assert.equal((await cluster.request('GET', NODE_POOLS_PATH)).status, 404);
    await cluster.controlPlane.installKarpenter();
    await cluster.createPool('first', MODES['pause']?.parts);
    await cluster.untilPool('first', 'followed', isFollowed);
    await untilPoolsGuarded(cluster.controlPlane);
  });

  const WAYS: readonly [name: string, args: readonly string[]][] = [
    ['kubectl apply', []],
    ['kubectl apply --server-side', ['--server-side']],
    ['kubectl apply --server-side of another manager', ['--server-side', '--field-manager=argocd-controller']],
  ];
  for (const [way, args] of WAYS)
    for (const [mode, { parts, dirty }] of Object.entries(MODES))
      test(`${mode}: what ${way} wrote is taken and given back, value and owner`, { skip }, async () => {
        const manifest = nodePool('a', parts);
        assert.equal(await apply(manifest, ...args), '');
        const before = await cluster.untilPool('a', 'followed', isFollowed);
        cluster.turn(DIRTY);
        const taken = await cluster.untilPool('a', 'taken', dirty);
        // What GitOps tools are told to look past: the field and our two annotations, and nothing else.
        const [{ operation, fieldsV1 }, ...others] = ours(taken);
        assert.deepEqual([operation, others], ['Apply', []]);
        assert.deepEqual(Object.keys(fieldsV1).sort(), ['f:metadata', 'f:spec']);
        assert.deepEqual(fieldsV1['f:metadata'], { 'f:annotations': { [`f:${BEFORE}`]: {}, [`f:${STATUS}`]: {} } });
        assert.deepEqual(fieldsV1['f:spec'], OWNED[mode]);
        cluster.turn(CLEAN);
        const back = await cluster.untilPool('a', 'given back', isGivenBack);
        assert.deepEqual(plain(back), plain(before));
        assert.deepEqual(
          ours(back).filter(({ fieldsV1 }: Rendered) => fieldsV1['f:spec']),
          [],
        );
        // The next manifest neither conflicts nor leaves anything behind.
        const { weight: _, limits: __, ...rest } = manifest.spec;
        assert.equal(await apply({ ...manifest, spec: rest }, ...args), '');
        const { spec } = await cluster.pool('a');
        assert.deepEqual([spec.weight, spec.limits], [undefined, undefined]);
      });

  const OWNED: Readonly<Record<string, object>> = {
    pause: { 'f:limits': { 'f:cpu': {} } },
    hardware: { 'f:weight': {} },
    requirement: { 'f:template': { 'f:spec': { 'f:requirements': {} } } },
  };

  test('with nothing there before, nothing is there afterwards', { skip }, async () => {
    assert.equal(await apply(nodePool('a', { annotations: { 'carbon-aware': 'pause' }, requirements: [IN_EU] })), '');
    const before = await cluster.untilPool('a', 'followed', isFollowed);
    cluster.turn(DIRTY);
    await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits?.cpu === '0');
    cluster.turn(CLEAN);
    assert.deepEqual(plain(await cluster.untilPool('a', 'given back', isGivenBack)), plain(before));
  });

  test('while a field is ours, another server-side apply is told so, and who forces it has it', { skip }, async () => {
    const manifest = nodePool('a', MODES['pause']?.parts);
    assert.equal(await apply(manifest, '--server-side'), '');
    await cluster.untilPool('a', 'followed', isFollowed);
    cluster.turn(DIRTY);
    await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
    assert.match(await apply(manifest, '--server-side'), /conflict with "gridgate-node-pools": \.spec\.limits\.cpu/);
    assert.equal(
      await apply(manifest, '--server-side', '--force-conflicts', '--field-manager=kustomize-controller'),
      '',
    );
    await cluster.waitFor('the Event', async () => {
      const events = await cluster.eventsOf('a');
      return events.some((event) => event.startsWith('CarbonAwareLetGo')) || undefined;
    });
    assert.equal((await cluster.pool('a')).spec.limits.cpu, 100, 'it is fought');
    cluster.turn(CLEAN);
    const { spec, metadata } = await cluster.untilPool('a', 'forgotten', isGivenBack);
    assert.equal(spec.limits.cpu, 100);
    assert.ok(
      metadata.managedFields.some(
        ({ manager, fieldsV1 }: Rendered) =>
          manager === 'kustomize-controller' && fieldsV1['f:spec']['f:limits']['f:cpu'],
      ),
    );
  });

  test('Argo CD that looks past it applies what stands there, and Flux leaves it out: it is given back all the same', {
    skip,
  }, async () => {
    const manifest = nodePool('a', MODES['pause']?.parts);
    const tools: readonly [manager: string, limits: object][] = [
      ['argocd-controller', { cpu: '0', memory: '2Ti' }], // RespectIgnoreDifferences: the live value
      ['kustomize-controller', { memory: '2Ti' }], // spec.ignore: without what has drifted
    ];
    for (const [manager, limits] of tools) {
      const args = ['--server-side', '--force-conflicts', `--field-manager=${manager}`];
      await cluster.request('DELETE', `${NODE_POOLS_PATH}/a`);
      assert.equal(await apply(manifest, ...args), '');
      await cluster.untilPool('a', 'followed', isFollowed);
      cluster.turn(DIRTY);
      await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
      assert.equal(await apply({ ...manifest, spec: { ...manifest.spec, limits } }, ...args), '');
      assert.deepEqual((await cluster.pool('a')).spec.limits, { cpu: '0', memory: '2Ti' });
      cluster.turn(CLEAN);
      const { spec, metadata } = await cluster.untilPool('a', 'given back', isGivenBack);
      assert.deepEqual(spec.limits, { cpu: 100, memory: '2Ti' });
      const theirs = metadata.managedFields.find((one: Rendered) => one.manager === manager);
      assert.deepEqual(theirs.fieldsV1['f:spec']['f:limits'], { 'f:cpu': {}, 'f:memory': {} });
    }
  });

  test('a threshold of 250 and the series 240, 255, 245, 262, 280: one switch, at 280', { skip }, async () => {
    const { requirements = [], spec } = MODES['pause']?.parts ?? {};
    await cluster.createPool('a', {
      annotations: { 'carbon-aware': 'pause', threshold: '250' },
      requirements,
      ...(spec && { spec }),
    });
    cluster.turn({ eu: 240 });
    await cluster.untilPool('a', 'followed', isFollowed);
    for (const eu of [255, 245, 262]) {
      cluster.turn({ eu });
      // What another pool is seen to get was looked at after this one.
      await cluster.createPool(`seen-${eu}`, { annotations: { 'carbon-aware': 'pause' }, requirements: [IN_EU] });
      await cluster.untilPool(`seen-${eu}`, 'followed', isFollowed);
      assert.equal((await cluster.pool('a')).spec.limits.cpu, 100);
    }
    cluster.turn({ eu: 280 });
    const { metadata } = await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
    assert.equal(JSON.parse(metadata.annotations[STATUS]).changes.length, 1);
  });

  test('a conflict is decided anew, on what is there by then', { skip }, async () => {
    await controller.stop();
    await cluster.createPool('a', MODES['pause']?.parts);
    let isFirst = true;
    controller = cluster.startController('on', async (write) => {
      if (write === 'apply a' && isFirst)
        await cluster.patch(`${NODE_POOLS_PATH}/a`, { spec: { limits: { cpu: '7' } } });
      isFirst = false;
    });
    cluster.turn(DIRTY);
    await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
    cluster.turn(CLEAN);
    const { spec } = await cluster.untilPool('a', 'given back', isGivenBack);
    assert.equal(spec.limits.cpu, '7');
  });

  test('a leader that ends before any of its writes leaves its successor what it needs', { skip }, async () => {
    for (const endsAt of [1, 2, 3, 4]) {
      await controller.stop();
      await cluster.request('DELETE', NODE_POOLS_PATH);
      assert.equal(await apply(nodePool('a', MODES['pause']?.parts), '--server-side'), '');
      let writes = 0;
      const first = cluster.startController('on', async (write) => {
        if (write.endsWith(' a') && ++writes >= endsAt) throw new Error('killed');
      });
      cluster.turn(CLEAN);
      if (endsAt > 1) await cluster.untilPool('a', 'followed', isFollowed);
      cluster.turn(DIRTY);
      if (endsAt > 2) {
        await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
        cluster.turn(CLEAN);
      }
      await cluster.waitFor('its end', async () => writes >= endsAt || undefined);
      await first.stop();
      controller = cluster.startController();
      cluster.turn(DIRTY);
      await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
      cluster.turn(CLEAN);
      const { spec, metadata } = await cluster.untilPool('a', 'given back', isGivenBack);
      assert.equal(spec.limits.cpu, 100, `${endsAt}`);
      const { fieldsV1 } = metadata.managedFields.find(({ manager }: Rendered) => manager === 'kubectl');
      assert.deepEqual(fieldsV1['f:spec']['f:limits'], { 'f:cpu': {}, 'f:memory': {} }, `${endsAt}`);
    }
  });

  test('the clock set back by ten days holds a pool up for 30 minutes', { skip }, async () => {
    cluster.advance(10 * 24 * HOUR_MS);
    await cluster.createPool('a', MODES['pause']?.parts);
    cluster.turn(DIRTY);
    await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
    cluster.resetClock();
    cluster.turn(CLEAN, 0);
    await cluster.untilPool('a', 'dated anew', ({ metadata }) => {
      return Date.parse(JSON.parse(metadata.annotations[STATUS]).since) <= cluster.now();
    });
    cluster.turn(CLEAN, 29 * MINUTE_MS);
    await cluster.createPool('seen', MODES['pause']?.parts);
    await cluster.untilPool('seen', 'followed', isFollowed);
    assert.equal((await cluster.pool('a')).spec.limits.cpu, '0');
    cluster.turn(CLEAN, 2 * MINUTE_MS);
    await cluster.untilPool('a', 'given back', isGivenBack);
  });

  test('paused by its owner it stays as it is; without the annotation it is given back at once', { skip }, async () => {
    await cluster.createPool('a', MODES['pause']?.parts);
    cluster.turn(DIRTY);
    await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
    await cluster.patch(`${NODE_POOLS_PATH}/a`, { metadata: { annotations: { 'gridgate.dev/paused': 'true' } } });
    cluster.turn(CLEAN);
    await cluster.createPool('seen', MODES['pause']?.parts);
    await cluster.untilPool('seen', 'followed', isFollowed);
    assert.equal((await cluster.pool('a')).spec.limits.cpu, '0');
    const annotations = { 'gridgate.dev/paused': null, 'gridgate.dev/carbon-aware': null };
    await cluster.patch(`${NODE_POOLS_PATH}/a`, { metadata: { annotations } });
    const { spec, metadata } = await cluster.untilPool('a', 'given back', isGivenBack);
    assert.deepEqual([spec.limits.cpu, metadata.annotations?.[STATUS]], [100, undefined]);
  });

  test('a kill switch puts all back, whatever the grid does', { skip }, async () => {
    await cluster.createPool('a', MODES['pause']?.parts);
    cluster.turn(DIRTY);
    await cluster.untilPool('a', 'taken', ({ spec }) => spec.limits.cpu === '0');
    cluster.capAt('off');
    const { spec } = await cluster.untilPool('a', 'given back', isGivenBack);
    assert.equal(spec.limits.cpu, 100);
    cluster.capAt(undefined);
  });

  test('audit writes nothing to any of them, and tells what it would do', { skip }, async () => {
    await controller.stop();
    for (const [mode, { parts }] of Object.entries(MODES)) await cluster.createPool(mode, parts);
    await cluster.createPool('ranked', { annotations: { 'carbon-aware': 'weight' }, requirements: [IN_EU] });
    const before = await cluster.send('GET', NODE_POOLS_PATH);
    const audit = cluster.startController('audit');
    cluster.turn(DIRTY);
    for (const mode of [...Object.keys(MODES), 'ranked'])
      await cluster.waitFor(`what would become of ${mode}`, async () => {
        const events = await cluster.eventsOf(mode);
        return events.some((event) => /^CarbonAware(Dirty|Ranked): .* would be /.test(event)) || undefined;
      });
    assert.deepEqual((await cluster.send('GET', NODE_POOLS_PATH)).items, before.items);
    await audit.stop();
    controller = cluster.startController();
  });

  test('a mistake is told on the pool, with what was probably meant', { skip }, async () => {
    await cluster.createPool('a', { annotations: { 'carbon-aware': 'pasue' } });
    await cluster.waitFor('the Event', async () => {
      const events = await cluster.eventsOf('a');
      return events.some((event) => /did you mean pause\?/.test(event)) || undefined;
    });
  });

  test('of all that the controllers wrote nothing was refused', { skip }, () => {
    const refused = readAuditLog(cluster.controlPlane.auditLog).filter(
      ({ user, responseStatus }) =>
        user.username === CONTROLLERS_ACCOUNT && [400, 403, 422].includes(responseStatus?.code ?? 0),
    );
    assert.deepEqual(refused, []);
  });

  test('gridgate uninstall puts back what is ours, and takes the rights away', { skip }, async () => {
    for (const [mode, { parts }] of Object.entries(MODES))
      assert.equal(await apply(nodePool(mode, parts), '--server-side'), '');
    for (const mode of Object.keys(MODES)) await cluster.untilPool(mode, 'followed', isFollowed);
    const before = await Promise.all(Object.keys(MODES).map(cluster.pool));
    cluster.turn(DIRTY);
    for (const [mode, { dirty }] of Object.entries(MODES)) await cluster.untilPool(mode, 'taken', dirty);
    await controller.stop();
    const api = createApiClient(loadKubeConfig({ file: cluster.controlPlane.kubeconfig }));
    try {
      const asked = { regions: false, policies: false, settings: false, namespace: 'gridgate-system' };
      const found = await findInstallation(api, asked, () => {});
      assert.ok('removals' in found);
      const removing = { api, asked, progress: { show: () => {} }, pause: async () => {} };
      // Nobody here ends a namespace that is going.
      const failures = await removeInstallation(removing, found);
      assert.deepEqual(
        failures.filter((one) => !one.startsWith('cannot delete Namespace gridgate-system: ')),
        [],
      );
    } finally {
      api.close();
    }
    const after = await Promise.all(Object.keys(MODES).map(cluster.pool));
    assert.deepEqual(after.map(plain), before.map(plain));
    assert.deepEqual(
      after.flatMap(({ metadata }) =>
        metadata.managedFields.filter(({ manager }: Rendered) => /^gridgate/.test(manager)),
      ),
      [],
    );
    const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/gridgate-node-pools';
    assert.equal((await cluster.request('GET', binding)).status, 404);
  });
});
