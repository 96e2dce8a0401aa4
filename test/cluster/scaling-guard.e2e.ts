import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BoundsBefore, formatBoundsBefore } from '../../src/scaling/bounds-before.ts';
import {
  type BudgetStatus,
  formatBudgetStatus,
  formatTargetStatuses,
  type TargetStatuses,
} from '../../src/scaling/budget-status.ts';
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

const BOUNDS = 'gridgate.dev/bounds-before';
const BUDGET = 'gridgate.dev/budget-status';
const PAUSED = { 'gridgate.dev/paused': 'true' };
const GUARDED =
  /ValidatingAdmissionPolicy 'gridgate-(carbon-budgets|controllers|regional-autoscaler)' .* denied request: the controllers of gridgate /;
const KUBECTL = { manager: 'kubectl', operation: 'Apply', apiVersion: 'autoscaling/v2' } as const;

const annotations = (change: object) => ({ metadata: { annotations: change } });
const withSpec = (spec: object, change: object = {}) => ({ ...annotations(change), spec });
const replicas = (count: unknown) => ({ spec: { replicas: count } });

const status = (change: Partial<BudgetStatus> = {}): BudgetStatus => ({
  state: 'held',
  before: 5,
  wrote: 1,
  generation: 1,
  since: '2026-11-29T10:00:00.000Z',
  strikes: 0,
  ...change,
});
const held = (change: Partial<BudgetStatus> = {}) => ({ [BUDGET]: formatBudgetStatus(status(change)) });
const heldTargets = (targets: TargetStatuses) => ({ [BUDGET]: formatTargetStatuses(targets) });
const bounds = (wrote: BoundsBefore['wrote'], change: Partial<BoundsBefore> = {}) => ({
  [BOUNDS]: formatBoundsBefore({ min: 2, max: 6, owners: { min: [], max: [KUBECTL] }, wrote, ...change }),
});
const window = (min: number, max: number) => ({ minReplicas: min, maxReplicas: max });
const targets = (france: unknown, denmark?: unknown) => [
  { region: 'france', deployment: 'web-france', min: 1, ...(france !== null && { max: france }) },
  { region: 'denmark', deployment: 'web-denmark', min: 1, ...(denmark !== undefined && { max: denmark }) },
];
const HELD_FRANCE = heldTargets({ 'web-france': status({ before: 8, wrote: 2 }) });
const HELD_DENMARK = heldTargets({ 'web-denmark': status({ before: null, wrote: 3 }) });
const action = (at: string) => ({ target: 'france', from: 2, to: 3, at, generation: 1, reason: 'CpuAboveScaleUp' });

