import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import { makeNode, makePod, makeRegion, makeSnapshot, NOW, onNode, REGION_LABEL, requires } from '../builders.ts';
import { ask, type Verdict } from './client.ts';
import { bindingReview, type ReviewParts } from './reviews.ts';
import { makeWorld, useWebhook } from './start-webhook.ts';

describe('/validate-binding', () => {
  const webhook = useWebhook();
  let number = 0;
  let name = '';

  beforeEach(() => {
    name = `web-${number++}`;
    webhook.world.snapshot = makeWorld().snapshot;
    webhook.world.freeForMs = 0;
    webhook.counted.length = 0;
    pending(makePod());
  });

  function pending(pod: Pod, namespace = 'shop'): void {
    const metadata = { ...pod.metadata, name, uid: `uid-of-${name}` };
    webhook.world.pendingPods.set(`${namespace}/${name}`, { ...pod, metadata });
  }

  function bind(node: string, rest: Partial<ReviewParts> = {}): Promise<Verdict> {
    return ask(webhook, '/validate-binding', bindingReview(name, node, rest));
  }

  const bindings: readonly [name: string, node: string, allowed: boolean, reason: string][] = [
    ['to a clean node', 'node-eu-north', true, 'acceptable'],
    ['to a dirty node', 'node-eu-central', false, 'high_carbon'],
    ['to a node in outage', 'node-eu-west', false, 'outage'],
    ['to a node that nobody knows', 'node-of-mars', true, 'unreachable'],
    ['to a node with only a yearly average', 'node-ca-east', true, 'acceptable'],
  ];
  for (const [what, node, allowed, reason] of bindings)
    it(`${what}: ${allowed ? 'allowed' : 'denied'}, ${reason}`, async () => {
      const { auditAnnotations, status, patch, ...verdict } = await bind(node);
      assert.deepEqual([verdict.allowed, auditAnnotations['reason'], patch], [allowed, reason, undefined]);
      if (!allowed) assert.deepEqual([status?.code, status?.reason], [403, 'Forbidden']);
    });

  it('names the pod and the cleanest alternative when it denies', async () => {
    const { status } = await bind('node-eu-central');
    assert.match(status?.message ?? '', new RegExp(`^gridgate refuses pod ${name}: eu-central .* now: eu-north at 50`));
  });

  const FIVE_MINUTES = 300_000;
  const patience: readonly [what: string, namespace: string, node: string, waitedMs: number, reason: string][] = [
    ['a dirty node, gated or just freed', 'shop', 'node-eu-central', 0, 'high_carbon'],
    ['a dirty node, nearly 5 minutes unbound', 'shop', 'node-eu-central', FIVE_MINUTES - 1, 'high_carbon'],
    ['a dirty node, 5 minutes unbound', 'shop', 'node-eu-central', FIVE_MINUTES, 'waited_unbound'],
    ['a node in outage, nearly 5 minutes unbound', 'shop', 'node-eu-west', FIVE_MINUTES - 1, 'outage'],
    ['a node in outage, 5 minutes unbound', 'shop', 'node-eu-west', FIVE_MINUTES, 'waited_unbound'],
    ['a node outside the allowed regions, a day unbound', 'european', 'node-us-west', 86_400_000, 'not_allowed'],
    ['a node too far away, a day unbound', 'near', 'node-us-west', 86_400_000, 'too_far'],
    ['a clean node, a day unbound', 'shop', 'node-eu-north', 86_400_000, 'acceptable'],
  ];
  for (const [what, namespace, node, waitedMs, reason] of patience)
    it(`${what}: ${reason}`, async () => {
      pending(makePod(), namespace);
      webhook.world.freeForMs = waitedMs;
      const { allowed, auditAnnotations } = await bind(node, { namespace });
      const isAllowed = reason === 'waited_unbound' || reason === 'acceptable';
      assert.deepEqual([allowed, auditAnnotations['reason']], [isAllowed, reason]);
      const decision = isAllowed ? 'allow' : 'deny';
      assert.deepEqual(webhook.counted, [`/validate-binding enforce ${decision} ${reason}`]);
    });

  it('is judged the same however often it is asked, and whoever asks', async () => {
    for (let i = 0; i < 20; i++) assert.equal((await bind('node-eu-central', { dryRun: i % 2 === 0 })).allowed, false);
    assert.deepEqual(webhook.counted, Array(10).fill('/validate-binding enforce deny high_carbon'));
  });

  const unjudged: readonly [name: string, rest: () => Partial<ReviewParts>, reason: string][] = [
    [
      'a pod that is not known here',
      () => ({ name: 'stranger', object: bindingReview('stranger', 'node-eu-west').object }),
      'unknown_pod',
    ],
    [
      'a pod of another uid',
      () => ({ object: { metadata: { name, uid: 'old' }, target: { name: 'node-eu-west' } } }),
      'unknown_pod',
    ],
    ['a namespace that nobody knows', () => ({ namespace: 'nobody-knows' }), 'unknown_namespace'],
    ['a namespace that opted out', () => ({ namespace: 'legacy' }), 'mode_off'],
  ];
  for (const [what, rest, reason] of unjudged)
    it(`${what}: allowed, ${reason}`, async () => {
      pending(makePod(), 'legacy');
      const { allowed, auditAnnotations } = await bind('node-eu-west', rest());
      assert.deepEqual([allowed, auditAnnotations['reason']], [true, reason]);
    });

  const strangers: readonly [what: string, namespace: string, node: string, reason: string][] = [
    ['a node outside the allowed regions', 'european', 'node-us-west', 'not_allowed'],
    ['a node that nobody knows, where regions are allowed', 'european', 'node-of-mars', 'not_allowed'],
    ['a node too far away', 'near', 'node-us-west', 'too_far'],
    ['a node inside, dirty as it is', 'european', 'node-eu-central', 'unknown_pod'],
  ];
  for (const [what, namespace, node, reason] of strangers)
    it(`a pod that is not known here, to ${what}: ${reason}`, async () => {
      const { object } = bindingReview('stranger', node);
      const { allowed, auditAnnotations } = await bind(node, { name: 'stranger', object, namespace });
      assert.deepEqual([allowed, auditAnnotations['reason']], [reason === 'unknown_pod', reason]);
    });

  const DAEMON_SET = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', controller: true };
  const daemons: readonly [what: string, parts: Parameters<typeof makePod>[0], reason: string][] = [
    ['a pod of a daemon set', requires(onNode('node-eu-central')), 'daemonset_pod'],
    ['one that says so and named no node when it was created', {}, 'high_carbon'],
    ['one that named two', requires(onNode('node-eu-central'), onNode('node-eu-west')), 'high_carbon'],
  ];
  for (const [what, parts, reason] of daemons)
    it(`${what}, to a dirty node: ${reason}`, async () => {
      pending(makePod({ metadata: { ownerReferences: [DAEMON_SET] }, ...parts }));
      const { auditAnnotations } = await bind('node-eu-central');
      assert.equal(auditAnnotations['reason'], reason);
    });

  it('the uid of the binding, where it has one, is that of the pod: judged', async () => {
    const object = { metadata: { name, uid: `uid-of-${name}` }, target: { kind: 'Node', name: 'node-eu-west' } };
    assert.equal((await bind('x', { object })).allowed, false);
  });

  it('the name may stand in the object alone', async () => {
    assert.equal((await bind('node-eu-west', { name: '' })).allowed, false);
  });

  for (const [namespace, warned] of [
    ['lab', false],
    ['reports', true],
  ] as const)
    it(`in ${namespace}: allowed${warned ? ' with a warning' : ' in silence'}, however long it waited`, async () => {
      pending(makePod(), namespace);
      for (const waitedMs of [0, FIVE_MINUTES]) {
        webhook.world.freeForMs = waitedMs;
        const { allowed, warnings, auditAnnotations } = await bind('node-eu-central', { namespace });
        assert.deepEqual(
          [allowed, (warnings?.length ?? 0) > 0, auditAnnotations['reason']],
          [true, warned, 'high_carbon'],
        );
      }
    });

  it('a pod whose spread needs the dirty region was promised preferences only: allowed there, not in an outage', async () => {
    const spread = { topologyKey: REGION_LABEL, whenUnsatisfiable: 'DoNotSchedule', minDomains: 4 };
    pending(makePod({ topologySpreadConstraints: [spread] }));
    assert.equal((await bind('node-eu-central')).allowed, true);
    assert.equal((await bind('node-eu-west')).allowed, false);
  });

  it('a pod whose needs leave only dirty regions was let in there, and is bound', async () => {
    const { regions } = webhook.world.snapshot;
    const os = (name: string) => ({ 'kubernetes.io/os': name === 'eu-central' ? 'windows' : 'linux' });
    const nodes = regions.map(({ name }) => makeNode(`node-${name}`, name, { labels: os(name) }));
    webhook.world.snapshot = makeSnapshot(regions, { nodes, takenAt: NOW + 1 });
    pending(makePod({ nodeSelector: { 'kubernetes.io/os': 'windows' } }));
    const { allowed, auditAnnotations } = await bind('node-eu-central');
    assert.deepEqual([allowed, auditAnnotations['reason']], [true, 'all_dirty']);
  });

  it('a pod that waited is judged by the snapshot of now', async () => {
    const { admitted } = await ask(webhook, '/mutate', { object: makePod() });
    pending(admitted as Pod);
    assert.equal((await bind('node-us-west')).allowed, true);
    const regions = [makeRegion('eu-north', 50), makeRegion('us-west', 700)];
    const nodes = regions.map(({ name: region }) => makeNode(`node-${region}`, region));
    webhook.world.snapshot = makeSnapshot(regions, { nodes, takenAt: NOW + 1 });
    const { status } = await bind('node-us-west');
    assert.match(status?.message ?? '', /us-west is at 700/);
  });
});
