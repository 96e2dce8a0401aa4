import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLooks } from '../../src/controllers/carbon-budgets/looks.ts';
import { type BudgetScope, scopeKey } from '../../src/scaling/budget-scope.ts';
import { usageKey } from '../../src/scaling/pod-usage.ts';
import type { ScaledPod } from '../../src/scaling/scaled-pod.ts';
import { makeNode, makeSnapshot, NOW } from '../builders.ts';
import { scaledPod } from '../scaling/scaled-pods.ts';

const SHOP: BudgetScope = { kind: 'Namespace', namespace: 'shop', name: 'shop', limit: 1 };
const WEB: BudgetScope = { kind: 'Deployment', namespace: 'shop', name: 'web', limit: 1 };
const SNAPSHOT = makeSnapshot({ eu: 200 }, { nodes: [makeNode('a', 'eu'), makeNode('nowhere')] });

/** One look at pods of 100 W each, by the budget. */
async function look(pods: readonly ScaledPod[], scopes: readonly BudgetScope[] = [SHOP, WEB]) {
  const looks = createLooks({
    workloads: { pods: () => pods },
    snapshot: () => SNAPSHOT,
    settings: () => ({ holdCycles: 1, loopMs: 1_000 }),
    readPower: async (all) => ({
      power: new Map(Array.from(all, (pod) => [usageKey(pod.namespace, pod.name), { watts: 100, how: 'pod' }])),
      source: 'measured: Kepler',
    }),
    clock: { now: () => 0 },
    now: () => NOW,
  });
  const byKey = new Map(scopes.map((one) => [scopeKey(one), one]));
  await looks.look({ scopes: byKey, mode: 'on' }, new AbortController().signal);
  const reports = new Map(looks.reports().map((report) => [scopeKey(report.scope), report]));
  return Object.assign(reports, { ofNamespaces: looks.ofNamespaces() });
}

const ofWeb = (name: string) => scaledPod(name, { workload: { kind: 'Deployment', name: 'web' } });

describe('a look at budgets', () => {
  it('counts the pods of a namespace, and of a workload, each once', async () => {
    const found = await look([ofWeb('web-0'), ofWeb('web-1'), scaledPod('bare')]);
    assert.deepEqual(
      [...found.values()].map(({ emissions }) => emissions?.pods),
      [3, 2],
    );
  });

  it('tells who measured what it counted, and what of it nobody knows', async () => {
    const known = await look([ofWeb('web-0')]);
    assert.equal(known.get(scopeKey(WEB))?.source, 'measured: Kepler');
    const found = await look([ofWeb('web-0'), ofWeb('web-1'), { ...ofWeb('web-2'), node: 'nowhere' }]);
    assert.equal(found.get(scopeKey(WEB))?.source, 'measured: Kepler; of 3 pods 2 measured, 1 unknown');
  });

  it('sees what namespaces without a budget emit, so that each has its share', async () => {
    const { ofNamespaces } = await look([ofWeb('web-0'), { ...scaledPod('loki-0'), namespace: 'observability' }]);
    assert.deepEqual(
      Array.from(ofNamespaces, ([name, { pods }]) => `${name} ${pods}`),
      ['shop 1', 'observability 1'],
    );
  });

  it('looks at nothing where nobody has a budget', async () => {
    assert.equal((await look([ofWeb('web-0')], [])).ofNamespaces.size, 0);
  });

  it('is not misled by a pod that says that its namespace owns it', async () => {
    const liar = scaledPod('liar', { workload: { kind: 'Namespace', name: 'shop' } });
    const found = await look([ofWeb('web-0'), ofWeb('web-1'), liar]);
    assert.equal(found.get(scopeKey(SHOP))?.emissions?.pods, 3);
  });
});
