import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { findInstallation } from '../../src/commands/uninstall/find-installation.ts';
import { removeInstallation } from '../../src/commands/uninstall/remove-installation.ts';
import { formatBoundsBefore } from '../../src/scaling/bounds-before.ts';
import { type BudgetStatus, formatBudgetStatus, formatTargetStatuses } from '../../src/scaling/budget-status.ts';
import { skip } from '../control-plane/assets.ts';
import type { Rendered } from './rendered-manifests.ts';
import {
  APPS,
  AUTOSCALERS,
  type GuardedScaling,
  horizontal,
  REGIONAL,
  regional,
  startGuardedScaling,
  workload,
} from './scaling-guard.ts';

const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const BUDGETS = 'gridgate-carbon-budgets';
const AUTOSCALER = 'gridgate-regional-autoscaler';
const OPTED_IN = { 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': '1' };
const HELD: BudgetStatus = { state: 'held', before: 5, wrote: 1, since: '2026-11-29T10:00:00.000Z', strikes: 0 };

/** Who owns which field, as managedFields say: what GitOps tools go by. The writes are those of the two controllers, by their token. */
describe('what a tool that applies from Git meets where gridgate scales', () => {
  let guarded: GuardedScaling;
  const kinds = {
    Deployment: { apiVersion: 'apps/v1', list: `${APPS}/deployments`, object: workload(OPTED_IN) },
    HorizontalPodAutoscaler: { apiVersion: 'autoscaling/v2', list: AUTOSCALERS, object: horizontal() },
    RegionalAutoscaler: { apiVersion: 'gridgate.dev/v1alpha1', list: REGIONAL, object: regional() },
  } as const;
  type Kind = keyof typeof kinds;

  before(async () => {
    if (!skip) guarded = await startGuardedScaling(['regional-autoscaler', 'carbon-budgets']);
  });
  after(() => guarded?.stop());

  /** As Git has it; `without` leaves out what a tool is told to look past. */
  function fromGit(kind: Kind, name: string, without: readonly string[] = []): Rendered {
    const { apiVersion, object } = kinds[kind];
    const { serviceName, ...spec } = structuredClone(object.spec);
    for (const key of without) delete spec[key];
    return { apiVersion, kind, metadata: { ...object.metadata, name }, spec };
  }

  async function apply(kind: Kind, name: string, without: readonly string[] = [], force = false) {
    const path = `${kinds[kind].list}/${name}?fieldManager=git&force=${force}`;
    return guarded.request('PATCH', path, fromGit(kind, name, without), APPLY);
  }

  const read = (kind: Kind, name: string): Promise<Rendered> => guarded.send('GET', `${kinds[kind].list}/${name}`);

  async function ownersOf(kind: Kind, name: string, ...path: readonly string[]): Promise<string[]> {
    const { metadata } = await read(kind, name);
    return metadata.managedFields
      .filter(({ fieldsV1 }: Rendered) => path.reduce((at, key) => at?.[key], fieldsV1) !== undefined)
      .map(({ manager, operation, subresource }: Rendered) =>
        [manager, operation, subresource].filter(Boolean).join(' '),
      )
      .toSorted();
  }

  async function asController(method: 'apply' | 'merge', manager: string, path: string, body: object) {
    const how = method === 'apply' ? APPLY : { 'content-type': 'application/merge-patch+json' };
    const query = `fieldManager=${manager}${method === 'apply' ? '&force=true' : ''}`;
    const answer = await guarded.asControllers.request('PATCH', `${path}?${query}`, body, how);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  /** An intent, then replicas, as budgets do; the autoscaler scales alike. */
  async function hold(name: string): Promise<void> {
    const path = `${kinds.Deployment.list}/${name}`;
    const annotations = { 'gridgate.dev/budget-status': formatBudgetStatus({ ...HELD, generation: 1 }) };
    await asController('merge', BUDGETS, `${path}/status`, { metadata: { annotations } });
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas: 1 } };
    await asController('apply', BUDGETS, `${path}/scale`, scale);
  }

  async function moveBounds(name: string): Promise<void> {
    const owner = { manager: 'git', operation: 'Apply', apiVersion: 'autoscaling/v2' } as const;
    const kept = { min: 2, max: 6, owners: { min: [owner], max: [owner] }, wrote: { min: 3, max: 7 } };
    const annotations = { 'gridgate.dev/bounds-before': formatBoundsBefore(kept) };
    const spec = { minReplicas: 3, maxReplicas: 7 };
    const { apiVersion, list } = kinds.HorizontalPodAutoscaler;
    const body = { apiVersion, kind: 'HorizontalPodAutoscaler', metadata: { name, annotations }, spec };
    await asController('apply', AUTOSCALER, `${list}/${name}`, body);
  }

  async function lowerTarget(name: string): Promise<void> {
    const { spec, metadata } = await read('RegionalAutoscaler', name);
    const targets = spec.targets.map((one: Rendered) => (one.deployment === 'web-france' ? { ...one, max: 2 } : one));
    const text = formatTargetStatuses({ 'web-france': { ...HELD, before: 8, wrote: 2 } });
    const annotations = { 'gridgate.dev/budget-status': text };
    const body = { metadata: { resourceVersion: metadata.resourceVersion, annotations }, spec: { targets } };
    await asController('merge', BUDGETS, `${kinds.RegionalAutoscaler.list}/${name}`, body);
  }

  const REPLICAS = ['f:spec', 'f:replicas'] as const;
  const MAXIMUM = ['f:spec', 'f:targets', 'k:{"deployment":"web-france"}', 'f:max'] as const;

  test('replicas are those of the scale subresource, and of nobody else', { skip }, async () => {
    assert.equal((await apply('Deployment', 'web')).status, 201);
    await hold('web');
    assert.deepEqual(await ownersOf('Deployment', 'web', ...REPLICAS), [`${BUDGETS} Apply scale`]);
    const { status, body } = await apply('Deployment', 'web');
    assert.equal(status, 409);
    assert.match(body.message, /conflict with "gridgate-carbon-budgets" with subresource "scale".*: \.spec\.replicas/);
    assert.equal((await apply('Deployment', 'web', ['replicas'])).status, 200, 'without replicas nothing conflicts');
    const { metadata, spec } = await read('Deployment', 'web');
    assert.equal(spec.replicas, 1);
    assert.ok(metadata.annotations['gridgate.dev/budget-status']);
    assert.equal((await apply('Deployment', 'web', [], true)).status, 200, 'who forces it has it');
    assert.equal((await read('Deployment', 'web')).spec.replicas, 5);
  });

  test('bounds are those of the autoscaler, and are given back by uninstall', { skip }, async () => {
    assert.equal((await apply('HorizontalPodAutoscaler', 'web')).status, 201);
    await moveBounds('web');
    for (const field of ['f:minReplicas', 'f:maxReplicas'])
      assert.deepEqual(await ownersOf('HorizontalPodAutoscaler', 'web', 'f:spec', field), [`${AUTOSCALER} Apply`]);
    const { status, body } = await apply('HorizontalPodAutoscaler', 'web');
    assert.equal(status, 409);
    assert.match(
      body.message,
      /conflicts with "gridgate-regional-autoscaler":\n- \.spec\.maxReplicas\n- \.spec\.minReplicas/,
    );
    const looksPast = await apply('HorizontalPodAutoscaler', 'web', ['minReplicas', 'maxReplicas']);
    assert.equal(looksPast.status, 200, JSON.stringify(looksPast.body));
    assert.equal((await read('HorizontalPodAutoscaler', 'web')).spec.maxReplicas, 7);
  });

  test('of a RegionalAutoscaler one maximum is that of budgets, the rest stays as it was', { skip }, async () => {
    assert.equal((await apply('RegionalAutoscaler', 'web')).status, 201);
    await lowerTarget('web');
    assert.deepEqual(await ownersOf('RegionalAutoscaler', 'web', ...MAXIMUM), [`${BUDGETS} Update`]);
    assert.deepEqual(await ownersOf('RegionalAutoscaler', 'web', ...MAXIMUM.slice(0, 3), 'f:min'), ['git Apply']);
    const { status, body } = await apply('RegionalAutoscaler', 'web');
    assert.equal(status, 409);
    assert.match(
      body.message,
      /conflict with "gridgate-carbon-budgets" .*: \.spec\.targets\[deployment="web-france"\]\.max/,
    );
  });

  test('gridgate uninstall puts all of it back, and nothing conflicts afterwards', { skip }, async () => {
    const names = { deployment: 'away', autoscaler: 'away', regional: 'away' };
    for (const kind of ['Deployment', 'HorizontalPodAutoscaler', 'RegionalAutoscaler'] as const)
      assert.equal((await apply(kind, 'away')).status, 201);
    await hold(names.deployment);
    await moveBounds(names.autoscaler);
    await lowerTarget(names.regional);
    const api = createApiClient(loadKubeConfig({ file: guarded.controlPlane.kubeconfig }));
    try {
      const asked = { regions: false, policies: false, settings: false, namespace: 'gridgate-system' };
      const found = await findInstallation(api, asked, () => {});
      assert.ok(!('obstacle' in found));
      // Nobody here ends a namespace that is going.
      const removing = { api, asked, progress: { show: () => {} }, pause: async () => {} };
      const failures = await removeInstallation(removing, found);
      assert.deepEqual(
        failures.filter((one) => !one.startsWith('cannot delete Namespace gridgate-system: ')),
        [],
      );
    } finally {
      api.close();
    }
    assert.equal((await read('Deployment', 'away')).spec.replicas, 5);
    const { minReplicas, maxReplicas } = (await read('HorizontalPodAutoscaler', 'away')).spec;
    assert.deepEqual([minReplicas, maxReplicas], [2, 6]);
    assert.deepEqual((await read('RegionalAutoscaler', 'away')).spec.targets, regional().spec.targets);
    assert.deepEqual(await ownersOf('HorizontalPodAutoscaler', 'away', 'f:spec', 'f:maxReplicas'), ['git Apply']);
    for (const kind of ['Deployment', 'HorizontalPodAutoscaler', 'RegionalAutoscaler'] as const) {
      const { metadata } = await read(kind, 'away');
      assert.deepEqual(
        metadata.managedFields.filter(({ manager }: Rendered) => /^gridgate/.test(manager)),
        [],
        kind,
      );
      assert.doesNotMatch(JSON.stringify(metadata.annotations ?? {}), /bounds-before|budget-status/);
      const { status, body } = await apply(kind, 'away');
      assert.equal(status, 200, JSON.stringify(body));
    }
    const { status } = await guarded.asControllers.request('GET', `${kinds.Deployment.list}/away`);
    assert.equal(status, 403, 'the rights are gone');
  });
});
