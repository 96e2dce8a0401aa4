import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { expression, REGION_LABEL } from '../builders.ts';
import { NAMESPACES, namespaceYaml, regionYaml, writeDocuments } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';
import { type Collections, type Stored, startApi, worldOf } from './explain/explain-api.ts';

const NODE_POOLS = '/apis/karpenter.sh/v1/nodepools';
const STATUS = '/api/v1/namespaces/kube-system/configmaps';
const CONTAINERS = [{ name: 'main' }];
const FLEXIBLE = { 'gridgate.dev/class': 'flexible' };
const POD = { metadata: { name: 'web', namespace: 'shop', annotations: FLEXIBLE }, spec: { containers: CONTAINERS } };

function nodePool(name: string, ...regions: readonly string[]) {
  const requirements = [expression(REGION_LABEL, 'In', ...regions)];
  return { metadata: { name }, spec: { template: { spec: { requirements } } } };
}

/** As Cluster Autoscaler writes it, of groups with 3 of so many nodes. */
function status(groups: Readonly<Record<string, number>>, at = Date.now()): Stored {
  const nodeGroups = Object.entries(groups).map(([name, maxSize]) => ({
    name,
    health: { status: 'Healthy', cloudProviderTarget: 3, minSize: 0, maxSize },
  }));
  const time = `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`;
  const data = { status: stringify({ time, autoscalerStatus: 'Running', nodeGroups }) };
  return { metadata: { name: 'cluster-autoscaler-status' }, data } as Stored;
}

const KARPENTER = { [NODE_POOLS]: [nodePool('batch', 'eu-north'), nodePool('web', 'us-west')] };
const CLUSTER_AUTOSCALER = { [STATUS]: [status({ 'batch-eu-north': 10, 'batch-us-west': 10 })] };
const FOLLOWS = /Karpenter \(NodePools batch, web\) takes a preference for a requirement first/;
const IGNORES = /Cluster Autoscaler \(2 node groups\) ignores preferences when it picks a node group/;
const NONE = /no autoscaler was seen: only nodes that are there count/;

type Case = readonly [name: string, objects: Collections, autoscaler: string, says: RegExp];
const CASES: readonly Case[] = [
  ['Karpenter', KARPENTER, 'karpenter', FOLLOWS],
  ['Cluster Autoscaler', CLUSTER_AUTOSCALER, 'cluster-autoscaler', IGNORES],
  ['both', { ...KARPENTER, ...CLUSTER_AUTOSCALER }, 'both', /Karpenter .*, which is here too, ignores preferences/],
  ['none', {}, 'none', NONE],
  [
    'Karpenter whose NodePools are paused',
    { [NODE_POOLS]: [{ metadata: { name: 'p' }, spec: { limits: { cpu: 0 } } } as Stored] },
    'none',
    /the NodePool that is there is static, paused, full or not ready/,
  ],
  [
    'a status that was left behind',
    { [STATUS]: [status({ 'batch-eu-north': 10 }, Date.now() - 86_400_000)] },
    'none',
    NONE,
  ],
];

interface Asked {
  readonly objects: Collections;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly forbids?: (path: string) => boolean;
  readonly args?: readonly string[];
}

/** A command about the pod `web` in a cluster with these objects. */
async function ask(test: TestContext, command: string, { objects, annotations, forbids, args = [] }: Asked) {
  const pods = [{ ...POD, status: { phase: 'Pending' } } as Stored];
  const world = {
    ...worldOf({ mode: 'enforce', ...annotations }),
    '/api/v1/namespaces/shop/pods': pods,
    '/api/v1/namespaces/kube-system/configmaps': [],
    ...objects,
  };
  const { kubeconfig } = await startApi(test, world, forbids);
  const file = writeDocuments(join(makeTemporaryDirectory(test), 'pod.yaml'), [
    stringify({ apiVersion: 'v1', kind: 'Pod', ...POD }),
  ]);
  const lines: Readonly<Record<string, readonly string[]>> = {
    explain: ['explain', 'pod', 'web', '-n', 'shop'],
    admit: ['admit', '-f', file, '-n', 'shop'],
    audit: ['audit', '--live', '-n', 'shop'],
  };
  const line = [...(lines[command] ?? []), '--kubeconfig', kubeconfig, ...args];
  const finished = await runCommand(line, { env: { COLUMNS: '400' } });
  assert.ok(finished.code === 0, `${finished.code} ${finished.stderr}`);
  return finished;
}

