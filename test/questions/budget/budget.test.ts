import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { BudgetReport, ReportedComponent } from '../../../src/questions/budget/budget-report.ts';
import { hasUnseen } from '../../../src/units/legible.ts';
import { REGION_LABEL } from '../../builders.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import type { Finished } from '../../process/finished.ts';
import { runCommand } from '../../process/run-command.ts';
import { type Answer, readPayload, startProvider } from '../../sources/fake-provider.ts';
import { type Collections, startApi } from '../explain/explain-api.ts';
import { annotated, budgetWorld, podMetrics, runningPod } from './budget-world.ts';

const VECTOR = readPayload('prometheus-vector');
const OBSERVABILITY = 'observability';
const PODS = '/api/v1/pods';
const METRICS = '/apis/metrics.k8s.io/v1beta1/pods';

interface Setting {
  readonly world?: Collections;
  readonly forbids?: (path: string) => boolean;
  readonly args?: readonly string[];
  readonly columns?: number;
}

async function run(
  t: TestContext,
  { world = budgetWorld(), forbids, args = [], columns = 120 }: Setting,
): Promise<Finished> {
  const { kubeconfig } = await startApi(t, world, forbids);
  return runCommand(['budget', '--kubeconfig', kubeconfig, ...args], { env: { COLUMNS: String(columns) } });
}

async function report(t: TestContext, setting: Setting): Promise<BudgetReport & { readonly code: number | null }> {
  const { code, stdout, stderr } = await run(t, { ...setting, args: [...(setting.args ?? []), '-o', 'json'] });
  assert.notEqual(stdout, '', stderr);
  return { ...JSON.parse(stdout), code };
}

function named({ components }: BudgetReport, name: string | null): ReportedComponent {
  const found = components.find((one) => one.name === name);
  assert.ok(found, `no ${name}`);
  return found;
}

type Sample = readonly [metric: Readonly<Record<string, string>>, value: string | number];

/** A Prometheus that knows watts of pods now, by `namespace/pod`, and an hour ago. */
async function prometheusOf(
  t: TestContext,
  now: readonly Sample[],
  anHourAgo: readonly Sample[] = [],
): Promise<string> {
  const answer: Answer = ({ query }) => {
    const samples = query['query'] !== 'watts' ? [] : query['time'] === undefined ? now : anHourAgo;
    const result = samples.map(([metric, value]) => ({ metric, value: [1435781451.781, String(value)] }));
    return { body: { ...VECTOR, data: { resultType: 'vector', result } } };
  };
  return (await startProvider(t, answer)).baseUrl;
}

const ofPod = (namespace: string, pod: string, watts: number | string): Sample => [{ namespace, pod }, watts];
const asking = (url: string) => ['--prometheus-url', url, '--prometheus-query', 'watts'];

/** The incident: observability is at 0.568 kgCO2e an hour, 62% of it ingesters of Loki. 1 kWh is 0.454 kgCO2e here. */
const INCIDENT: readonly Sample[] = [
  ofPod(OBSERVABILITY, 'prometheus-0', 300),
  ofPod(OBSERVABILITY, 'grafana-0', 175),
  ofPod(OBSERVABILITY, 'loki-0', 775),
  ofPod(OBSERVABILITY, 'loki-1', 0),
  ...Array.from({ length: 30 }, (_, index) => ofPod('shop', `web-${index}`, 256)),
];

const AN_HOUR_BEFORE: readonly Sample[] = INCIDENT.map(([metric, watts]) => {
  const before: Readonly<Record<string, number>> = { 'prometheus-0': 297, 'loki-0': 680, 'grafana-0': 175 };
  return [metric, before[metric['pod'] ?? ''] ?? Number(watts) * 1.02];
});

