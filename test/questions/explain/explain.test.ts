import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { toNamespaceRecord } from '../../../src/cluster/namespaces.ts';
import { compileRules } from '../../../src/decision/policy-rules.ts';
import { isDenied } from '../../../src/questions/explain/explain.ts';
import { explainObject } from '../../../src/questions/explain/explain-object.ts';
import type { ExplainReport } from '../../../src/questions/explain/explained.ts';
import { EXPLAINED_KINDS } from '../../../src/questions/explain/options.ts';
import { readObject } from '../../../src/questions/explain/read-object.ts';
import { readRecord } from '../../../src/questions/explain/read-record.ts';
import { renderExplained } from '../../../src/questions/explain/render-explained.ts';
import { type ExplainTarget, parseTarget } from '../../../src/questions/explain/target.ts';
import type { World } from '../../../src/world/load-world.ts';
import { KILL_SWITCH, readModeCap } from '../../../src/world/mode-cap.ts';
import { readWaitingFacts } from '../../../src/world/waiting-facts.ts';
import { makeNode, makeSnapshot, REGION_LABEL } from '../../builders.ts';
import { runCommand } from '../../process/run-command.ts';
import {
  type Collections,
  directApi,
  INTENSITIES,
  type Stored,
  startApi,
  worldOf,
  writeKubeconfig,
} from './explain-api.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const EVENTS = '/api/v1/namespaces/shop/events';
const apps = (plural: string) => `/apis/apps/v1/namespaces/shop/${plural}`;
const batch = (plural: string) => `/apis/batch/v1/namespaces/shop/${plural}`;
const SINCE = new Date(Date.now() - 60_000).toISOString();
const CONTAINERS = [{ name: 'main', resources: { requests: { cpu: '500m', memory: '1G' } } }];
const PINNED = { nodeSelector: { [REGION_LABEL]: 'us-east' } };
const DENIAL =
  'Error creating: admission webhook "pods.gridgate.dev" denied the request: gridgate refuses pod web-*: us-east is at 400 gCO2e/kWh [high_carbon]';
const EMBODIED_OF_M6G =
  /^Carbon .*gCO2e an hour: .*\n\nEmbodied {2}gCO2e an hour on top of each: 0\.30, .*making the machines, an estimate \(by instance type: embedded table\)$/m;
const RECORD = JSON.stringify({
  reason: 'steered',
  best: ['eu-north 50 static'],
  refused: ['us-east 400 static high_carbon'],
  reachable: 3,
  acceptable: 2,
  at: SINCE,
});

interface Parts {
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly status?: object;
}

/** Any object: its uid is made of its name. */
function stored(name: string, { owner, annotations = {}, spec = {}, status = {} }: Parts = {}): Stored {
  const references = owner ? [{ ...owner, uid: `uid-${owner.name}`, controller: true }] : [];
  const metadata = {
    name,
    uid: `uid-${name}`,
    namespace: 'shop',
    labels: { app: 'web' },
    annotations,
    creationTimestamp: SINCE,
    ownerReferences: references,
  };
  return { metadata, spec, status } as Stored;
}

function runningPod(name: string, node: string, parts: Parts = {}): Stored {
  const { spec, ...rest } = parts;
  return stored(name, {
    ...rest,
    spec: { containers: CONTAINERS, nodeName: node, ...spec },
    status: { phase: 'Running', startTime: SINCE },
  });
}

function workload(name: string, spec: object = {}, { status = {}, ...parts }: Parts = {}): Stored {
  const template = { metadata: {}, spec: { containers: CONTAINERS, ...spec } };
  const selector = { matchLabels: { app: 'web' } };
  return stored(name, {
    ...parts,
    spec: { replicas: 2, selector, template, ...parts.spec },
    status: { replicas: 0, ...status },
  });
}

function failedCreate(owner: string, message = DENIAL): Stored {
  return { metadata: { name: 'e' }, involvedObject: { uid: `uid-${owner}` }, message, lastTimestamp: SINCE } as Stored;
}

interface Run {
  readonly args: readonly string[];
  readonly world?: Collections;
  readonly objects: Collections;
  readonly forbids?: (path: string) => boolean;
  readonly ownNamespace?: string;
}

