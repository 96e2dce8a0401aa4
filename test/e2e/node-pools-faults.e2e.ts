import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import { ACCOUNT_KINDS, applyObjects, CONTROLLERS_ACCOUNT } from '../cluster/controllers-account.ts';
import { ofKind, type Rendered, renderWith } from '../cluster/rendered-manifests.ts';
import { type AuditEvent, readAuditLog } from '../control-plane/audit.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { NODE_POOLS_PATH, nodePool, untilPoolsGuarded } from './following-pools.ts';
import { assertEachChangedOnce, assertMostTimes, generationsOf } from './generations.ts';
import { type LiveCluster, REGIONS_PATH, startLiveCluster } from './live-cluster.ts';

const skip = skipWithoutCluster || skipWithoutFakeTime;
const POOLS = 60;
const BEFORE = 'gridgate.dev/carbon-before';
const LONG_MS = 240_000;
const NEXT_CHANGE_S = 31 * 60;

describe('replicas of the controllers that are killed with -9 while NodePools follow the grid', () => {
  let cluster: LiveCluster;
  let clock: SettableClock;
  let aheadS = 0;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'wall');
    cluster = await startLiveCluster({
      regions: { eu: { gramsPerKwh: 100 }, us: { gramsPerKwh: 100 } },
      env: clock.env,
      replicas: { controllers: 0, webhook: 0 },
    });
    const { controlPlane } = cluster;
    await applyObjects(controlPlane, ofKind(await renderWith(controlPlane, 'base', ['node-pools']), ...ACCOUNT_KINDS));
    // The first of them begin without Karpenter.
    for (let i = 0; i < 2; i++) await cluster.startReplica('controllers', '--node-pools', 'on');
    await cluster.leader();
    await controlPlane.installKarpenter();
    await untilPoolsGuarded(controlPlane);
    const requirements = [{ key: REGION_LABEL, operator: 'In', values: ['eu'] }];
    const parts = {
      annotations: { 'carbon-aware': 'pause', threshold: '250' },
      requirements,
      spec: { limits: { cpu: 100 } },
    };
    const manifests = Array.from({ length: POOLS }, (_, i) => JSON.stringify(nodePool(`p${i}`, parts)));
    const { code, stderr } = await cluster.kubectl(['apply', '--server-side', '-f', '-'], manifests.join('\n---\n'));
    assert.equal(code, 0, stderr);
    await until('all to be followed', (pools) =>
      pools.every(({ metadata }) => metadata.annotations['gridgate.dev/carbon-status']),
    );
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function until(what: string, isSo: (pools: readonly Rendered[]) => unknown): Promise<readonly Rendered[]> {
    return cluster.waitFor(
      what,
      async () => {
        const { items } = await cluster.send('GET', NODE_POOLS_PATH);
        return isSo(items) ? items : undefined;
      },
      LONG_MS,
    );
  }

  /** The grid of all pools from now on, 31 minutes later. */
  async function turn(gramsPerKwh: number): Promise<void> {
    aheadS += NEXT_CHANGE_S;
    clock.set(aheadS);
    await cluster.patch(`${REGIONS_PATH}/eu`, { spec: { gramsPerKwh } });
  }

  const isTaken = ({ spec }: Rendered) => spec.limits.cpu === '0';
  const count = (pools: readonly Rendered[], isSo: (pool: Rendered) => boolean) => pools.filter(isSo).length;

  /** No pool patched more often since, and none refused; conflicts change nothing, and what a kill cut off may have been done. */
  function assertPatched(most: number, from: number): void {
    const theirs = readAuditLog(cluster.controlPlane.auditLog)
      .slice(from)
      .filter(({ user, objectRef }) => user.username === CONTROLLERS_ACCOUNT && objectRef?.resource === 'nodepools');
    const codeOf = ({ responseStatus }: AuditEvent) => responseStatus?.code ?? 0;
    assert.deepEqual(
      theirs.filter((one) => ![200, 201, 409, 504].includes(codeOf(one))),
      [],
    );
    assertMostTimes(
      most,
      theirs.filter((one) => codeOf(one) < 300).map(({ objectRef }) => objectRef?.name ?? ''),
    );
  }

  const logged = () => readAuditLog(cluster.controlPlane.auditLog).length;

  async function killInTheMidst(isDone: (pool: Rendered) => boolean): Promise<number> {
    const first = await cluster.leader();
    await until('the first of them', (pools) => count(pools, isDone) >= 10);
    await first.end('SIGKILL');
    const { items } = await cluster.send('GET', NODE_POOLS_PATH);
    const left = POOLS - count(items, isDone);
    assert.ok(left > 0, 'nothing was left to a successor');
    return left;
  }

  test(`${POOLS} pools are taken, each once`, { skip }, async (t: TestContext) => {
    const from = logged();
    const before = generationsOf(await until('all to be there', (all) => all.length === POOLS));
    await turn(400);
    const left = await killInTheMidst(isTaken);
    const pools = await until('all to be taken', (all) => all.every(isTaken));
    t.diagnostic(`${left} left to the successor`);
    assert.ok(pools.every(({ metadata }) => /"value":100,/.test(metadata.annotations[BEFORE])));
    assertEachChangedOnce(before, pools);
    assertPatched(1, from);
  });

  test('and given back, each as it was', { skip }, async (t: TestContext) => {
    await cluster.startReplica('controllers', '--node-pools', 'on');
    const from = logged();
    const before = generationsOf(await until('all to be taken still', (all) => all.every(isTaken)));
    await turn(100);
    const isBack = ({ metadata }: Rendered) => metadata.annotations[BEFORE] === undefined;
    const left = await killInTheMidst(isBack);
    const pools = await until('all to be given back', (all) => all.every(isBack));
    t.diagnostic(`${left} left to the successor`);
    assert.ok(pools.every(({ spec }) => spec.limits.cpu === 100));
    const owners = pools.map(({ metadata }) =>
      metadata.managedFields.find(({ manager }: Rendered) => manager === 'kubectl'),
    );
    assert.ok(owners.every(({ fieldsV1 }) => fieldsV1['f:spec']['f:limits']['f:cpu']));
    assertEachChangedOnce(before, pools);
    assertPatched(2, from); // the value, and then what was kept of it
  });

  test('say once that there is no Karpenter, and what became of the pools in their metrics', { skip }, async () => {
    const logs = cluster.replicas('controllers').flatMap(({ log }) => log);
    const said = logs.filter(
      ({ resource, failure }) => resource === 'carbon-nodepools' && /there is no Karpenter/.test(`${failure}`),
    );
    assert.equal(said.length, 1, JSON.stringify(said));
    const { operators } = await cluster.leader();
    const text = await (await fetch(`${operators}/metrics`)).text();
    assert.match(text, new RegExp(`^gridgate_node_pools\\{mode="pause",state="as-it-was"\\} ${POOLS}$`, 'm'));
    assert.match(text, /^gridgate_watch_idle_seconds\{resource="carbon-nodepools"\} /m);
  });
});
