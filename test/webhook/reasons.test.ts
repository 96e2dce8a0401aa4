import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { REASONS, type Reason } from '../../src/decision/reasons.ts';
import { makePod, makeRegion, makeSnapshot, NOW, onNode, REGION_LABEL, requires } from '../builders.ts';
import { ask } from './client.ts';
import { bindingReview, type ReviewParts } from './reviews.ts';
import { makeWorld, type TestWebhook, useWebhook, type World } from './start-webhook.ts';

interface Way {
  readonly path: string;
  readonly review: ReviewParts;
  /** What must be true of the world; by default it is as `makeWorld` makes it. */
  readonly given?: (world: World) => void;
}

const DAEMON_SET = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', controller: true };

function mutate(object: unknown, rest: Partial<ReviewParts> = {}, given?: Way['given']): Way {
  return { path: '/mutate', review: { object, ...rest }, ...(given && { given }) };
}

function pinned(region: string) {
  return makePod({ nodeSelector: { [REGION_LABEL]: region } });
}

function namespace(mode: string): ReviewParts {
  return { kind: 'Namespace', object: { metadata: { name: 'new', annotations: { 'gridgate.dev/mode': mode } } } };
}

/** A way through a public endpoint to every reason there is. */
const WAYS: Readonly<Record<Reason, Way>> = {
  mode_off: mutate(makePod(), { namespace: 'legacy' }),
  switched_off: mutate(makePod(), {}, (world) => {
    world.modeCap = 'off';
  }),
  not_a_pod: mutate({ data: {} }, { kind: 'ConfigMap' }),
  mirror_pod: mutate(makePod({ annotations: { 'kubernetes.io/config.mirror': 'x' } }), { groups: ['system:nodes'] }),
  daemonset_pod: mutate(makePod({ ...requires(onNode('node-eu-west')), metadata: { ownerReferences: [DAEMON_SET] } })),
  unknown_namespace: mutate(makePod(), { namespace: 'nobody-knows' }),
  unreachable: mutate(pinned('mars')),
  internal_error: mutate(makePod(), {}, (world) => {
    world.snapshot = { ...world.snapshot, regions: undefined as never };
  }),
  acceptable: mutate(makePod({ nodeName: 'node-eu-north' })),
  steered: mutate(makePod()),
  kept_out: mutate(makePod(), {}, (world) => {
    world.snapshot = makeSnapshot([makeRegion('a', undefined), makeRegion('b', undefined), makeRegion('c', 900)]);
  }),
  no_data: mutate(makePod(), {}, (world) => {
    world.snapshot = makeSnapshot([makeRegion('a', undefined), makeRegion('b', undefined)]);
  }),
  cleaner_later: mutate(
    makePod({ annotations: { 'gridgate.dev/class': 'flexible' }, restartPolicy: 'Never' }),
    { namespace: 'patient' },
    (world) => {
      world.isReleaserAlive = true;
      const hours = [300, 300, 100].map((gramsPerKwh, hour) => ({ from: NOW + hour * 3_600_000, gramsPerKwh }));
      world.snapshot = makeSnapshot([makeRegion('a', 300, { forecast: hours })]);
    },
  ),
  all_dirty: mutate(makePod(), { namespace: 'lenient' }),
  oversized: mutate(makePod({ tolerations: Array.from({ length: 501 }, () => ({ key: 'a', operator: 'Exists' })) })),
  not_allowed: mutate(pinned('us-west'), { namespace: 'european' }),
  too_far: mutate(pinned('us-west'), { namespace: 'near' }),
  outage: mutate(pinned('eu-west')),
  high_carbon: mutate(pinned('eu-central')),
  unknown_pod: { path: '/validate-binding', review: bindingReview('stranger', 'node-eu-west') },
  waited_unbound: {
    path: '/validate-binding',
    review: bindingReview('web-1', 'node-eu-west'),
    given(world) {
      world.pendingPods.set('shop/web-1', makePod({ metadata: { name: 'web-1', uid: 'u1' } }));
      world.freeForMs = 300_000;
    },
  },
  valid_policy: { path: '/namespaces', review: namespace('enforce') },
  invalid_policy: { path: '/namespaces', review: namespace('enfroce') },
};

const DENIES: readonly Reason[] = ['oversized', 'not_allowed', 'too_far', 'outage', 'high_carbon', 'invalid_policy'];

async function follow(webhook: TestWebhook, { path, review, given }: Way) {
  given?.(webhook.world);
  return ask(webhook, path, review);
}

describe('a review over TLS ends with the reason', () => {
  const webhook = useWebhook();
  beforeEach(() => {
    const { snapshot, modeCap, isReleaserAlive, freeForMs } = makeWorld();
    Object.assign(webhook.world, { snapshot, modeCap, isReleaserAlive, freeForMs });
  });

  for (const [reason, way] of Object.entries(WAYS))
    it(reason, async () => {
      const { allowed, auditAnnotations } = await follow(webhook, way);
      assert.equal(auditAnnotations['reason'], reason);
      assert.equal(allowed, !DENIES.includes(reason as Reason));
      assert.match(webhook.counted.at(-1) ?? '', new RegExp(`^${way.path} \\w+ \\w+ ${reason}$`));
      assert.equal(webhook.log.at(-1)?.['reason'], reason);
    });

  it('and there is no other', () => {
    assert.deepEqual(Object.keys(WAYS).sort(), Object.keys(REASONS).sort());
  });

  it('each of which has its sentence', () => {
    for (const [reason, sentence] of Object.entries(REASONS)) assert.match(sentence, /^[a-z].{10,}[^.]$/, reason);
  });
});