async function explain(test: TestContext, { args, world = worldOf(), objects, forbids }: Run) {
  const { kubeconfig, asked } = await startApi(test, { ...world, ...objects }, forbids);
  const finished = await runCommand(['explain', ...args, '-n', 'shop', '--kubeconfig', kubeconfig], {
    env: { COLUMNS: '80' },
  });
  return { ...finished, asked };
}

/** The same without a process: what is read, judged and rendered. */
async function explainHere({ args, world = worldOf(), objects, forbids, ownNamespace = 'gridgate-system' }: Run) {
  const target = parseTarget(args, 'shop');
  assert.ok(!('issues' in target));
  const deps = { api: directApi({ ...world, ...objects }, forbids), signal: AbortSignal.timeout(60_000) };
  const found = await readObject(deps, target);
  assert.ok('object' in found);
  const report = explainObject({
    target,
    ownNamespace,
    found,
    world: decisionsOf(world),
    modeCap: (await readModeCap(deps, KILL_SWITCH)).cap,
    policySignal: 'average-lifecycle',
    now: Date.now(),
    notes: [],
    waiting: await readWaitingFacts({ ...deps, namespace: 'gridgate-system', now: Date.now() }),
  });
  return { denied: isDenied(report), report, text: renderExplained(report, 80) };
}

function decisionsOf(world: Collections): World {
  const records = (world['/api/v1/namespaces'] ?? []).map(toNamespaceRecord);
  const nodes = Object.keys(INTENSITIES).map((region) => makeNode(`${region}-1`, region));
  return {
    snapshot: makeSnapshot(INTENSITIES, { nodes }),
    zones: new Map(),
    rules: compileRules({}),
    namespaces: new Map(records.map((record) => [record.name, record])),
    volumesOf: () => [],
    notes: [],
  };
}

async function explainJson(test: TestContext, run: Run) {
  const { stdout, stderr, code } = await explain(test, { ...run, args: [...run.args, '--output', 'json'] });
  assert.equal(stderr, '');
  return { code, report: JSON.parse(stdout) as ExplainReport };
}

describe('what to explain', () => {
  const rows: readonly [args: readonly string[], found: string][] = [
    [['pod', 'web'], 'Pod web'],
    [['pod/web'], 'Pod web'],
    [['PODS', 'web'], 'Pod web'],
    [['deploy/web'], 'Deployment web'],
    [['deployments.apps/web'], 'Deployment web'],
    [['deployment.v1.apps', 'web'], 'Deployment web'],
    [['pods.v1/web'], 'Pod web'],
    [['cronjobs.batch/web'], 'CronJob web'],
    [['rs', 'web'], 'ReplicaSet web'],
    [['sts', 'web'], 'StatefulSet web'],
    [['jobs', 'web'], 'Job web'],
    [['cj', 'web'], 'CronJob web'],
    [['Deployment', 'a.b-c'], 'Deployment a.b-c'],
    [['pod', 'x'.repeat(253)], `Pod ${'x'.repeat(253)}`],
  ];
  for (const [args, expected] of rows)
    it(`${args.join(' ').slice(0, 30)}`, () => {
      const target = parseTarget(args, 'shop');
      assert.equal('issues' in target ? target.issues.join() : `${target.kind} ${target.name}`, expected);
    });

  const mistakes: readonly [args: readonly string[], issues: readonly RegExp[]][] = [
    [[], [/KIND: "" is not one of pod/, /NAME: is missing/]],
    [['pod'], [/NAME: is missing/]],
    [['pod/'], [/NAME: "" is not a name/]],
    [['ds', 'web'], [/KIND: "ds" .*ask about one of them/]],
    [['daemonsets.apps/web'], [/KIND: "daemonsets.apps" .*ask about one of them/]],
    [['deployments.batch/web'], [/KIND: "deployments.batch" is not one of/]],
    [['deployments./web'], [/KIND: "deployments." is not one of/]],
    [['__proto__', 'web'], [/KIND: "__proto__"/]],
    [['pod/web', 'more'], [/"more": is too much/]],
    [['pod', '../nodes'], [/NAME: "\.\.\/nodes" is not a name/]],
    [['pod', 'x'.repeat(254)], [/NAME: /]],
    [['pod', 'a\u001b[31mb'], [/NAME: /]],
  ];
  for (const [args, issues] of mistakes)
    it(`not ${JSON.stringify(args).slice(0, 40)}`, () => {
      const target = parseTarget(args, 'shop');
      const found = 'issues' in target ? target.issues : [];
      assert.equal(found.length, issues.length, found.join('\n'));
      for (const [i, issue] of issues.entries()) assert.match(found[i] ?? '', issue);
    });
});