describe('gridgate budget', () => {
  it('shows at a glance what share of the cluster an observability stack has, and that it is over its budget', async (t) => {
    const { code, stdout, stderr } = await run(t, { args: asking(await prometheusOf(t, INCIDENT, AN_HOUR_BEFORE)) });
    assert.deepEqual([code, stderr], [1, '']);
    assert.equal(
      stdout,
      `NAMESPACE      PODS  kgCO2e/h  SHARE                        BUDGET  STATE  TREND  KNOWN BY
shop             30      3.49   86.0% █████████████████▎         -  -        -2%  measured
observability     4     0.568   14.0% ██▊                      0.5  over     +9%  measured

Total  4.05 kgCO2e an hour, 8,930 W (34 pods: measured)
Over   namespace observability emits 0.0675 kgCO2e an hour more than its budget of 0.5
`,
    );
  });

  it('groups Prometheus, Grafana and Loki by their label, beside what the namespace may emit', async (t) => {
    const url = await prometheusOf(t, INCIDENT, AN_HOUR_BEFORE);
    const { code, stdout } = await run(t, { args: ['-n', OBSERVABILITY, '--by', 'label:app', ...asking(url)] });
    assert.equal(code, 1);
    assert.equal(
      stdout,
      `app         PODS  kgCO2e/h  SHARE                        BUDGET  STATE  TREND  KNOWN BY
loki           2     0.352    8.7% █▊                         -  -       +14%  measured
prometheus     1     0.136    3.4% ▋                          -  -        +1%  measured
grafana        1    0.0794    2.0% ▍                          -  -         0%  measured

Namespace  0.568 kgCO2e an hour, 1,250 W (4 pods: measured); 14.0% of the total; budget 0.5: over
Total      4.05 kgCO2e an hour, 8,930 W (34 pods: measured)
Over       namespace observability emits 0.0675 kgCO2e an hour more than its budget of 0.5
`,
    );
  });

  it('judges every budget, whatever pods are grouped by', async (t) => {
    const deployment = annotated('web', { 'gridgate.dev/carbon-budget': '0.001' }, { namespace: 'shop', uid: 'web' });
    const owned = (name: string, kind: string, owner: string) => {
      const pod = runningPod(OBSERVABILITY, name, { app: owner });
      return { ...pod, metadata: { ...pod.metadata, ownerReferences: [{ kind, name: owner, controller: true }] } };
    };
    const statefulSet = annotated('loki', { 'gridgate.dev/carbon-budget': '0.2' }, { namespace: OBSERVABILITY });
    const world = budgetWorld({
      '/api/v1/namespaces': [
        annotated(OBSERVABILITY, { 'gridgate.dev/carbon-budget': '0.0001' }),
        annotated('shop', {}),
      ],
      '/apis/apps/v1/deployments': [deployment],
      '/apis/apps/v1/statefulsets': [statefulSet],
      [PODS]: [
        owned('loki-0', 'StatefulSet', 'loki'),
        ...Array.from({ length: 30 }, (_, index) => {
          const pod = runningPod('shop', `web-1a2b3c4d5e-x${index}`, { app: 'web' });
          const metadata = {
            ...pod.metadata,
            labels: { app: 'web', 'pod-template-hash': '1a2b3c4d5e' },
            ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1a2b3c4d5e', controller: true }],
          };
          return { ...pod, metadata };
        }),
      ],
    });
    for (const by of ['namespace', 'deployment', 'label:app']) {
      const { code, stdout } = await run(t, { world, args: ['--by', by] });
      assert.equal(code, 1, by);
      assert.match(
        stdout,
        /^Over +namespace observability emits \S+ kgCO2e an hour more than its budget of 0.0001$/m,
        by,
      );
      assert.match(stdout, /^ +deployment\/web in shop emits \S+ kgCO2e an hour more than its budget of 0.001$/m, by);
    }
    const everywhere = await report(t, { world, args: ['-A', '-n', 'shop'] });
    assert.equal(everywhere.over.length, 2);
    const inShop = await report(t, { world, args: ['-n', 'shop'] });
    assert.deepEqual([inShop.code, inShop.over.map(({ name }) => name)], [1, ['web']]);
  });

  it('estimates from what pods use where no Prometheus is named, and from requests where nobody tells', async (t) => {
    const metrics = [podMetrics('shop', 'web-0', '250m'), podMetrics('shop', 'web-1', '1')];
    const found = await report(t, { world: budgetWorld({ [METRICS]: metrics }) });
    assert.deepEqual(
      [named(found, 'shop').knownBy, named(found, 'shop').basis, named(found, OBSERVABILITY).knownBy],
      [{ usage: 2, requests: 28 }, 'estimated', { requests: 4 }],
    );
    const { stdout, code } = await run(t, { world: budgetWorld({ [METRICS]: metrics }) });
    assert.equal(code, 0);
    assert.match(stdout, /^shop +30 +~0\.\d+ /m, 'an estimate is marked');
  });

  it('shares what a node draws among its pods, found by its address', async (t) => {
    const url = await prometheusOf(t, [[{ instance: '10.0.0.1:9100' }, 100]]);
    const metrics = [podMetrics(OBSERVABILITY, 'loki-0', '3'), podMetrics('shop', 'web-0', '1')];
    const pods = [runningPod(OBSERVABILITY, 'loki-0', { app: 'loki' }), runningPod('shop', 'web-0')];
    const found = await report(t, { world: budgetWorld({ [METRICS]: metrics, [PODS]: pods }), args: asking(url) });
    assert.deepEqual(
      [OBSERVABILITY, 'shop'].map((name) => [named(found, name).watts, named(found, name).knownBy]),
      [
        [75, { 'node-usage': 1 }],
        [25, { 'node-usage': 1 }],
      ],
    );
  });

  it('says what is held, of what has no pods left, too', async (t) => {
    const status = (state: string, wrote: number) =>
      JSON.stringify({ version: 1, state, before: 5, wrote, since: '2026-11-29T09:00:00Z', strikes: 0 });
    const deployment = (name: string, annotations: Record<string, string>, replicas = 1) => ({
      ...annotated(name, annotations, { namespace: OBSERVABILITY, uid: name }),
      spec: { replicas } as never,
    });
    const world = budgetWorld({
      '/apis/apps/v1/deployments': [
        deployment('ingester', { 'gridgate.dev/budget-status': status('held', 0) }, 0),
        deployment('querier', { 'gridgate.dev/budget-status': status('restored', 1) }),
        deployment('scaled', {}),
        deployment('forged', { 'gridgate.dev/budget-status': '{"state":"held"' }),
        deployment('copied', { 'gridgate.dev/budget-status': ` ${status('held', 1)}` }),
        deployment('raised', { 'gridgate.dev/budget-status': status('held', 7) }, 7),
        deployment('theirs', { 'gridgate.dev/budget-status': status('held', 1) }, 3),
      ],
      '/apis/autoscaling/v2/horizontalpodautoscalers': [
        {
          ...deployment('scaler', { 'gridgate.dev/budget-status': status('held', 1) }),
          spec: { scaleTargetRef: { kind: 'Deployment', name: 'scaled' }, maxReplicas: 1 },
        } as never,
      ],
    });
    const byNamespace = await report(t, { world });
    assert.deepEqual(
      [named(byNamespace, OBSERVABILITY).state, named(byNamespace, OBSERVABILITY).heldWorkloads],
      ['held', 2],
    );
    const byDeployment = await report(t, { world, args: ['--by', 'deployment'] });
    const { pods, kgPerHour, state } = named(byDeployment, 'ingester');
    assert.deepEqual([pods, kgPerHour, state, named(byDeployment, 'scaled').state], [0, 0, 'held', 'held']);
    const paused = [annotated(OBSERVABILITY, { 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/paused': 'true' })];
    for (const by of ['namespace', 'deployment']) {
      const { stdout } = await run(t, { world: { ...world, '/api/v1/namespaces': paused }, args: ['--by', by] });
      assert.match(stdout, /^observability .* held, paused /m, by);
    }
    assert.equal(named(byDeployment, 'theirs').state, 'let-go');
    const unlisted = ['querier', 'forged', 'copied', 'raised'];
    assert.deepEqual(
      byDeployment.components.filter(({ name }) => unlisted.includes(name ?? '')),
      [],
    );
  });

  it('says what is held of the targets of a RegionalAutoscaler, and what somebody has scaled since', async (t) => {
    const status = { state: 'held', before: 9, wrote: 1, since: '2026-11-29T09:00:00Z', strikes: 0 };
    const kept = JSON.stringify({ version: 1, targets: { here: status, there: { ...status, before: null } } });
    const metadata = { name: 'web', namespace: OBSERVABILITY, annotations: { 'gridgate.dev/budget-status': kept } };
    const targets = [
      { region: 'here', deployment: 'here', max: 1 },
      { region: 'clean', deployment: 'there', max: 4 },
    ];
    const deployments = ['here', 'there'].map((name) => annotated(name, {}, { namespace: OBSERVABILITY }));
    const found = await report(t, {
      world: budgetWorld({
        '/apis/apps/v1/deployments': deployments,
        '/apis/gridgate.dev/v1alpha1/regionalautoscalers': [{ metadata, spec: { targets } } as never],
      }),
      args: ['--by', 'deployment'],
    });
    assert.deepEqual([named(found, 'here').state, named(found, 'there').state], ['held', 'let-go']);
  });

  // It emits 0.00346 kgCO2e an hour; 80% of 0.004 is 0.0032.
  const limits: readonly (readonly [budget: string, state: string])[] = [
    ['0.0034', 'over'],
    ['0.004', 'between'],
    ['0.0045', 'under'],
  ];
  for (const [budget, state] of limits)
    it(`is ${state} where its budget is ${budget}, as for who keeps budgets`, async (t) => {
      const namespaces = [
        annotated(OBSERVABILITY, { 'gridgate.dev/carbon-budget': budget, 'gridgate.dev/paused': 'true' }),
      ];
      const { stdout } = await run(t, { world: budgetWorld({ '/api/v1/namespaces': namespaces }) });
      assert.match(stdout, new RegExp(`^${OBSERVABILITY} .* ${state}, paused`, 'm'));
    });

  it('says that a power table of its own changes nothing that controllers do', async (t) => {
    const table = join(makeTemporaryDirectory(t), 'power.yaml');
    writeFileSync(table, stringify({ vcpuWatts: { min: 1, max: 7 } }));
    const { code, stderr } = await run(t, { args: ['--power-table', table] });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /--power-table counts for these figures alone: the controllers .* by the embedded table/);
  });

  it('says which pods are in no figure, and why', async (t) => {
    const pods = [
      runningPod('shop', 'web-0'),
      runningPod('shop', 'lost', { node: 'nowhere-1' }),
      runningPod('shop', 'dark', { node: 'dark-1' }),
      runningPod('shop', 'ghost', { node: 'gone' }),
      runningPod('shop', 'greedy', { cpu: '1e9' }),
      { ...runningPod('shop', 'bound'), status: { phase: 'Pending' } } as never,
    ];
    const { stdout, stderr } = await run(t, { world: budgetWorld({ [PODS]: pods }) });
    assert.match(stdout, /^shop +1\/4 /m);
    assert.deepEqual(
      stderr.split('\n').toSorted(),
      [
        '',
        'gridgate: 1 pod is in no figure: in a region without an intensity of signal average-lifecycle (dark)',
        'gridgate: 1 pod is in no figure: on a node that is not there (gone)',
        'gridgate: 1 pod is in no figure: on a node without label topology.kubernetes.io/region (nowhere-1)',
        'gridgate: 1 pod is in no figure: requests above what its node offers (shop/greedy)',
        'gridgate: 1 pod is in no figure: not yet started (shop/bound)',
      ].toSorted(),
    );
  });

  it('says where the intensity is a yearly average', async (t) => {
    const nodes = [{ metadata: { name: 'here-1', labels: { [REGION_LABEL]: 'eu-west-1' } } }];
    const regions = [{ metadata: { name: 'eu-west-1' }, spec: {} }] as never[];
    const world = budgetWorld({ '/api/v1/nodes': nodes, '/apis/gridgate.dev/v1alpha1/regions': regions });
    const { stdout, stderr } = await run(t, { world: { ...world, [PODS]: [runningPod('shop', 'web-0')] } });
    assert.match(stdout, /^shop +1 +~0\.\d+/m);
    assert.equal(stderr, 'gridgate: the intensity is the yearly average in eu-west-1\n');
  });

  it('does not call a budget kept of which some is not known', async (t) => {
    const pods = [runningPod(OBSERVABILITY, 'a'), runningPod(OBSERVABILITY, 'b', { node: 'dark-1' })];
    const found = await report(t, { world: budgetWorld({ [PODS]: pods }) });
    assert.equal(named(found, OBSERVABILITY).state, 'unknown');
  });

  it('tells what is no budget', async (t) => {
    const namespaces = [annotated('shop', { 'gridgate.dev/carbon-budget': `\u001b[31m${'9'.repeat(5_000)}` })];
    const { code, stderr } = await run(t, { world: budgetWorld({ '/api/v1/namespaces': namespaces }) });
    assert.equal(code, 0);
    assert.match(stderr, /^gridgate: namespace shop: gridgate.dev\/carbon-budget "\S+9{30,40}\.\.\." is no budget$/m);
  });
});

describe('the trend of gridgate budget', () => {
  const at = (watts: number, ...pods: readonly string[]) => pods.map((pod) => ofPod('shop', pod, watts));
  const rows: readonly {
    readonly name: string;
    readonly pods: readonly string[];
    readonly now: readonly Sample[];
    readonly before: readonly Sample[];
    readonly percent: number | null;
  }[] = [
    { name: 'more of the same pods', pods: ['web-0'], now: at(30, 'web-0'), before: at(20, 'web-0'), percent: 50 },
    {
      name: 'less: a pod has gone',
      pods: ['web-0'],
      now: at(30, 'web-0'),
      before: at(30, 'web-0', 'web-1'),
      percent: -50,
    },
    { name: 'none an hour ago', pods: ['web-0'], now: at(30, 'web-0'), before: [], percent: null },
    { name: 'nothing drawn an hour ago', pods: ['web-0'], now: at(3, 'web-0'), before: at(0, 'web-0'), percent: null },
    {
      name: 'a pod that was there and not yet measured counts in neither',
      pods: ['web-0', 'web-1'],
      now: at(30, 'web-0', 'web-1'),
      before: at(30, 'web-0'),
      percent: 0,
    },
    {
      name: 'a pod that is not measured any more: nothing is said',
      pods: ['web-0', 'web-1'],
      now: at(30, 'web-0'),
      before: at(30, 'web-0', 'web-1'),
      percent: null,
    },
  ];
  for (const { name, pods, now, before, percent } of rows)
    for (const by of ['namespace', 'deployment', 'label:app'])
      it(`by ${by}: ${name}`, async (t) => {
        const world = budgetWorld({ [PODS]: pods.map((pod) => runningPod('shop', pod, { owner: 'web', app: 'web' })) });
        const url = await prometheusOf(t, now, before);
        const { components } = await report(t, { world, args: ['-n', 'shop', '--by', by, ...asking(url)] });
        assert.deepEqual(
          components.map(({ energyChangePercent }) => energyChangePercent && Math.round(energyChangePercent)),
          [percent],
        );
      });
});

describe('a Prometheus of gridgate budget that fails', () => {
  const failing: readonly (readonly [name: string, answer: Answer, says: RegExp])[] = [
    ['401', () => ({ status: 401 }), /HTTP 401: the credentials are refused/],
    ['500', () => ({ status: 500 }), /HTTP 500/],
    ['HTML', () => ({ body: '<html>' }), /is HTML, not JSON/],
  ];
  for (const [name, answer, says] of failing) {
    it(`ends it with 3 where an option names it: ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, answer);
      const { code, stdout, stderr } = await run(t, { args: ['--prometheus-url', baseUrl] });
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, says);
      assert.match(stderr, /leave --prometheus-url out to have it estimated/);
    });

    it(`is told, and energy estimated, where the configuration names it: ${name}`, async (t) => {
      const { baseUrl } = await startProvider(t, answer);
      const config = join(makeTemporaryDirectory(t), 'gridgate.yaml');
      writeFileSync(config, stringify({ budgets: { energy: { prometheus: { url: baseUrl } } } }));
      const { code, stdout, stderr } = await run(t, { args: ['--config', config] });
      assert.equal(code, 0);
      assert.match(stdout, /~/);
      assert.match(stderr, says);
    });
  }

  it('refuses a query: exit code 2', async (t) => {
    const body = { status: 'error', errorType: 'bad_data', error: 'parse error' };
    const { baseUrl } = await startProvider(t, { status: 400, body });
    const { code, stderr } = await run(t, { args: asking(baseUrl) });
    assert.equal(code, 2);
    assert.match(stderr, /--prometheus-query: Prometheus refuses it: .*parse error/);
  });

  it('knows nothing, or nonsense: that is told, and energy estimated', async (t) => {
    const samples: Sample[] = [ofPod('shop', 'web-0', 'NaN'), ofPod('shop', 'web-1', -3), [{ job: 'x' }, 5]];
    const { code, stdout, stderr } = await run(t, { args: asking(await prometheusOf(t, samples)) });
    assert.equal(code, 0);
    assert.match(stdout, /^shop +30 +~/m);
    assert.match(stderr, /knows no energy of pods or nodes: it is estimated/);
    assert.match(stderr, /2 series are no power of a machine/);
    assert.match(stderr, /1 series name neither a pod nor a node/);
  });

  it('is that of another cluster: its machines are told', async (t) => {
    const url = await prometheusOf(t, [[{ instance: '192.0.2.1:9100' }, 100]]);
    const { stderr } = await run(t, { args: asking(url) });
    assert.match(stderr, /1 machine is none of these nodes/);
  });
});

describe('gridgate budget with few rights', () => {
  const ofCluster = (path: string) => path === PODS;
  const inShop: Collections = { '/api/v1/namespaces/shop/pods': [runningPod('shop', 'web-0')] };

  it('of pods in one namespace alone says how to name it', async (t) => {
    const { code, stdout, stderr } = await run(t, { forbids: ofCluster });
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /who may look into one namespace names it with -n/);
  });

  it('answers for the one namespace, and uses nothing that pods of others have a share of', async (t) => {
    const url = await prometheusOf(t, [[{ instance: '10.0.0.1:9100' }, 100]]);
    const found = await report(t, {
      world: budgetWorld(inShop),
      forbids: ofCluster,
      args: ['-n', 'shop', ...asking(url)],
    });
    assert.deepEqual(
      found.components.map(({ name, knownBy, sharePercent }) => [name, knownBy, sharePercent]),
      [['shop', { requests: 1 }, 100]],
    );
    assert.match(found.notes.join('\n'), /shares are of this namespace alone/);
    assert.match(found.notes.join('\n'), /what nodes draw is not used/);
  });

  const missing: readonly (readonly [what: string, says: RegExp])[] = [
    ['nodes', /no figure can be told and no budget judged; a ClusterRoleBinding grants it/],
    ['regions', /yearly averages of the regions of the nodes stand in/],
    ['namespaces', /budgets of namespaces are not known/],
    ['deployments', /budgets of Deployments, and what is held of them, are not known/],
    ['horizontalpodautoscalers', /what is held through what scales a workload is not known/],
    ['metrics.k8s.io/v1beta1/pods', /what pods use is not known/],
  ];
  for (const [what, says] of missing)
    it(`says what is missing without ${what}`, async (t) => {
      const { code, stdout, stderr } = await run(t, { forbids: (path) => path.endsWith(`/${what}`) });
      assert.equal(code, 0, stderr);
      assert.match(stderr, says);
      assert.match(stdout, /^observability +/m);
    });

  it('of nothing but the pods of one namespace still lists them', async (t) => {
    const forbids = (path: string) => path !== '/api/v1/namespaces/shop/pods';
    const { code, stdout } = await run(t, { world: budgetWorld(inShop), forbids, args: ['-n', 'shop'] });
    assert.equal(code, 0);
    assert.match(stdout, /^shop +0\/1 +- +- +- +- +- +-$/m);
  });
});

describe('gridgate budget of what is large or odd', () => {
  it('lists 1,000 values of a label, and pods without it', async (t) => {
    const pods = [
      ...Array.from({ length: 1_000 }, (_, index) => runningPod('shop', `web-${index}`, { app: `app-${index}` })),
      runningPod('shop', 'plain'),
    ];
    const world = budgetWorld({ [PODS]: pods });
    const { components } = await report(t, { world, args: ['--by', 'label:app'] });
    assert.equal(components.length, 1_001);
    assert.equal(components.filter(({ name }) => name === null).length, 1);
    const { stdout } = await run(t, { world, args: ['--by', 'label:app'] });
    assert.match(stdout, /^- +1 +~/m);
  });

  it('takes no label that every object has for one of the pods', async (t) => {
    const { components } = await report(t, { args: ['--by', 'label:constructor'] });
    assert.deepEqual(
      components.map(({ name, pods }) => [name, pods]),
      [[null, 34]],
    );
  });

  it('sums up 10,000 pods', async (t) => {
    const pods = Array.from({ length: 10_000 }, (_, index) => runningPod(`team-${index % 100}`, `web-${index}`));
    const found = await report(t, { world: budgetWorld({ [PODS]: pods }) });
    assert.deepEqual([found.total.pods, found.components.length], [10_000, 101], 'and one with a budget and no pods');
  });

  it('keeps to 80 columns, and lets no name act upon a terminal', async (t) => {
    const name = `${'ns-'.repeat(20)}x`;
    const pods = [runningPod(name, 'a', { app: '\u001b[2J\u202eevil\n界界' }), ...(budgetWorld()[PODS] ?? [])];
    const world = budgetWorld({ [PODS]: pods });
    for (const by of ['namespace', 'deployment', 'label:app']) {
      const { stdout } = await run(t, { world, args: ['--by', by], columns: 80 });
      assert.equal(hasUnseen(stdout), false, by);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    }
  });

  it('has 0 where nothing runs', async (t) => {
    const { code, stdout } = await run(t, { world: budgetWorld({ [PODS]: [] }) });
    assert.deepEqual([code, stdout.split('\n').at(-2)], [0, 'Total  0 kgCO2e an hour, 0 W (0 pods)']);
  });
});

describe('gridgate budget among liars', () => {
  it('lists a pod that says that its namespace owns it by itself', async (t) => {
    const liar = runningPod(OBSERVABILITY, 'liar');
    const metadata = {
      ...liar.metadata,
      ownerReferences: [{ kind: 'Namespace', name: OBSERVABILITY, controller: true }],
    };
    const world = budgetWorld();
    const pods = [...(world[PODS] as (typeof liar)[]), { ...liar, metadata } as typeof liar];
    const found = await report(t, {
      world: { ...world, [PODS]: pods },
      args: ['-n', OBSERVABILITY, '--by', 'deployment'],
    });
    assert.equal(named(found, 'liar').kind, 'Pod');
    assert.equal(found.components.filter(({ kind }) => kind === 'Namespace').length, 0);
  });
});
