import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import type { VolumeTerms } from '../../src/decision/volume-terms.ts';
import { createEndpoints } from '../../src/webhook/endpoints.ts';
import { createPolicyFinder } from '../../src/webhook/find-policy.ts';
import { createPolicyBook } from '../../src/webhook/policy-book.ts';
import { createBindingGuard } from '../../src/webhook/review-binding.ts';
import { makePod, NO_RULES, NOW, REGION_LABEL, region, term } from '../builders.ts';
import { bindingReview, type ReviewParts, toReview, workloadOf } from './reviews.ts';
import { makeWorld, pendingPodsOf } from './start-webhook.ts';

interface Reply {
  readonly allowed: boolean;
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const CLAIM = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
const TOKEN = { name: 'token', projected: { sources: [] } };
const IN_CENTRAL = volumeIn('eu-central');
const IN_WEST = volumeIn('eu-west');

function volumeIn(name: string): VolumeTerms {
  return { volume: `pv-${name}`, claim: 'data', terms: [term(region('In', name))] };
}

/** The endpoints over volumes that every claim named `data` is bound to; `asked` notes whose were looked up. */
function open(volumes?: readonly VolumeTerms[]) {
  const world = makeWorld();
  const asked: string[] = [];
  const endpoints = createEndpoints({
    snapshot: () => world.snapshot,
    policies: createPolicyFinder(
      { namespace: (name) => world.namespaces.get(name) },
      createPolicyBook(
        () => NO_RULES,
        () => {},
      ),
      () => NOW,
    ),
    rules: () => NO_RULES,
    bindings: createBindingGuard(pendingPodsOf(world)),
    ...(volumes && {
      volumes: (namespace: string, pod: Pod) => {
        asked.push(namespace);
        return pod.spec?.volumes?.includes(CLAIM) || JSON.stringify(pod.spec?.volumes)?.includes('"data"')
          ? volumes
          : [];
      },
    }),
    recorder: { record: () => {}, recent: () => [] },
    clock: () => NOW,
  });

  function ask(path: string, parts: ReviewParts): Reply {
    let sent = '';
    const body = Buffer.from(JSON.stringify(toReview(parts)));
    endpoints.get(path)?.(body, 2_000, (_status, payload) => {
      sent = payload.toString();
    });
    return JSON.parse(sent).response;
  }

  return { ask, asked, world };
}

const stateful = makePod({ volumes: [TOKEN, CLAIM] });

describe('a pod whose claim is bound', () => {
  type Row = readonly [
    name: string,
    path: string,
    volumes: readonly VolumeTerms[] | undefined,
    expected: string,
    namespace?: string,
  ];
  const rows: readonly Row[] = [
    ['nothing known of volumes', '/mutate', undefined, 'true steer steered'],
    ['in a dirty region', '/mutate', [IN_CENTRAL], 'true allow all_dirty'],
    ['in an outage', '/mutate', [IN_WEST], 'true allow outage'],
    ['where dirt is denied', '/mutate', [IN_CENTRAL], 'true allow all_dirty', 'strict'],
    ['where it may not be', '/mutate', [volumeIn('us-west')], 'false deny not_allowed', 'european'],
    ['too far', '/mutate', [volumeIn('us-west')], 'false deny too_far', 'near'],
    ['the final pod, in an outage', '/validate', [IN_WEST], 'true allow outage'],
  ];
  for (const [name, path, volumes, expected, namespace = 'shop'] of rows)
    it(`${name}: ${expected}`, () => {
      const { ask } = open(volumes);
      const { allowed, warnings = [], auditAnnotations } = ask(path, { object: stateful, namespace });
      assert.equal([allowed, auditAnnotations['decision'], auditAnnotations['reason']].join(' '), expected);
      const warned = expected.includes(' allow ');
      assert.equal(warnings.length, warned ? 1 : 0);
      if (warned)
        assert.match(warnings[0] ?? '', /^gridgate: volume pv-eu-\w+ \(claim data\) holds the pod in eu-\w+: /);
    });

  it('gets no requirement that keeps it from its only region', () => {
    const { patch = '' } = open([IN_CENTRAL]).ask('/mutate', { object: stateful });
    assert.doesNotMatch(Buffer.from(patch, 'base64').toString(), new RegExp(`${REGION_LABEL}|nodeAffinity`));
  });

  it('is bound to a node of its region, whatever happens there, and not vetoed', () => {
    const { ask, world } = open([IN_WEST]);
    world.pendingPods.set('shop/db-0', { ...stateful, metadata: { name: 'db-0', namespace: 'shop', uid: 'u' } });
    const { allowed, auditAnnotations } = ask('/validate-binding', bindingReview('db-0', 'node-eu-west'));
    assert.deepEqual([allowed, auditAnnotations['reason']], [true, 'outage']);
    const free = open([]);
    free.world.pendingPods.set('shop/db-0', { ...stateful, metadata: { name: 'db-0', namespace: 'shop', uid: 'u' } });
    assert.equal(free.ask('/validate-binding', bindingReview('db-0', 'node-eu-west')).allowed, false);
  });

  it('draws no warning of a denial upon its Deployment', () => {
    const pinned = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' }, volumes: [CLAIM] });
    const review = { kind: 'apps/Deployment', object: workloadOf('apps/Deployment', pinned) };
    assert.match(open([]).ask('/validate', review).warnings?.[0] ?? '', /will be denied/);
    assert.doesNotMatch(open([IN_WEST]).ask('/validate', review).warnings?.join() ?? '', /denied/);
  });

  it('is looked up in the namespace of its review', () => {
    const { ask, asked } = open([IN_CENTRAL]);
    ask('/mutate', { object: stateful, namespace: 'near' });
    assert.deepEqual(asked, ['near']);
  });
});
