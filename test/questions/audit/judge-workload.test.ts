import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mode } from '../../../src/decision/policy.ts';
import { createMachines } from '../../../src/energy/machines.ts';
import { DEFAULT_POWER_MODEL } from '../../../src/energy/power-model.ts';
import { DEFAULT_POWER_TABLE } from '../../../src/energy/power-table.ts';
import type { AuditedWorkload, Workload } from '../../../src/questions/audit/audited-workload.ts';
import { type AuditContext, judgeWorkload } from '../../../src/questions/audit/judge-workload.ts';
import {
  AVERAGE,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  NOW,
  onNode,
  REGION_LABEL,
  requires,
} from '../../builders.ts';

/** us-west-2, eu-central-1 and us-east-1 as in the incident report. */
const SNAPSHOT = makeSnapshot({ 'us-west-2': 120.5, 'eu-central-1': 338.2, 'us-east-1': 379.1 });

/**
 * By hand, for 2 vCPU and 4 GB on AWS: 2 * (0.74 + 50% * (3.5 - 0.74)) W + 4 * 0.392 W = 5.808 W, times the PUE of 1.135:
 * 6.59208 Wh in an hour.
 */
const WATT_HOURS = 6.592_08;
const IN_US_WEST = (WATT_HOURS * 120.5) / 1_000;
const IN_EU_CENTRAL = (WATT_HOURS * 338.2) / 1_000;
const IN_US_EAST = (WATT_HOURS * 379.1) / 1_000;
const RESOURCES = { containers: [{ resources: { requests: { cpu: '2', memory: '4G' } } }] };

interface Parts extends Partial<Workload> {
  readonly annotations?: Record<string, string>;
  readonly isDescribed?: boolean;
  readonly assumeMode?: Mode;
  readonly snapshot?: AuditContext['snapshot'];
  readonly defaults?: object;
  readonly ownNamespace?: string;
}

function judge({
  annotations = {},
  isDescribed = true,
  assumeMode,
  ownNamespace,
  snapshot = SNAPSHOT,
  defaults = {},
  ...parts
}: Parts = {}) {
  const policy = makePolicy(annotations);
  return judgeWorkload(
    { namespace: 'shop', kind: 'Deployment', name: 'web', pod: makePod(), pods: 1, resources: RESOURCES, ...parts },
    {
      snapshot,
      policyOf: () => ({ policy, isDescribed }),
      defaultsOf: () => defaults,
      assumeMode,
      ownNamespace,
      model: DEFAULT_POWER_MODEL,
      machines: createMachines(snapshot.topology, DEFAULT_POWER_TABLE),
      volumesOf: () => [],
      now: NOW,
    },
  );
}

function audited(parts?: Parts): AuditedWorkload {
  return judge(parts).audited;
}

const pinnedTo = (region: string) => makePod({ nodeSelector: { [REGION_LABEL]: region } });

function assertNear(actual: number | null | undefined, expected: number): void {
  assert.ok(actual != null && Math.abs(actual - expected) < 1e-9 * expected, `${actual}, not ${expected}`);
}

