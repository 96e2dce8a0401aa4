import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { runsOf, SEED } from '../decision/random-runs.ts';
import { clusterOfBudgets, type Stored } from './cluster-of-budgets.ts';

const LEAST = fc.nat(7).map(String);
const WRITES = ['status web', 'scale web', 'spec web'] as const;
const BUDGETED = { 'carbon-budget': '0.05' };

type Cluster = ReturnType<typeof clusterOfBudgets>;

const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('loops' as const), count: fc.constantFrom(1, 3, 5, 13) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('watts' as const), each: fc.constantFrom(1, 30, 100) }) },
  fc.record({ what: fc.constant('rollout' as const) }),
  fc.record({ what: fc.constant('least' as const), least: fc.option(LEAST, { nil: null, freq: 5 }) }),
  fc.record({ what: fc.constant('class' as const), podClass: fc.constantFrom('flexible', 'standard') }),
  fc.record({ what: fc.constant('person' as const), replicas: fc.integer({ min: 20, max: 30 }) }),
  fc.record({ what: fc.constant('budget' as const), isThere: fc.boolean() }),
  fc.record({ what: fc.constant('paused' as const), isPaused: fc.boolean() }),
  fc.record({
    what: fc.constant('mode' as const),
    mode: fc.constantFrom('on' as const, 'audit' as const, 'off' as const),
  }),
  fc.record({ what: fc.constant('autoscaler' as const), isThere: fc.boolean() }),
  fc.record({ what: fc.constant('regional' as const), isThere: fc.boolean() }),
  fc.record({
    what: fc.constant('fault' as const),
    at: fc.constantFrom(...WRITES),
    fault: fc.constantFrom('refused', 'rollout', 'label', 'killed before', 'killed after', 'none'),
  }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A workload of 5, whose autoscalers, while there are any, have their maximum; what people set last is theirs. */
async function start() {
  const one = clusterOfBudgets();
  one.world.namespaces.set('shop', BUDGETED);
  one.workload('web', { annotations: { 'min-replicas': '1' } });
  let leader = await one.lead();
  let isKilled = false;
  const theirs = { replicas: 5 };
  const newSpec = ({ spec }: Stored) =>
    void Object.assign(spec, { image: `v${(spec.image ?? 'v0').slice(1) * 1 + 1}` });
  const newLabel = ({ metadata }: Stored) => void Object.assign(metadata, { labels: { at: one.clock.now() } });

  function meet(fault: string, at: string): void {
    const kill = (what: string) => {
      if (what !== at || isKilled) return;
      isKilled = true;
      throw new Error('killed');
    };
    let isDone = false;
    const change = (what: string, how: (object: Stored) => void) => {
      if (what !== at || isDone || at === 'spec web') return;
      isDone = true;
      one.edit('Deployment', 'web', how);
    };
    one.world.refuse = (what) => (fault === 'refused' && what === at ? 403 : undefined);
    one.world.afterwards = fault === 'killed after' ? kill : () => {};
    one.world.meanwhile = (what) => {
      if (fault === 'killed before') kill(what);
      if (fault === 'rollout') change(what, newSpec);
      if (fault === 'label') change(what, newLabel);
    };
  }

  async function replaceKilled(): Promise<void> {
    if (!isKilled) return;
    const ended = leader.stop();
    meet('none', '');
    leader = await one.lead();
    await ended;
    isKilled = false;
  }

  async function happens(each: Happening): Promise<void> {
    if (each.what === 'loops') await one.loops(each.count);
    else act(one, each, theirs);
    if (each.what === 'rollout') one.edit('Deployment', 'web', newSpec);
    if (each.what === 'fault') meet(each.fault, each.at);
    await replaceKilled();
  }

  async function settle(): Promise<void> {
    meet('none', '');
    one.world.mode = 'on';
    one.annotate('Deployment', 'web', { paused: null });
    one.world.problem = undefined;
    leader.changed('rules');
    await one.loops(2);
    await replaceKilled();
  }
  return { one, theirs, happens, settle };
}

function act(one: Cluster, each: Happening, theirs: { replicas: number }): void {
  if (each.what === 'watts') one.setWatts('web', each.each);
  if (each.what === 'least') one.annotate('Deployment', 'web', { 'min-replicas': each.least });
  if (each.what === 'paused') one.annotate('Deployment', 'web', { paused: each.isPaused ? 'true' : null });
  if (each.what === 'budget') one.world.namespaces.set('shop', each.isThere ? BUDGETED : {});
  if (each.what === 'mode') one.world.mode = each.mode;
  if (each.what === 'class')
    one.edit('Deployment', 'web', ({ spec }) => {
      spec.template.metadata.annotations = { 'gridgate.dev/class': each.podClass };
    });
  if (each.what === 'autoscaler') scaleBySomebody(one, 'HorizontalPodAutoscaler', each.isThere);
  if (each.what === 'regional') scaleBySomebody(one, 'RegionalAutoscaler', each.isThere);
  if (each.what === 'person') {
    theirs.replicas = each.replicas;
    one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { replicas: each.replicas }));
  }
}

const MOST = { HorizontalPodAutoscaler: 10, RegionalAutoscaler: 8 } as const;
type Autoscaler = keyof typeof MOST;

function scaleBySomebody(one: Cluster, kind: Autoscaler, isThere: boolean): void {
  const was = 'metadata' in one.object(kind, 'web');
  if (was && !isThere) one.remove(kind, 'web');
  if (was || !isThere) return;
  if (kind === 'RegionalAutoscaler') one.regional('web', [{ region: 'eu', deployment: 'web', max: MOST[kind] }]);
  else one.horizontal('web', 'web', 1, MOST[kind]);
}

/** Those that there are have their maximum, and nothing of ours. */
function checkAutoscalers(one: Cluster): void {
  for (const kind of ['HorizontalPodAutoscaler', 'RegionalAutoscaler'] as const) {
    const { spec, metadata } = one.object(kind, 'web');
    if (!metadata) continue;
    assert.equal(spec.maxReplicas ?? spec.targets[0].max, MOST[kind]);
    assert.equal(one.status(kind, 'web'), undefined);
  }
}

for (const end of ['gone', 'under'] as const)
  it(`whatever happens in between: once the budget is ${end}, all is as its owner had it`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 4, maxLength: 25 }), async (happenings) => {
        const { one, theirs, happens, settle } = await start();
        try {
          for (const each of happenings) await happens(each);
          await settle();
          one.world.namespaces.set('shop', end === 'gone' ? {} : BUDGETED);
          one.setWatts('web', 0.001);
          // The longest wait is four hours, and what was put back is forgotten an hour later.
          if (end === 'under') one.world.setAheadMs += 4 * 3_600_000;
          await one.loops(20);
          if (end === 'under') one.world.setAheadMs += 3_600_000;
          await one.loops(4);
          assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [theirs.replicas, undefined]);
          checkAutoscalers(one);
        } finally {
          await one.stopAll();
        }
      }),
      { seed: SEED, numRuns: runsOf(200) },
    );
  });