async function askJson(test: TestContext, command: string, asked: Asked) {
  return JSON.parse((await ask(test, command, { ...asked, args: ['--output', 'json'] })).stdout);
}

describe('what a preference brings is said by', { timeout: 300_000 }, () => {
  for (const command of ['explain', 'admit', 'audit'])
    for (const [name, objects, autoscaler, says] of CASES)
      it(`${command}: ${name}`, async (test) => {
        const { stdout } = await ask(test, command, { objects });
        assert.match(stdout, says);
        const told = stdout.split('\n').filter((line) => says.test(line));
        assert.equal(told.length, 1, 'once');
        const data = await askJson(test, command, { objects });
        assert.equal(data.autoscaling.autoscaler, autoscaler);
        if (command === 'audit') {
          assert.deepEqual([data.preferences.workloads, says.test(data.preferences.means)], [1, true]);
          assert.match(stdout, /Preferences +1 workload only prefers regions: /);
        }
      });

  it('explain, where the caller may not look: by the labels of nodes alone, and that it is so', async (test) => {
    const forbids = (path: string) => path === NODE_POOLS || path === STATUS;
    const { stdout } = await ask(test, 'explain', { objects: { ...KARPENTER, ...CLUSTER_AUTOSCALER }, forbids });
    assert.match(
      stdout,
      /what brings nodes is told by the labels of nodes alone, and no NodePool or node group counts/,
    );
    assert.doesNotMatch(stdout, /Karpenter \(|Cluster Autoscaler \(|no autoscaler/);
  });

  it('audit of files with NodePools, which count where the Nodes among them do', async (test) => {
    const directory = makeTemporaryDirectory(test);
    const pool = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', ...nodePool('batch', 'eu-north') };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { [REGION_LABEL]: 'us-east' } } };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { template: { spec: { containers: CONTAINERS } } },
    };
    const world = [
      namespaceYaml('shop', { mode: 'enforce' }),
      regionYaml('eu-north', { gramsPerKwh: 50 }),
      regionYaml('us-east', { gramsPerKwh: 200 }),
    ];
    const files = writeDocuments(join(directory, 'all.yaml'), [
      ...world,
      ...[pool, node, deployment].map((one) => stringify(one)),
    ]);
    const { code, stdout, stderr } = await runCommand(['audit', '-f', files, '--output', 'json']);
    assert.equal(code, 0, stderr + stdout);
    const report = JSON.parse(stdout);
    assert.deepEqual(report.workloads[0].regions, ['eu-north', 'us-east']);
    assert.deepEqual([report.autoscaling.autoscaler, report.autoscaling.nodePools], ['karpenter', ['batch']]);
    assert.match(report.preferences.means, /^Karpenter \(NodePool batch\)/);
    assert.deepEqual(report.notJudged, {});
  });

  it('audit of a NodePool that is none: file, line and path', async (test) => {
    const file = writeDocuments(join(makeTemporaryDirectory(test), 'p.yaml'), [
      stringify({
        apiVersion: 'karpenter.sh/v1',
        kind: 'NodePool',
        metadata: { name: 'p' },
        spec: { template: { spec: { requirements: {} } } },
      }),
    ]);
    const { code, stdout, stderr } = await runCommand(['audit', '-f', file]);
    assert.equal(code, 2);
    assert.match(
      stdout + stderr,
      /p\.yaml, document 1, line 1: NodePool p: spec\.template\.spec\.requirements: must be of type array, not object/,
    );
  });

  it('admit of files: NodePools beside Namespaces', async (test) => {
    const directory = makeTemporaryDirectory(test);
    const pool = stringify({ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', ...nodePool('batch', 'eu-north') });
    const namespaces = writeDocuments(join(directory, 'N.yaml'), [...NAMESPACES, pool]);
    const regions = writeDocuments(join(directory, 'R.yaml'), [
      regionYaml('eu-north', { gramsPerKwh: 50 }),
      regionYaml('us-east', { gramsPerKwh: 200 }),
    ]);
    const pod = writeDocuments(join(directory, 'pod.yaml'), [stringify({ apiVersion: 'v1', kind: 'Pod', ...POD })]);
    const { stdout } = await runCommand(['admit', '-f', pod, '--regions', regions, '--namespaces', namespaces]);
    assert.match(stdout, /autoscaler +Karpenter \(NodePool batch\) takes a preference/);
  });
});

describe('placement: auto is explained', { timeout: 300_000 }, () => {
  const full = { [STATUS]: [status({ 'batch-eu-north': 3, 'batch-us-west': 10 })] };
  const rows: readonly [name: string, objects: Collections, counts: string, why: string, patch: RegExp][] = [
    [
      'under Cluster Autoscaler',
      CLUSTER_AUTOSCALER,
      'require',
      'cluster_autoscaler',
      /"operator":"In","values":\["eu-north"\]/,
    ],
    ['with the best group full', full, 'prefer', 'no_room', /preferred/],
    ['under Karpenter', KARPENTER, 'prefer', 'karpenter', /preferred/],
    ['without an autoscaler', {}, 'prefer', 'no_autoscaler', /preferred/],
  ];
  for (const [name, objects, counts, why, patch] of rows)
    it(name, async (test) => {
      const asked = { objects, annotations: { placement: 'auto' } };
      const admitted = await askJson(test, 'admit', asked);
      assert.deepEqual(admitted.placement, { asked: 'auto', counts, why });
      assert.match(JSON.stringify(admitted.patch), patch);
      const explained = await askJson(test, 'explain', asked);
      assert.deepEqual(explained.now.placement, { asked: 'auto', counts, why });
      const { stdout } = await ask(test, 'explain', asked);
      assert.match(stdout, new RegExp(`placement auto: ${counts}: `));
    });

  it('as prefer and require where it is not asked for', async (test) => {
    for (const placement of ['prefer', 'require', 'none']) {
      const { now } = await askJson(test, 'explain', { objects: KARPENTER, annotations: { placement } });
      assert.deepEqual(now.placement, { asked: placement, counts: placement, why: null });
    }
  });
});

describe('gridgate admit in a cluster', { timeout: 300_000 }, () => {
  it('judges by its namespaces and nodes, and as far as the kill switch lets it', async (test) => {
    const killSwitch = { metadata: { name: 'gridgate-kill-switch' }, data: { 'max-mode': 'off' } } as Stored;
    const steered = await askJson(test, 'admit', { objects: {} });
    assert.deepEqual([steered.decision, steered.mode], ['steer', 'enforce']);
    const objects = { '/api/v1/namespaces/gridgate-system/configmaps': [killSwitch] };
    const off = await askJson(test, 'admit', { objects });
    assert.deepEqual([off.decision, off.reason, off.mode], ['allow', 'switched_off', 'off']);
  });

  it('says that a namespace is not there, and what could not be read', async (test) => {
    const { kubeconfig } = await startApi(test, worldOf(), (path) => path === NODE_POOLS);
    const file = writeDocuments(join(makeTemporaryDirectory(test), 'pod.yaml'), [
      stringify({ apiVersion: 'v1', kind: 'Pod', ...POD }),
    ]);
    const gone = await runCommand(['admit', '-f', file, '-n', 'gone', '--kubeconfig', kubeconfig]);
    assert.deepEqual([gone.code, /no namespace gone/.test(gone.stderr)], [2, true]);
    const there = await runCommand(['admit', '-f', file, '-n', 'shop', '--kubeconfig', kubeconfig]);
    assert.equal(there.code, 0, there.stderr);
    assert.match(there.stderr, /you may not list nodepools\.karpenter\.sh/);
  });
});