describe('judgeWorkload', () => {
  it('spreads a written workload over all regions, and places it in the cleanest', () => {
    const { gramsPerHour, region, regions, decision, alternative } = audited({
      pods: 3,
      annotations: { 'home-region': 'eu-central-1', 'max-intensity': '1000' },
    });
    assert.deepEqual([decision, region, regions], ['steer', 'us-west-2', ['us-west-2', 'eu-central-1', 'us-east-1']]);
    assertNear(gramsPerHour.asWritten, IN_US_WEST + IN_EU_CENTRAL + IN_US_EAST);
    assertNear(gramsPerHour.atHome, 3 * IN_EU_CENTRAL);
    assertNear(gramsPerHour.placed, 3 * IN_US_WEST);
    assert.equal(alternative, null);
  });

  it('places a workload in as many of the best as spread says', () => {
    const annotations = { 'max-intensity': '1000', spread: '2' };
    const { gramsPerHour, region } = audited({ pods: 4, annotations });
    assertNear(gramsPerHour.placed, 2 * IN_US_WEST + 2 * IN_EU_CENTRAL);
    assert.equal(region, null);
  });

  it('counts a running workload where it runs', () => {
    const runsIn = new Map([
      ['us-east-1', 2],
      ['us-west-2', 1],
    ]);
    const { audited: found, asWrittenIn, placedIn } = judge({ pods: 3, runsIn });
    assertNear(found.gramsPerHour.asWritten, 2 * IN_US_EAST + IN_US_WEST);
    assert.deepEqual(found.runsIn, { 'us-east-1': 2, 'us-west-2': 1 });
    assert.equal(found.misplaced, 2, 'us-east-1 is above the ceiling of 300');
    assertNear(asWrittenIn.get('us-east-1'), 2 * IN_US_EAST);
    assert.deepEqual([...placedIn.keys()], ['us-west-2']);
  });

  const DARK = makeSnapshot([
    makeRegion('ap-south-1', undefined),
    makeRegion('eu-north-1', undefined),
    makeRegion('us-east-1', 379.1, { outage: 'flood' }),
  ]);
  const unranked: readonly [name: string, parts: Parts, reason: string][] = [
    [
      'no reading',
      { snapshot: makeSnapshot([makeRegion('ap-south-1', undefined), makeRegion('eu-north-1', undefined)]) },
      'no_data',
    ],
    ['no reading of what is left', { snapshot: DARK }, 'kept_out'],
    [
      'weights of which nothing is known',
      {
        snapshot: makeSnapshot({ 'ap-south-1': 632, 'eu-north-1': 24 }),
        annotations: { weights: 'carbon=0,latency=1', 'max-intensity': '1000' },
      },
      'acceptable',
    ],
  ];
  for (const [name, parts, reason] of unranked)
    it(`places nobody by ${name}: what runs stays, and no region is first`, () => {
      const runsIn = new Map([['eu-north-1', 3]]);
      const found = audited({ pods: 3, runsIn, ...parts });
      assert.deepEqual(
        [found.reason, found.region, found.isRanked, found.regions],
        [reason, null, false, ['ap-south-1', 'eu-north-1']],
      );
      assert.equal(found.gramsPerHour.placed, found.gramsPerHour.asWritten);
      assert.doesNotMatch(found.message, /\bled\b|\bbest\b/);
    });

  it('moves only what is refused where nothing ranks the rest', () => {
    const snapshot = makeSnapshot([
      makeRegion('ap-south-1', 632),
      makeRegion('eu-north-1', 24),
      makeRegion('us-east-1', 379.1, { outage: 'flood' }),
    ]);
    const runsIn = new Map([
      ['eu-north-1', 2],
      ['us-east-1', 2],
    ]);
    const annotations = { weights: 'carbon=0,latency=1', 'max-intensity': '1000' };
    const { placedIn, audited: found } = judge({ pods: 4, runsIn, snapshot, annotations });
    assert.equal(found.reason, 'kept_out');
    assertNear(placedIn.get('eu-north-1'), (3 * WATT_HOURS * 24) / 1_000);
    assertNear(placedIn.get('ap-south-1'), (WATT_HOURS * 632) / 1_000);
  });

  it('leaves pods where they run under placement none', () => {
    const annotations = { placement: 'none', 'max-intensity': '1000' };
    const found = audited({ pods: 3, runsIn: new Map([['us-east-1', 3]]), annotations });
    assert.deepEqual([found.region, found.gramsPerHour.placed], [null, found.gramsPerHour.asWritten]);
  });

  it('counts pods that nobody knows the region of as the others are on average', () => {
    const runsIn = new Map([
      ['us-east-1', 2],
      ['', 1],
    ]);
    const { audited: found, asWrittenIn } = judge({ pods: 3, runsIn });
    assertNear(found.gramsPerHour.asWritten, 3 * IN_US_EAST);
    assertNear(asWrittenIn.get('us-east-1'), 3 * IN_US_EAST);
  });

  it('denies one that is pinned to a dirty region, with the way out, and has no figure for where it may not go', () => {
    const found = audited({ pod: pinnedTo('us-east-1'), pods: 2 });
    assert.deepEqual([found.decision, found.reason, found.denied, found.region], ['deny', 'high_carbon', true, null]);
    assert.match(found.message, /us-east-1 is at 379.1 gCO2e\/kWh .* cleanest allowed now: us-west-2/);
    assertNear(found.gramsPerHour.asWritten, 2 * IN_US_EAST);
    assert.equal(found.gramsPerHour.placed, null);
    assert.equal(found.alternative?.region, 'us-west-2');
    assertNear(found.alternative?.gramsPerHour, 2 * IN_US_WEST);
  });

  it('names the only lawful region to one that is denied, though it is no cleaner', () => {
    const { alternative, reason } = audited({
      pod: pinnedTo('us-west-2'),
      annotations: { regions: 'eu-*', 'max-intensity': '1000' },
    });
    assert.deepEqual([reason, alternative?.region], ['not_allowed', 'eu-central-1']);
  });

  it('knows a cleaner region for one that is pinned where it is accepted', () => {
    const { decision, alternative } = audited({
      pod: pinnedTo('eu-central-1'),
      annotations: { 'max-intensity': '350' },
    });
    assert.notEqual(decision, 'deny');
    assert.equal(alternative?.region, 'us-west-2');
  });

  it('leaves a DaemonSet where it is: nothing to place, nothing to gain', () => {
    const { decision, reason, gramsPerHour, alternative, region } = audited({ kind: 'DaemonSet', pods: 3 });
    assert.deepEqual([decision, reason, alternative, region], ['allow', 'daemonset_pod', null, null]);
    assertNear(gramsPerHour.placed, IN_US_WEST + IN_EU_CENTRAL + IN_US_EAST);
    assert.equal(gramsPerHour.atHome, gramsPerHour.asWritten);
  });

  it('has no figure where nobody knows the intensity, and averages over what is known', () => {
    const dark = makeSnapshot([makeRegion('us-west-2', undefined), makeRegion('us-east-1', undefined)]);
    assert.deepEqual(audited({ snapshot: dark }).gramsPerHour, { asWritten: null, atHome: null, placed: null });
    const half = makeSnapshot([makeRegion('us-west-2', 120.5), makeRegion('us-east-1', undefined)]);
    assertNear(audited({ snapshot: half, pods: 2 }).gramsPerHour.asWritten, 2 * IN_US_WEST);
  });

  it('counts yearly averages, which never refuse', () => {
    const snapshot = makeSnapshot([makeRegion('us-east-1', 500, { reading: AVERAGE })]);
    const found = audited({ snapshot });
    assert.notEqual(found.decision, 'deny');
    assertNear(found.gramsPerHour.asWritten, (WATT_HOURS * 500) / 1_000);
  });

  it('expects no pods where there are no nodes', () => {
    const snapshot = makeSnapshot(
      { 'us-west-2': 120.5, 'us-east-1': 379.1 },
      { nodes: [makeNode('a', 'us-east-1/1')] },
    );
    const found = audited({ snapshot, annotations: { 'max-intensity': '1000' } });
    assertNear(found.gramsPerHour.asWritten, IN_US_EAST);
    assert.equal(found.region, 'us-east-1');
  });

  it('counts embodied grams of the machines that it runs on, or would run on', () => {
    const nodes = [makeNode('a', 'us-west-2', { labels: { 'node.kubernetes.io/instance-type': 'm6g.large' } })];
    const snapshot = makeSnapshot({ 'us-west-2': 120.5 }, { nodes });
    // 3 pods * 2 vCPU * 1333.12 kg * 1000 / 35040 h / 64
    const expected = audited({ snapshot, pods: 3 }).embodied;
    assert.ok(Math.abs(expected.gramsPerHour - 3.566_780_82) < 1e-7, `${expected.gramsPerHour}`);
    assert.equal(expected.basis, 'estimated', 'it is not known yet where it will run');
    // 3 pods * 2 vCPU * 0.4 g
    const machine = { gramsPerHour: 0.4, basis: 'looked-up', how: 'own table' } as const;
    const running = audited({ snapshot, pods: 3, machine, runsIn: new Map([['us-west-2', 3]]) }).embodied;
    assertNear(running.gramsPerHour, 2.4);
    assert.equal(running.basis, 'looked-up');
    // 2 vCPU * 1610.79 kg * 1000 / 35040 h / 96, where nobody sees a node, and without any intensity
    const dark = audited({ snapshot: makeSnapshot([makeRegion('us-west-2', undefined)]) });
    assert.deepEqual([dark.gramsPerHour.asWritten, dark.embodied.basis], [null, 'estimated']);
    assert.ok(Math.abs(dark.embodied.gramsPerHour - 0.957_709_05) < 1e-7);
  });

  it('takes requests from the LimitRange, and says where it had to assume them', () => {
    const resources = { containers: [{}] };
    assert.deepEqual(audited({ resources, defaults: { cpu: '2', memory: '4G' } }).requests, {
      vcpu: 2,
      memoryGb: 4,
      basis: 'looked-up',
    });
    assert.equal(audited({ resources }).requests.basis, 'estimated');
  });

  it('has nothing at stake in a workload without pods', () => {
    assert.deepEqual(audited({ pods: 0, annotations: { 'home-region': 'us-east-1' } }).gramsPerHour, {
      asWritten: 0,
      atHome: 0,
      placed: 0,
    });
  });

  const MODES: Record<string, { parts: Parts; mode: Mode; denied: boolean }> = {
    'its own, enforce': { parts: {}, mode: 'enforce', denied: true },
    'its own, audit': { parts: { annotations: { mode: 'audit' } }, mode: 'audit', denied: false },
    'its own, whatever is to be assumed': {
      parts: { annotations: { mode: 'warn' }, assumeMode: 'enforce' },
      mode: 'warn',
      denied: false,
    },
    off: { parts: { annotations: { mode: 'off' } }, mode: 'off', denied: false },
    'what is to be assumed where it is off': {
      parts: { annotations: { mode: 'off' }, assumeMode: 'enforce' },
      mode: 'enforce',
      denied: true,
    },
    'enforce where nobody described it': {
      parts: { annotations: { mode: 'off' }, isDescribed: false },
      mode: 'enforce',
      denied: true,
    },
    'what is to be assumed where nobody described it': {
      parts: { isDescribed: false, assumeMode: 'audit' },
      mode: 'audit',
      denied: false,
    },
  };
  for (const [name, { parts, mode, denied }] of Object.entries(MODES))
    it(`counts as the mode of a namespace ${name}; the decision is always that of enforce`, () => {
      const found = audited({ ...parts, pod: pinnedTo('us-east-1') });
      assert.deepEqual([found.mode, found.denied, found.decision], [mode, denied, 'deny']);
    });

  for (const namespace of ['kube-system', 'gridgate-system'])
    it(`leaves namespace ${namespace} alone, which gridgate never touches`, () => {
      const ownNamespace = 'gridgate-system';
      const found = audited({ namespace, ownNamespace, pod: pinnedTo('us-east-1'), assumeMode: 'enforce' });
      assert.deepEqual([found.mode, found.decision, found.reason], ['off', 'allow', 'mode_off']);
      assertNear(found.gramsPerHour.placed, IN_US_EAST);
    });
});