describe('the record of a decision', () => {
  const rows: readonly [name: string, annotation: string | undefined, readable: boolean | null][] = [
    ['none', undefined, null],
    ['as gridgate writes it', RECORD, true],
    ['as gridgate writes it where it is too long', '{"reason":"all_dirty"}', true],
    ['no JSON', 'steered', false],
    ['a reason that there is not', '{"reason":"because"}', false],
    ['a reason of every object', '{"reason":"toString"}', false],
    ['a list', '[]', false],
    ['null', 'null', false],
    ['regions that are no text', '{"reason":"steered","best":[{"a":1}]}', false],
    ['a time that is none', '{"reason":"steered","at":"yesterday"}', false],
    ['NaN', '{"reason":"steered","reachable":NaN}', false],
    ['longer than gridgate writes', JSON.stringify({ reason: 'steered', best: ['x'.repeat(1_100)] }), false],
  ];
  for (const [name, annotation, readable] of rows)
    it(`${name}: ${readable}`, () => assert.equal(readRecord(annotation)?.readable ?? null, readable));
});

describe('gridgate explain', { timeout: 300_000, concurrency: 2 }, () => {
  it('a pod that runs: what was decided, where it runs, what would be decided, and its carbon', async (t) => {
    const pod = runningPod('web-1', 'eu-north-1', {
      annotations: { 'gridgate.dev/decision': RECORD },
      owner: { kind: 'ReplicaSet', name: 'web-5d' },
    });
    const world = worldOf({ mode: 'enforce', 'max-intensity': '250', 'home-region': 'us-east' });
    const { code, report } = await explainJson(t, { args: ['pod', 'web-1'], world, objects: { [PODS]: [pod] } });
    assert.equal(code, 0);
    assert.deepEqual(report.object.owner, { kind: 'ReplicaSet', name: 'web-5d' });
    assert.deepEqual([report.version, report.mode.counts, report.mode.managed], ['v1', 'enforce', true]);
    assert.ok(report.record?.readable && report.record.reason === 'steered');
    assert.deepEqual(
      [report.runs?.node, report.runs?.region, report.runs?.reading?.gramsPerKwh],
      ['eu-north-1', 'eu-north', 50],
    );
    assert.deepEqual([report.now?.decision, report.now?.region, report.now?.allowed], ['steer', 'eu-north', true]);
    assert.deepEqual(
      report.now?.steps.map(({ step }) => step),
      ['leave alone', 'treatment', 'reachable', 'refused', 'ranked', 'steering', 'autoscaler'],
    );
    // (0.5 vCPU * (0.74 + 0.5 * (3.5 - 0.74)) W + 1 GB * 0.392 W) / 1000 * 1.135 * g/kWh = 1.452 W / 1000 * 1.135 * g/kWh
    const { now, home, best, basis } = report.gramsPerHour;
    for (const [found, expected] of [
      [now, 0.082_401],
      [home, 0.659_208],
      [best, 0.082_401],
    ] as const)
      assert.ok(Math.abs((found ?? 0) - expected) < 1e-5, `${found} instead of ${expected}`);
    assert.equal(basis, 'looked-up');
  });

  it('has embodied grams beside the operational ones, from the type of the node', async (t) => {
    const labels = { [REGION_LABEL]: 'eu-north', 'node.kubernetes.io/instance-type': 'm6g.large' };
    const world = { ...worldOf(), '/api/v1/nodes': [{ metadata: { name: 'eu-north-1', labels } }] };
    const objects = { [PODS]: [runningPod('web-1', 'eu-north-1')] };
    const { report } = await explainJson(t, { args: ['pod', 'web-1'], world, objects });
    // 0.5 vCPU * 1333.12 kg * 1000 / 35040 h / 64
    assert.ok(Math.abs(report.embodied.gramsPerHour - 0.297_231_735) < 1e-8, `${report.embodied.gramsPerHour}`);
    assert.deepEqual([report.embodied.basis, report.embodied.how], ['looked-up', 'embedded table']);
    const { stdout } = await explain(t, { args: ['pod', 'web-1'], world, objects });
    assert.match(stdout.replaceAll(/\n {10}/g, ' '), EMBODIED_OF_M6G);
  });

  it('of a machine that is not known says so, and what stands for it', async () => {
    const objects = {
      [PODS]: [runningPod('web-1', 'eu-north-1'), stored('web-2', { spec: { containers: CONTAINERS } })],
    };
    for (const name of ['web-1', 'web-2']) {
      const { report, text } = await explainHere({ args: ['pod', name], objects });
      // 0.5 vCPU * 1610.79 kg * 1000 / 35040 h / 96
      assert.ok(Math.abs(report.embodied.gramsPerHour - 0.239_427_262) < 1e-8, `${report.embodied.gramsPerHour}`);
      assert.equal(report.embodied.basis, 'estimated');
      assert.match(text.replaceAll(/\n {10}/g, ' '), /^Embodied {2}.*0\.24, .* an estimate \(machine not known: /m);
    }
  });

  it('fits 80 columns, whatever it is about, and no control character comes through', async (t) => {
    const name = `${'n'.repeat(63)}.${'m'.repeat(150)}`;
    const record = JSON.stringify({ reason: 'steered', best: ['\u001b[31mred\u0007'], refused: ['äöü '.repeat(60)] });
    const pod = runningPod(name, 'eu-north-1', { annotations: { 'gridgate.dev/decision': record } });
    const { code, stdout } = await explain(t, { args: ['pod', name], objects: { [PODS]: [pod] } });
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.deepEqual(
      lines.filter((line) => [...line].length > 80),
      [],
    );
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u);
    for (const says of [
      /^Runs +on node eu-north-1 in eu-north/m,
      /^ +at 50 gCO2e\/kWh average-lifecycle \(static/m,
      /^Now +steer steered/m,
    ])
      assert.match(stdout, says);
  });

  it('says the same in YAML as in JSON', async (t) => {
    const objects = { [PODS]: [runningPod('web-1', 'eu-north-1')] };
    const [{ report }, { stdout }] = await Promise.all([
      explainJson(t, { args: ['pod', 'web-1'], objects }),
      explain(t, { args: ['pod', 'web-1', '--output', 'yaml'], objects }),
    ]);
    assert.deepEqual(Object.keys(parse(stdout)), Object.keys(report));
    assert.deepEqual(parse(stdout).now, report.now);
  });

  it('says which of its wishes leaves which regions', async () => {
    const spec = { containers: CONTAINERS, nodeSelector: { 'kubernetes.io/hostname': 'us-east-1' } };
    const pod = stored('web-1', { spec });
    const { report } = await explainHere({ args: ['pod', 'web-1'], objects: { [PODS]: [pod] } });
    const reachable = report.now?.steps.find(({ step }) => step === 'reachable')?.finding ?? '';
    assert.match(reachable, /wish: node selector kubernetes\.io\/hostname=us-east-1 leaves us-east/);
    assert.doesNotMatch(reachable, /not looked at/);
  });

  it('a record that gridgate did not write is shown as such, and changes nothing', async () => {
    const pod = runningPod('web-1', 'us-east-1', {
      annotations: { 'gridgate.dev/decision': '{"reason":"fine, trust me"}' },
      spec: PINNED,
    });
    const { denied, text } = await explainHere({ args: ['pod', 'web-1'], objects: { [PODS]: [pod] } });
    assert.ok(denied, 'it would be now');
    assert.match(text, /its record is not readable/);
    assert.match(text, /^Now +deny high_carbon: gridgate refuses pod web-1: us-east is at 400/m);
    assert.match(text, /refused for new pods: the electricity of the region is above the\s+ceiling/);
  });

  const waiting: readonly [name: string, spec: object, condition: object | undefined, says: RegExp][] = [
    [
      'held by gates',
      { schedulingGates: [{ name: 'gridgate.dev/defer' }] },
      { reason: 'SchedulingGated' },
      /^Waits +held by scheduling gates: gridgate\.dev\/defer$/m,
    ],
    [
      'unschedulable',
      {},
      { reason: 'Unschedulable', message: '0/3 nodes are available' },
      /^Waits +Unschedulable: 0\/3 nodes are available$/m,
    ],
    ['not looked at yet', {}, undefined, /^Waits +for the scheduler/m],
  ];
  for (const [name, spec, condition, says] of waiting)
    it(`a pod that waits, ${name}`, async () => {
      const conditions = condition ? [{ type: 'PodScheduled', status: 'False', ...condition }] : [];
      const pod = stored('web-1', {
        spec: { containers: CONTAINERS, ...spec },
        status: { phase: 'Pending', conditions },
      });
      const { denied, text } = await explainHere({ args: ['pod', 'web-1'], objects: { [PODS]: [pod] } });
      assert.ok(!denied);
      assert.match(text, says);
      assert.doesNotMatch(text, /where it runs/);
    });

  const owned = { owner: { kind: 'Deployment', name: 'web' } };
  const condition = {
    conditions: [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: DENIAL, lastTransitionTime: SINCE },
    ],
  };
  const job = { spec: { replicas: undefined, parallelism: 1 } };
  const refused: readonly [kind: string, controller: string, objects: Collections][] = [
    [
      'deployment',
      'ReplicaSet web-5d',
      {
        [apps('deployments')]: [workload('web', PINNED)],
        [apps('replicasets')]: [workload('web-5d', PINNED, owned)],
        [EVENTS]: [failedCreate('web-5d')],
      },
    ],
    [
      'deployment',
      'ReplicaSet web-5d',
      {
        [apps('deployments')]: [workload('web', PINNED)],
        [apps('replicasets')]: [workload('web-5d', PINNED, { ...owned, status: condition })],
      },
    ],
    ['replicaset', 'ReplicaSet web', { [apps('replicasets')]: [workload('web', PINNED, { status: condition })] }],
    [
      'statefulset',
      'StatefulSet web',
      {
        [apps('statefulsets')]: [workload('web', PINNED)],
        [EVENTS]: [
          failedCreate('web', DENIAL.replace('Error creating', 'create Pod web-0 in StatefulSet web failed error')),
        ],
      },
    ],
    ['job', 'Job web', { [batch('jobs')]: [workload('web', PINNED, job)], [EVENTS]: [failedCreate('web')] }],
    [
      'cronjob',
      'Job web-2',
      {
        [batch('cronjobs')]: [stored('web', { spec: { jobTemplate: { spec: workload('x', PINNED) } } })],
        [batch('jobs')]: [workload('web-2', PINNED, { ...job, owner: { kind: 'CronJob', name: 'web' } })],
        [EVENTS]: [failedCreate('web-2')],
      },
    ],
  ];
  for (const [kind, controller, objects] of refused)
    it(`why a ${kind} gets no pods${Object.hasOwn(objects, EVENTS) ? '' : ', without Events'}`, async () => {
      const { denied, report } = await explainHere({ args: [kind, 'web'], objects });
      assert.ok(denied);
      const { byGridgate, reason, message, controller: found } = report.refusal ?? assert.fail('no refusal');
      assert.deepEqual([byGridgate, reason, `${found.kind} ${found.name}`], [true, 'high_carbon', controller]);
      assert.equal(message, 'gridgate refuses pod web-*: us-east is at 400 gCO2e/kWh [high_carbon]');
    });

  it('a refusal that has ended meanwhile', async () => {
    const objects = { [apps('replicasets')]: [workload('web', PINNED, { status: condition })] };
    const world = worldOf({ mode: 'enforce', 'max-intensity': '500' });
    const { text, report } = await explainHere({ args: ['rs', 'web'], world, objects });
    assert.ok(report.refusal?.byGridgate && report.now?.allowed);
    assert.match(text, /^Notes +the refusal is over/m);
    assert.doesNotMatch(text, /refused again/);
  });

  it('regions that nothing ranks: none of them is the best', async () => {
    const world = worldOf({ mode: 'enforce', 'max-intensity': '1000', weights: 'carbon=0,latency=1' });
    const objects = { [apps('deployments')]: [workload('web')], [apps('replicasets')]: [] };
    const { text, report } = await explainHere({ args: ['deploy', 'web'], world, objects });
    assert.deepEqual(
      [report.now?.region, report.gramsPerHour.best, report.gramsPerHour.bestRegion],
      [null, null, null],
    );
    assert.match(
      text.replaceAll(/\n +/g, ' '),
      /ranked +none: nothing tells which is better of eu-north, us-east, us-west/,
    );
    assert.doesNotMatch(text, /\bbest\b|\bled\b/);
  });

  it('an owner that wants no pods: what one would cause', async () => {
    const objects = {
      [apps('deployments')]: [workload('web', {}, { spec: { replicas: 0 } })],
      [apps('replicasets')]: [],
    };
    const { report, denied } = await explainHere({ args: ['deploy', 'web'], objects });
    assert.deepEqual([report.pods?.wanted, report.gramsPerHour.pods, report.refusal, denied], [0, 1, null, false]);
    assert.ok((report.gramsPerHour.best ?? 0) > 0);
  });

  it('a pod that has ended: where it ran', async () => {
    const pod = stored('web-1', {
      spec: { containers: CONTAINERS, nodeName: 'us-west-1' },
      status: { phase: 'Succeeded' },
    });
    const { text, report } = await explainHere({ args: ['pod', 'web-1'], objects: { [PODS]: [pod] } });
    assert.match(text, /^Ran +on node us-west-1 in us-west; it has ended \(Succeeded\)$/m);
    assert.equal(report.gramsPerHour.now, null);
  });

  const done = (type: string) => ({ status: { conditions: [{ type, status: 'True' }] } });
  for (const type of ['Complete', 'Failed'])
    it(`a Job that is ${type}: nothing is refused, nothing lacks`, async () => {
      const objects = { [batch('jobs')]: [workload('web', PINNED, { ...job, ...done(type) })] };
      const { denied, text, report } = await explainHere({ args: ['job', 'web'], objects });
      assert.deepEqual([denied, report.object.ended, report.now, report.pods?.wanted], [false, type, null, 0]);
      assert.match(text, new RegExp(`^Ended +it has ended \\(${type}\\): no pods are wanted$`, 'm'));
      assert.doesNotMatch(text, /0 of 1 run|deny/);
    });

  it('a pod that has ended where it would be refused now', async () => {
    const pod = stored('web-1', {
      spec: { ...PINNED, containers: CONTAINERS, nodeName: 'us-east-1' },
      status: { phase: 'Failed' },
    });
    const { denied, report } = await explainHere({ args: ['pod', 'web-1'], objects: { [PODS]: [pod] } });
    assert.deepEqual([denied, report.object.ended, report.now], [false, 'Failed', null]);
  });

  it('a CronJob between two runs: none is wanted', async () => {
    const objects = {
      [batch('cronjobs')]: [stored('web', { spec: { jobTemplate: { spec: workload('x') } } })],
      [batch('jobs')]: [
        workload('web-2', {}, { ...job, ...done('Complete'), owner: { kind: 'CronJob', name: 'web' } }),
      ],
    };
    const { report } = await explainHere({ args: ['cronjob', 'web'], objects });
    assert.deepEqual([report.pods?.wanted, report.object.ended], [0, null]);
  });

  it('a quota that keeps pods away is not called a denial', async () => {
    const objects = { [apps('replicasets')]: [workload('web')], [EVENTS]: [failedCreate('web', 'exceeded quota: q')] };
    const { denied, text } = await explainHere({ args: ['rs', 'web'], objects });
    assert.ok(!denied);
    assert.match(text, /^Failed +ReplicaSet web cannot create pods, last tried .* ago:\n +exceeded quota: q$/m);
  });

  it('a Deployment that has its pods: where they are; an old failure is over', async () => {
    const pods = [
      ['a', 'eu-north-1'],
      ['b', 'us-east-1'],
      ['c', 'us-east-1'],
    ].map(([name = '', node = '']) => runningPod(name, node, { owner: { kind: 'ReplicaSet', name: 'web-5d' } }));
    const objects = {
      [apps('deployments')]: [workload('web', {}, { spec: { replicas: 4 } })],
      [apps('replicasets')]: [workload('web-5d', {}, { ...owned, spec: { replicas: 4 }, status: { replicas: 4 } })],
      [PODS]: [
        ...pods,
        stored('d', { owner: { kind: 'ReplicaSet', name: 'web-5d' } }),
        runningPod('of-another', 'us-west-1'),
      ],
      [EVENTS]: [failedCreate('web-5d')],
    };
    const { denied, report } = await explainHere({ args: ['deploy/web'], objects });
    assert.ok(!denied);
    assert.deepEqual(report.pods, {
      wanted: 4,
      running: { 'eu-north': 1, 'us-east': 2 },
      waiting: { count: 1, names: ['d'] },
    });
    assert.equal(report.refusal, null);
    // Three pods: 1.452 W / 1000 * 1.135 * (50 + 400 + 400)
    assert.ok(Math.abs((report.gramsPerHour.now ?? 0) - 1.400_817) < 1e-5, `${report.gramsPerHour.now}`);
    assert.ok(Math.abs((report.gramsPerHour.best ?? 0) - 0.247_203) < 1e-5, `${report.gramsPerHour.best}`);
  });

  const modes: readonly [
    name: string,
    annotations: Readonly<Record<string, string>>,
    objects: Collections,
    denied: boolean,
    says: RegExp,
  ][] = [
    ['enforce', { mode: 'enforce', 'max-intensity': '250' }, {}, true, /^Now +deny high_carbon: gridgate refuses/m],
    [
      'warn',
      { mode: 'warn', 'max-intensity': '250' },
      {},
      false,
      /^Now +deny high_carbon \(mode warn: not carried out\)/m,
    ],
    [
      'audit',
      { mode: 'audit', 'max-intensity': '250' },
      {},
      false,
      /^Now +deny high_carbon \(mode audit: not carried out\)/m,
    ],
    ['none', {}, {}, false, /kubectl annotate namespace shop\s+gridgate\.dev\/mode=audit/],
    [
      'enforce under the kill switch',
      { mode: 'enforce', 'max-intensity': '250' },
      {
        '/api/v1/namespaces/gridgate-system/configmaps': [
          { metadata: { name: 'gridgate-kill-switch' }, data: { 'max-mode': 'warn' } } as Stored,
        ],
      },
      false,
      /the kill switch caps mode enforce to warn/,
    ],
    [
      'enforce under a kill switch that is off',
      { mode: 'enforce' },
      {
        '/api/v1/namespaces/gridgate-system/configmaps': [
          { metadata: { name: 'gridgate-kill-switch' }, data: { 'max-mode': 'off' } } as Stored,
        ],
      },
      false,
      /^Now +allow switched_off/m,
    ],
  ];
  for (const [name, annotations, objects, expected, says] of modes)
    it(`knows the mode: ${name}`, async () => {
      const pod = runningPod('web-1', 'us-east-1', { spec: PINNED });
      const { denied, text } = await explainHere({
        args: ['pod', 'web-1'],
        world: worldOf(annotations),
        objects: { ...objects, [PODS]: [pod] },
      });
      assert.equal(denied, expected);
      assert.match(text, says);
    });

  for (const annotations of [{}, { mode: 'enforce', 'max-intensity': '250' }])
    it(`advises nothing on gridgate's own namespace, with annotations ${JSON.stringify(annotations)}`, async () => {
      const { denied, report, text } = await explainHere({
        args: ['pod', 'web-1'],
        world: worldOf(annotations),
        objects: { [PODS]: [runningPod('web-1', 'us-east-1', { spec: PINNED })] },
        ownNamespace: 'shop',
      });
      assert.ok(!denied);
      assert.equal(report.now?.reason, 'mode_off');
      assert.match(text, /^Now +allow mode_off: gridgate never touches this namespace/m);
      assert.match(text, /^Notes +gridgate never touches namespace shop$/m);
      assert.ok(!/kubectl annotate|the best allowed|lacks the label/.test(text), text);
    });

  it('what is not there: exit 2, with names that are near', async (t) => {
    const objects = { [PODS]: [runningPod('web-5d-x2x9z', 'eu-north-1'), runningPod('other', 'eu-north-1')] };
    const { code, complaints, stdout } = await explain(t, { args: ['pod', 'web'], objects });
    assert.deepEqual([code, stdout], [2, '']);
    assert.deepEqual(complaints, ['gridgate: there is no pod web in namespace shop; did you mean web-5d-x2x9z?']);
  });

  it('a caller with rights in the namespace alone: what can be told, and what could not be read', async (t) => {
    const pod = runningPod('web-1', 'us-east-1', { annotations: { 'gridgate.dev/decision': RECORD } });
    const forbids = (path: string) => !path.startsWith('/api/v1/namespaces/shop');
    const { code, stdout } = await explain(t, { args: ['pod', 'web-1'], objects: { [PODS]: [pod] }, forbids });
    assert.equal(code, 3, 'what would be decided now could not be found out');
    assert.match(stdout, /^Then +steered when it came/m);
    assert.match(stdout, /what would be decided now is not known.*--regions/s);
    assert.match(stdout, /kill switch/);
  });

  it('a pod that may not be read: exit 3, with the reason', async (t) => {
    const { code, complaints } = await explain(t, {
      args: ['pod', 'web-1'],
      objects: {},
      forbids: (path) => path.startsWith(PODS),
    });
    assert.equal(code, 3);
    assert.match(
      complaints[0] ?? '',
      /^gridgate: cannot read pod web-1: you may not get pods web-1 in namespace shop /,
    );
  });

  for (const answer of [null, [], 'pong', {}, { metadata: null }])
    it(`an API server that answers ${JSON.stringify(answer)}: an error, no crash`, async () => {
      const target = parseTarget(['pod', 'web-1'], 'shop') as ExplainTarget;
      const read = readObject({ api: { get: async () => answer }, signal: AbortSignal.abort() }, target);
      await assert.rejects(read, /GET .*\/pods\/web-1 answers something that is no Pod$/);
    });

  it('a failure whose Event has no time: null, as documented', async () => {
    const event = { ...failedCreate('web'), lastTimestamp: null, eventTime: null };
    const objects = { [apps('replicasets')]: [workload('web')], [EVENTS]: [event] };
    const { report } = await explainHere({ args: ['rs', 'web'], objects });
    assert.equal(report.refusal?.at, null);
  });

  it('a cluster that is away: exit 3; none at all: exit 2', async (t) => {
    const away = await runCommand(['explain', 'pod', 'web', '--kubeconfig', writeKubeconfig(t, 'http://127.0.0.1:1')]);
    assert.equal(away.code, 3);
    assert.match(away.stderr, /^gridgate: cannot read .*ECONNREFUSED/m);
    const none = await runCommand(['explain', 'ds', '../x', '--namespace', 'shop']);
    assert.equal(none.code, 2);
    assert.deepEqual(
      none.complaints.map((line) => line.slice(0, 20)),
      ['gridgate: KIND: "ds"', 'gridgate: NAME: "../', 'gridgate: what runs '],
    );
  });

  it('tells every mistake of the command line at once, before it asks a cluster', async (t) => {
    const { kubeconfig, asked } = await startApi(t, worldOf());
    const files = ['--regions', '/nowhere/regions.yaml', '--config', '/nowhere/gridgate.yaml'];
    const { code, complaints } = await runCommand(['explain', 'ds', '../x', ...files, '--kubeconfig', kubeconfig]);
    assert.deepEqual([code, complaints.length, asked.length], [2, 4, 0], complaints.join('\n'));
  });

  it('an owner of 20,000 pods: counted, not listed', async () => {
    const owner = { kind: 'ReplicaSet', name: 'web' };
    const pods = Array.from({ length: 20_000 }, (_, i) =>
      i % 2 === 0 ? runningPod(`p${i}`, 'eu-north-1', { owner }) : stored(`p${i}`, { owner }),
    );
    const objects = { [apps('replicasets')]: [workload('web')], [PODS]: pods };
    const { report } = await explainHere({ args: ['rs', 'web'], objects });
    assert.deepEqual([report.pods?.running, report.pods?.waiting.count], [{ 'eu-north': 10_000 }, 10_000]);
    assert.equal(report.pods?.waiting.names.length, 10);
  });

  it('asks for no more than one namespace', async (t) => {
    const { asked } = await explain(t, {
      args: ['pod', 'web-1'],
      objects: { [PODS]: [runningPod('web-1', 'eu-north-1')] },
    });
    assert.ok(!asked.includes('/api/v1/namespaces') && !asked.includes('/api/v1/pods'), asked.join('\n'));
  });

  it('takes every kind that its help names', async () => {
    const { stdout } = await runCommand(['explain', '--help']);
    for (const kind of EXPLAINED_KINDS) assert.ok(stdout.includes(kind), kind);
    assert.match(stdout, /KIND\/NAME/);
  });
});