/** What a row writes on: a new object of these for each row. */
const OBJECTS: Readonly<Record<string, readonly [list: string, object: Rendered]>> = {
  deployment: [`${APPS}/deployments`, workload()],
  budgeted: [
    `${APPS}/deployments`,
    workload({ 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': ' 1' }),
  ],
  critical: [
    `${APPS}/deployments`,
    workload({ 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': '1' }, 5, {
      'gridgate.dev/class': 'critical',
    }),
  ],
  'of no class': [
    `${APPS}/deployments`,
    workload({ 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': '1' }, 5, {}),
  ],
  'paused deployment': [
    `${APPS}/deployments`,
    workload({ 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': '1', ...PAUSED }),
  ],
  'stateful set': [
    `${APPS}/statefulsets`,
    workload({ 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': '0' }),
  ],
  'of a budgeted namespace': [
    '/apis/apps/v1/namespaces/budgeted/deployments',
    workload({ 'gridgate.dev/min-replicas': '1' }),
  ],
  'of a paused namespace': [
    '/apis/apps/v1/namespaces/paused/deployments',
    workload({ 'gridgate.dev/carbon-budget': '0.5', 'gridgate.dev/min-replicas': '1' }),
  ],
  'of kube-system': ['/apis/apps/v1/namespaces/kube-system/deployments', workload()],
  'of gridgate': ['/apis/apps/v1/namespaces/gridgate-system/deployments', workload()],
  hpa: [AUTOSCALERS, horizontal()],
  'paused hpa': [AUTOSCALERS, horizontal(PAUSED)],
  regional: [REGIONAL, regional()],
  'paused regional': [REGIONAL, regional(PAUSED)],
};

/** Writes to one object, one after the other, all of which are let through. */
type Allowed = readonly [name: string, object: string, ...writes: readonly (readonly [where: string, patch: object])[]];

const ALLOWED: readonly Allowed[] = [
  ['replicas, up and down to none', 'deployment', ['/scale', replicas(9)], ['/scale', replicas(0)]],
  ['replicas of a StatefulSet', 'stateful set', ['/scale', replicas(0)]],
  [
    'what a budget is about to do, that it did, and that it was put back',
    'budgeted',
    ['/status', annotations(held())],
    ['/scale', replicas(1)],
    ['/scale', replicas(5)],
    ['/status', annotations(held({ state: 'restored', generation: 2, strikes: 1 }))],
    ['/status', annotations({ [BUDGET]: null })],
  ],
  [
    'the same again after it was restored',
    'budgeted',
    ['/status', annotations(held({ state: 'restored' }))],
    ['/status', annotations(held({ strikes: 2 }))],
  ],
  [
    'what it is about to do again, and that it is let go',
    'budgeted',
    ['/status', annotations(held())],
    ['/scale', replicas(3)],
    ['/status', annotations(held({ from: 3, generation: 2 }))],
    ['/status', annotations(held({ state: 'let-go', from: 3, generation: 2 }))],
    ['/status', annotations({ [BUDGET]: null })],
  ],
  ['what the budget of its namespace is about to do', 'of a budgeted namespace', ['/status', annotations(held())]],
  ['the same of a StatefulSet', 'stateful set', ['/status', annotations(held({ wrote: 0 }))]],
  ['that a StatefulSet was nudged', 'stateful set', ['/status', annotations({ 'gridgate.dev/nudged': 'x' })]],
  [
    'bounds, others, and back',
    'hpa',
    ['', withSpec(window(3, 7), bounds({ min: 3, max: 7 }))],
    ['', withSpec(window(4, 8), bounds({ min: 4, max: 8 }))],
    ['', withSpec(window(2, 6), bounds({ min: 2, max: 6 }))],
    ['', annotations({ [BOUNDS]: null })],
  ],
  [
    "bounds, and back where one of both is its owner's by now",
    'hpa',
    ['', withSpec(window(3, 7), bounds({ min: 3, max: 7 }))],
    ['', withSpec(window(2, 7), bounds({ min: 2, max: 7 }, { max: 7 }))],
    ['', annotations({ [BOUNDS]: null })],
  ],
  [
    'bounds, and back with what kept them in one write',
    'hpa',
    ['', withSpec(window(1, 5), bounds({ min: 1, max: 5 }))],
    ['', withSpec(window(2, 6), { [BOUNDS]: null })],
  ],
  [
    'a maximum, lower, less low, and back',
    'hpa',
    ['', withSpec({ maxReplicas: 2 }, held({ before: 6, wrote: 2, owners: [KUBECTL] }))],
    ['', withSpec({ maxReplicas: 3 }, held({ before: 6, wrote: 3, owners: [KUBECTL] }))],
    ['', withSpec({ maxReplicas: 6 }, held({ state: 'restored', before: 6, wrote: 3 }))],
    ['', annotations({ [BUDGET]: null })],
  ],
  [
    'a maximum that is let go',
    'hpa',
    ['', withSpec({ maxReplicas: 2 }, held({ before: 6, wrote: 2 }))],
    ['', annotations(held({ state: 'let-go', before: 6, wrote: 2 }))],
  ],
  ['who owns what', 'hpa', ['', { metadata: { managedFields: [{}] } }]],
  [
    'the maximum of a target, of another that had none, and back',
    'regional',
    ['', withSpec({ targets: targets(2) }, HELD_FRANCE)],
    [
      '',
      withSpec(
        { targets: targets(2, 3) },
        heldTargets({
          'web-france': status({ before: 8, wrote: 2 }),
          'web-denmark': status({ before: null, wrote: 3 }),
        }),
      ),
    ],
    ['', withSpec({ targets: targets(8, 3) }, HELD_DENMARK)],
    ['', withSpec({ targets: targets(8) }, { [BUDGET]: null })],
  ],
  ['what it decided', 'regional', ['/status', { status: { lastAction: action('2026-11-29T10:00:00Z') } }]],
  [
    'that one is paused',
    'paused regional',
    [
      '/status',
      {
        status: { lastDecision: { at: '2026-11-29T10:00:00Z', decision: 'None', reason: 'Paused', message: 'paused' } },
      },
    ],
  ],
];

/** A write that is refused, after others that are not. */
type Refused = Allowed;

const FORGED_BOUNDS = bounds({ min: 3, max: 7 }, { min: 1, max: 99 });

const REFUSED: readonly Refused[] = [
  ['more replicas than there are', 'deployment', ['/scale', replicas(100_001)]],
  ['replicas in kube-system', 'of kube-system', ['/scale', replicas(0)]],
  ['replicas of gridgate', 'of gridgate', ['/scale', replicas(0)]],
  ['a budget of what has none', 'deployment', ['/status', annotations(held())]],
  ['a budget of what is critical', 'critical', ['/status', annotations(held())]],
  ['a budget of what has no class', 'of no class', ['/status', annotations(held())]],
  ['a budget of what is paused', 'paused deployment', ['/status', annotations(held())]],
  ['a budget in a paused namespace', 'of a paused namespace', ['/status', annotations(held())]],
  ['fewer replicas than its owner lets it', 'budgeted', ['/status', annotations(held({ wrote: 0 }))]],
  ['replicas that were never there', 'budgeted', ['/status', annotations(held({ before: 50 }))]],
  ['replicas of nothing', 'budgeted', ['/status', annotations(held({ before: null }))]],
  [
    'other replicas once they are kept',
    'budgeted',
    ['/status', annotations(held())],
    ['/status', annotations(held({ before: 50 }))],
  ],
  [
    'replicas with others behind them',
    'budgeted',
    ['/status', annotations({ [BUDGET]: `${held()[BUDGET]?.slice(0, -1)},"before":50}` })],
  ],
  [
    'an owner with replicas behind it',
    'budgeted',
    ['/status', annotations({ [BUDGET]: `${held()[BUDGET]?.slice(0, -1)},"owners":[],"before":50,"x":[]}` })],
  ],
  ['a long one', 'budgeted', ['/status', annotations({ [BUDGET]: 'x'.repeat(5_000) })]],
  ['another annotation', 'budgeted', ['/status', annotations({ 'gridgate.dev/min-replicas': '0' })]],
  ['an end of the pause', 'paused deployment', ['/status', annotations({ 'gridgate.dev/paused': null })]],
  ['a label of a StatefulSet', 'stateful set', ['/status', { metadata: { labels: { team: 'x' } } }]],
  ['an owner of a Deployment', 'budgeted', ['/status', { metadata: { finalizers: ['example.com/stays'] } }]],
  ['its status', 'budgeted', ['/status', { status: { replicas: 7 } }]],
  ['bounds, keeping nothing', 'hpa', ['', withSpec(window(3, 7))]],
  ['bounds, keeping others', 'hpa', ['', withSpec(window(3, 7), FORGED_BOUNDS)]],
  ['others than it says', 'hpa', ['', withSpec(window(3, 8), bounds({ min: 3, max: 7 }))]],
  ['more than there are', 'hpa', ['', withSpec(window(3, 100_001), bounds({ min: 3, max: 100_001 }))]],
  [
    'a forged memory once it is kept',
    'hpa',
    ['', withSpec(window(3, 7), bounds({ min: 3, max: 7 }))],
    ['', annotations(FORGED_BOUNDS)],
  ],
  [
    'a forged half of a memory',
    'hpa',
    ['', withSpec(window(3, 7), bounds({ min: 3, max: 7 }))],
    ['', withSpec(window(2, 8), bounds({ min: 2, max: 8 }, { max: 8 }))],
  ],
  [
    'back to what was never there',
    'hpa',
    ['', withSpec(window(3, 7), bounds({ min: 3, max: 7 }))],
    ['', withSpec(window(1, 99))],
  ],
  [
    'a memory with another behind it',
    'hpa',
    [
      '',
      withSpec(window(3, 7), {
        [BOUNDS]: bounds({ min: 3, max: 7 })[BOUNDS]?.replace(',"wrote"', ',"max":99,"wrote"'),
      }),
    ],
  ],
  ['a higher maximum', 'hpa', ['', withSpec({ maxReplicas: 9 }, held({ before: 6, wrote: 9 }))]],
  ['a maximum, keeping nothing', 'hpa', ['', withSpec({ maxReplicas: 3 })]],
  ['a maximum, keeping another', 'hpa', ['', withSpec({ maxReplicas: 3 }, held({ before: 60, wrote: 3 }))]],
  [
    'what was there once it is let go',
    'hpa',
    ['', withSpec({ maxReplicas: 2 }, held({ before: 6, wrote: 2 }))],
    ['', annotations(held({ state: 'let-go', before: 6, wrote: 2 }))],
    ['', withSpec({ maxReplicas: 6 }, held({ state: 'restored', before: 6, wrote: 2 }))],
  ],
  ['a minimum with it', 'hpa', ['', withSpec(window(1, 3), held({ before: 6, wrote: 3 }))]],
  ['its metrics', 'hpa', ['', withSpec({ metrics: [] }, bounds({ min: 2, max: 6 }))]],
  ['its behaviour', 'hpa', ['', withSpec({ behavior: { scaleDown: { selectPolicy: 'Disabled' } } })]],
  ['whom it scales', 'hpa', ['', withSpec({ scaleTargetRef: { name: 'other' } }, bounds({ min: 2, max: 6 }))]],
  ['a label of it', 'hpa', ['', { metadata: { labels: { team: 'x' } } }]],
  ['another annotation of it', 'hpa', ['', annotations({ team: 'x' })]],
  ['bounds of one that is paused', 'paused hpa', ['', withSpec(window(3, 7), bounds({ min: 3, max: 7 }))]],
  ['a memory of one that is paused', 'paused hpa', ['', annotations(bounds({ min: 2, max: 6 }))]],
  ['the maximum of a target, keeping nothing', 'regional', ['', withSpec({ targets: targets(2) })]],
  [
    'the maximum of a target, keeping another',
    'regional',
    ['', withSpec({ targets: targets(2) }, heldTargets({ 'web-france': status({ before: 80, wrote: 2 }) }))],
  ],
  [
    'the maximum of a target, keeping that of another',
    'regional',
    ['', withSpec({ targets: targets(8, 3) }, heldTargets({ 'web-france': status({ before: 8, wrote: 3 }) }))],
  ],
  [
    'a higher maximum of a target',
    'regional',
    ['', withSpec({ targets: targets(9) }, heldTargets({ 'web-france': status({ before: 8, wrote: 9 }) }))],
  ],
  [
    'a target twice in its memory',
    'regional',
    [
      '',
      withSpec(
        { targets: targets(2) },
        { [BUDGET]: HELD_FRANCE[BUDGET]?.replace('}}}', `},${HELD_FRANCE[BUDGET]?.slice(24).replace('8', '80')}`) },
      ),
    ],
  ],
  [
    'a target with another memory behind it',
    'regional',
    ['', withSpec({ targets: targets(2) }, { [BUDGET]: HELD_FRANCE[BUDGET]?.replace('}}}', ',"before":80}}}') })],
  ],
  ['no maximum', 'regional', ['', withSpec({ targets: targets(null) }, HELD_FRANCE)]],
  [
    'another minimum of a target',
    'regional',
    ['', withSpec({ targets: [{ ...targets(2)[0], min: 0 }, targets(2)[1]] }, HELD_FRANCE)],
  ],
  ['a target less', 'regional', ['', withSpec({ targets: [targets(2)[0]] }, HELD_FRANCE)]],
  ['its mode', 'regional', ['', withSpec({ mode: 'bounds' })]],
  ['the maximum of all', 'regional', ['', withSpec({ maxReplicas: 99 })]],
  ['its policy of pauses', 'paused regional', ['', annotations({ 'gridgate.dev/paused': null })]],
  [
    'the maximum of a target of one that is paused',
    'paused regional',
    ['', withSpec({ targets: targets(2) }, HELD_FRANCE)],
  ],
  [
    'an action of one that is paused',
    'paused regional',
    ['/status', { status: { lastAction: action('2026-11-29T10:00:00Z') } }],
  ],
  ['a label of one', 'regional', ['', { metadata: { labels: { team: 'x' } } }]],
];

const BEYOND: readonly [name: string, method: string, path: string, body?: object][] = [
  ['patch a Deployment', 'PATCH', `${APPS}/deployments/x`, replicas(7)],
  ['patch a StatefulSet', 'PATCH', `${APPS}/statefulsets/x`, replicas(7)],
  ['scale a ReplicaSet', 'PATCH', `${APPS}/replicasets/x/scale`, replicas(7)],
  ['create a Deployment', 'POST', `${APPS}/deployments`, workload()],
  ['remove one', 'DELETE', `${APPS}/deployments/x`],
  ['create a HorizontalPodAutoscaler', 'POST', AUTOSCALERS, horizontal()],
  ['remove one of those', 'DELETE', `${AUTOSCALERS}/x`],
  ['write the status of one', 'PATCH', `${AUTOSCALERS}/x/status`, { status: {} }],
  ['create a RegionalAutoscaler', 'POST', REGIONAL, regional()],
  ['remove one of them', 'DELETE', `${REGIONAL}/x`],
  ['read usages of nodes', 'GET', '/apis/metrics.k8s.io/v1beta1/nodes'],
];

/** With both components, each of whose guards judges every write, and with budgets alone. */
for (const components of [['regional-autoscaler', 'carbon-budgets'], ['carbon-budgets']] as const)
  describe(`a token of the controllers, with ${components.join(' and ')}`, () => {
    let guarded: GuardedScaling;

    before(async () => {
      if (skip) return;
      guarded = await startGuardedScaling(components);
      await guarded.send('POST', '/api/v1/namespaces', {
        metadata: { name: 'budgeted', annotations: { 'gridgate.dev/carbon-budget': '0.5' } },
      });
      await guarded.send('POST', '/api/v1/namespaces', { metadata: { name: 'paused', annotations: PAUSED } });
    });
    after(() => guarded?.stop());

    async function fresh(kind: string): Promise<string> {
      const [list, object] = OBJECTS[kind] ?? assert.fail(kind);
      const metadata = { ...object.metadata, generateName: 'x-' };
      const created = await guarded.send('POST', list, { ...object, metadata });
      return `${list}/${created.metadata.name}`;
    }

    const mayStatus = (where: string) =>
      where !== '/status' || (components as readonly string[]).includes('regional-autoscaler');
    /** Of a RegionalAutoscaler; who holds budgets alone has no right to it. */
    const isTried = ([, object, ...writes]: Allowed) =>
      !object.endsWith('regional') || writes.every(([where]) => mayStatus(where));

    for (const row of ALLOWED.filter(isTried)) {
      const [name, object, ...writes] = row;
      test(`may write ${name}`, { skip }, async () => {
        const path = await fresh(object);
        for (const [where, patch] of writes) {
          const { status, body } = await guarded.patch(`${path}${where}`, patch);
          assert.equal(status, 200, JSON.stringify(body));
        }
      });
    }

    for (const row of REFUSED.filter(isTried)) {
      const [name, object, ...writes] = row;
      test(`may not write ${name}`, { skip }, async () => {
        const path = await fresh(object);
        for (const [where, patch] of writes.slice(0, -1))
          assert.equal((await guarded.patch(`${path}${where}`, patch)).status, 200);
        const before = await guarded.send('GET', path);
        const [where, patch] = writes.at(-1) ?? assert.fail();
        const { status, body } = await guarded.patch(`${path}${where}`, patch);
        assert.equal(status, 403, JSON.stringify(body));
        assert.match(body.message, GUARDED);
        assert.deepEqual(await guarded.send('GET', path), before);
      });
    }

    for (const [name, method, path, body] of BEYOND)
      test(`has no right to ${name}`, { skip }, async () => {
        const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : undefined;
        const answer = await guarded.asControllers.request(method, path, body, headers);
        assert.equal(answer.status, 403, JSON.stringify(answer.body));
        assert.match(answer.body.message, / cannot (create|delete|update|patch|list) /);
      });

    test('replicas, bounds and a maximum by server-side apply, with force', { skip }, async () => {
      const apply = (path: string, body: object) =>
        guarded.asControllers.request('PATCH', `${path}?fieldManager=gridgate-test&force=true`, body, {
          'content-type': 'application/apply-patch+yaml',
        });
      const nameOf = (path: string) => path.split('/').at(-1);
      const web = await fresh('deployment');
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: nameOf(web) }, ...replicas(3) };
      const hpa = await fresh('hpa');
      const autoscaler = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: nameOf(hpa), annotations: bounds({ min: 3, max: 7 }) },
        spec: window(3, 7),
      };
      const ra = await fresh('regional');
      const { apiVersion, kind } = regional();
      const maximum = {
        apiVersion,
        kind,
        metadata: { name: nameOf(ra), annotations: HELD_FRANCE },
        spec: { targets: [{ deployment: 'web-france', max: 2 }] },
      };
      const rows = [
        [`${web}/scale`, scale],
        [hpa, autoscaler],
        [ra, maximum],
      ] as const;
      for (const [path, body] of rows) {
        const { status, body: answer } = await apply(path, body);
        assert.equal(status, 200, `${path}: ${JSON.stringify(answer)}`);
      }
      const { spec } = await guarded.send('GET', ra);
      assert.deepEqual(spec.targets, targets(2));
      assert.equal((await guarded.send('GET', web)).spec.replicas, 3);
    });

    test('is held by policies whose expressions the API server finds nothing wrong with', { skip }, async () => {
      for (const component of components) {
        const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/gridgate-${component}`;
        const { spec, status } = await guarded.send('GET', path);
        assert.ok(spec.validations.length >= 12);
        assert.deepEqual(status?.typeChecking?.expressionWarnings ?? [], []);
      }
    });

    test('holds as many targets as a RegionalAutoscaler has', { skip }, async () => {
      const names = Array.from({ length: 50 }, (_, i) => `web-${'x'.repeat(55)}-${i}`);
      const many = (max: number) => names.map((deployment, i) => ({ region: `r${i}`, deployment, min: 1, max }));
      const metadata = { name: 'large' };
      await guarded.send('POST', REGIONAL, { ...regional(), metadata, spec: { targets: many(9) } });
      const owners = Array(4).fill({ ...KUBECTL, manager: 'argocd-application-controller' });
      const all = (state: BudgetStatus['state']) =>
        heldTargets(Object.fromEntries(names.map((name) => [name, status({ state, before: 9, wrote: 2, owners })])));
      const steps = [
        withSpec({ targets: many(2) }, all('held')),
        withSpec({ targets: many(9) }, all('restored')),
        annotations({ [BUDGET]: null }),
      ];
      for (const step of steps) {
        const { status, body } = await guarded.patch(`${REGIONAL}/large`, step);
        assert.equal(status, 200, JSON.stringify(body));
      }
    });
  });