describe('a DaemonSet under regions', () => {
  const NODES = ['us-west-2', 'eu-central-1', 'us-east-1'].map((name) => makeNode(`node-${name}`, name));
  const seen = makeSnapshot({ 'us-west-2': 120.5, 'eu-central-1': 338.2, 'us-east-1': 379.1 }, { nodes: NODES });
  const agent = (parts: Parts = {}) =>
    audited({ kind: 'DaemonSet', snapshot: seen, annotations: { regions: 'eu-*' }, ...parts });
  const OUTSIDE = ['us-east-1', 'us-west-2'];

  it('is found where its pods reach outside, denied nowhere', () => {
    const { decision, reason, denied, message, reachesOutside, alternative } = agent();
    assert.deepEqual(
      [decision, reason, denied, reachesOutside, alternative],
      ['allow', 'daemonset_outside', false, OUTSIDE, null],
    );
    assert.equal(
      message,
      'pods of this DaemonSet reach outside regions: they stay Pending on nodes of us-east-1, us-west-2 (allowed: eu-*)',
    );
  });

  const rows: readonly [name: string, parts: Parts, reason: string, outside: readonly string[]][] = [
    ['one that stays inside', { pod: pinnedTo('eu-central-1') }, 'daemonset_pod', []],
    ['one whose namespace is off', { annotations: { regions: 'eu-*', mode: 'off' } }, 'daemonset_pod', []],
    ['one of kube-system', { namespace: 'kube-system' }, 'mode_off', []],
    ['one whose namespace names no regions', { annotations: {} }, 'daemonset_pod', []],
    [
      'one in a namespace that only looks',
      { annotations: { regions: 'eu-*', mode: 'audit' } },
      'daemonset_outside',
      OUTSIDE,
    ],
    [
      'one by a running pod, which names its node',
      { pod: makePod(requires(onNode('node-eu-central-1'))) },
      'daemonset_outside',
      OUTSIDE,
    ],
    ['one where nodes are not known: by names alone', { snapshot: SNAPSHOT }, 'daemonset_outside', OUTSIDE],
    ['one of another group', { kind: 'ExtendedDaemonSetReplicaSet' }, 'daemonset_outside', OUTSIDE],
  ];
  for (const [name, parts, reason, outside] of rows)
    it(name, () => {
      const found = agent(parts);
      assert.deepEqual([found.reason, found.reachesOutside, found.denied], [reason, outside, false]);
    });

  it('counts nodes without a region label, which are in no region that is allowed', () => {
    const snapshot = makeSnapshot(
      { 'eu-central-1': 338.2 },
      { nodes: [makeNode('a', 'eu-central-1'), makeNode('bare')] },
    );
    const { reachesOutside, message } = agent({ snapshot });
    assert.deepEqual(reachesOutside, ['']);
    assert.match(message, /stay Pending on nodes without a region label/);
  });

  it('is denied like any other where nothing that is known is allowed', () => {
    const { reason, denied, message } = agent({ annotations: { regions: 'asia-*' } });
    assert.deepEqual([reason, denied], ['not_allowed', true]);
    assert.match(message, /is not among the regions asia-\*/);
  });
});

describe('what of a workload leaves which regions', () => {
  const GPU = { allocatable: { cpu: 8, 'nvidia.com/gpu': 4 } };
  const nodes = [
    makeNode('clean', 'us-west-2', { allocatable: { cpu: 8 } }),
    makeNode('gpu', 'us-east-1', { ...GPU, labels: { pool: 'gpu' } }),
  ];
  const snapshot = makeSnapshot({ 'us-west-2': 120.5, 'us-east-1': 379.1 }, { nodes });
  const gpus = makePod({ containers: [{ resources: { limits: { 'nvidia.com/gpu': '2' } } }] });

  const rows: readonly [name: string, pod: ReturnType<typeof makePod>, reason: string, asks: readonly string[]][] = [
    ['a need that leaves only dirty ones', gpus, 'all_dirty', ['need request of 2 nvidia.com/gpu: us-east-1']],
    [
      'a wish that leaves only dirty ones',
      makePod({ nodeSelector: { pool: 'gpu' } }),
      'high_carbon',
      ['wish node selector pool=gpu: us-east-1'],
    ],
    [
      'a wish that leaves none',
      makePod({ nodeSelector: { pool: 'tpu' } }),
      'unreachable',
      ['wish node selector pool=tpu: '],
    ],
    ['nothing where it may run well', makePod({ nodeSelector: { [REGION_LABEL]: 'us-west-2' } }), 'acceptable', []],
  ];
  for (const [name, pod, reason, asks] of rows)
    it(name, () => {
      const found = audited({ pod, snapshot });
      const told = found.asks.map(({ kind, what, leaves }) => `${kind} ${what}: ${leaves.join()}`);
      assert.deepEqual([found.reason, told], [reason, asks]);
    });

  it('nothing where everything is dirty anyway', () => {
    const found = audited({ snapshot: makeSnapshot({ a: 400, b: 500 }) });
    assert.deepEqual([found.reason, found.asks], ['all_dirty', []]);
  });
});
