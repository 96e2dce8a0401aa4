import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { after, describe, it } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import { makePod } from '../builders.ts';
import { ask, readVerdict, send, type Verdict } from './client.ts';
import { bindingReview, type ReviewParts, toReview, workloadOf } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const CONTAINER = { name: 'main', image: 'registry.example.com/main:1' };
const UID = toReview({ object: {} }).request.uid;
/** Own keys of these names, as JSON.parse makes them. */
const PROTO: Record<string, string> = JSON.parse('{"__proto__":"x","constructor":"y","hasOwnProperty":"z"}');
const OWN_PROTO: Record<string, string> = JSON.parse(
  '{"gridgate.dev/__proto__":"x","gridgate.dev/constructor":"y","gridgate.dev/toString":"z"}',
);

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe('a pod of unusual size or keys is judged like any other:', () => {
  const webhook = useWebhook();
  const rows: readonly [name: string, pod: object][] = [
    [
      '10,000 containers',
      { ...makePod(), spec: { containers: many(10_000, (i) => ({ ...CONTAINER, name: `c${i}` })) } },
    ],
    ['500 tolerations', makePod({ tolerations: many(500, (i) => ({ key: `key-${i}`, operator: 'Exists' })) })],
    ['500 of our tolerations', makePod({ tolerations: many(500, () => ({ key: 'gridgate.dev/carbon', value: 'x' })) })],
    [
      '10,000 owners',
      makePod({ metadata: { ownerReferences: many(10_000, () => ({ kind: 'ReplicaSet', name: 'r' })) } }),
    ],
    ['10,000 labels', makePod({ metadata: { labels: Object.fromEntries(many(10_000, (i) => [`l${i}`, 'x'])) } })],
    ['__proto__ among annotations', makePod({ metadata: { annotations: PROTO } })],
    ['__proto__ among our annotations', makePod({ metadata: { annotations: OWN_PROTO } })],
    ['__proto__ among labels', makePod({ metadata: { labels: PROTO } })],
    ['__proto__ in the node selector', makePod({ nodeSelector: PROTO })],
    [
      '__proto__ as an owner',
      makePod({ metadata: { ownerReferences: [JSON.parse('{"__proto__":{"controller":true}}')] } }),
    ],
    ['__proto__ as metadata of its own', { metadata: JSON.parse('{"__proto__":{"annotations":{}}}'), spec: {} }],
    ['__proto__ as a spec of its own', { metadata: {}, spec: JSON.parse('{"__proto__":{"nodeName":"node-us-west"}}') }],
    [
      'nulls for everything optional',
      {
        metadata: { annotations: null, labels: null, ownerReferences: null },
        spec: { affinity: null, tolerations: null, nodeSelector: null, topologySpreadConstraints: null },
      },
    ],
    [
      'nulls inside the affinity',
      {
        metadata: {},
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: null,
              preferredDuringSchedulingIgnoredDuringExecution: null,
            },
          },
        },
      },
    ],
    ['names of control characters', makePod({ metadata: { name: 'a\u0000\n\u001b[31m' } })],
  ];
  for (const [name, object] of rows)
    it(name, async () => {
      const { allowed, auditAnnotations } = await ask(webhook, '/mutate', { object });
      assert.deepEqual([allowed, auditAnnotations['reason']], [true, 'steered']);
    });

  it('none of these keys reached Object.prototype', () => {
    assert.deepEqual(Object.keys(Object.prototype), []);
    assert.equal('controller' in {}, false);
  });
});

/** Values where a pod has structure; the API server would never send them. */
const WRONG: Readonly<Record<string, unknown>> = {
  'a number': 7,
  text: 'x',
  'an empty text': '',
  true: true,
  'a list': ['x'],
  'an empty list': [],
  'a list of nulls': [null],
  'an object': { x: 1 },
  'an object without text form': { toString: 1, valueOf: 1 },
};

describe('a pod with wrong types inside is refused as malformed, judged, or passes with internal_error:', () => {
  const webhook = useWebhook();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  const affinity = (nodeAffinity: unknown) => ({ spec: { affinity: { nodeAffinity } } });
  const required = (value: unknown) => affinity({ requiredDuringSchedulingIgnoredDuringExecution: value });
  const preferred = (value: unknown) => affinity({ preferredDuringSchedulingIgnoredDuringExecution: value });
  const places: Readonly<Record<string, (value: unknown) => object>> = {
    metadata: (value) => ({ metadata: value, spec: {} }),
    annotations: (value) => ({ metadata: { annotations: value }, spec: {} }),
    'an annotation': (value) => ({ metadata: { annotations: { 'gridgate.dev/class': value } }, spec: {} }),
    owners: (value) => ({ metadata: { ownerReferences: value }, spec: {} }),
    name: (value) => ({ metadata: { name: value }, spec: {} }),
    'node name': (value) => ({ spec: { nodeName: value } }),
    'node selector': (value) => ({ spec: { nodeSelector: value } }),
    affinity: (value) => ({ spec: { affinity: value } }),
    'node affinity': affinity,
    'required affinity': required,
    terms: (value) => required({ nodeSelectorTerms: value }),
    'a term': (value) => required({ nodeSelectorTerms: [value] }),
    expressions: (value) => required({ nodeSelectorTerms: [{ matchExpressions: value }] }),
    fields: (value) => required({ nodeSelectorTerms: [{ matchFields: value }] }),
    'preferred affinity': preferred,
    'a preferred term': (value) => preferred([value]),
    preference: (value) => preferred([{ weight: 1, preference: value }]),
    tolerations: (value) => ({ spec: { tolerations: value } }),
    'a toleration': (value) => ({ spec: { tolerations: [value] } }),
    'spread constraints': (value) => ({ spec: { topologySpreadConstraints: value } }),
    'priority class': (value) => ({ spec: { priorityClassName: value } }),
    priority: (value) => ({ spec: { priorityClassName: 'system-node-critical', priority: value } }),
  };
  for (const [place, make] of Object.entries(places))
    it(`as ${place}`, async () => {
      for (const [what, value] of Object.entries(WRONG))
        await passesSafely(what, { object: { metadata: {}, ...make(value) } });
    });

  it('the absent metadata', () => passesSafely('absent', { object: { spec: {} } }));

  async function passesSafely(what: string, parts: ReviewParts, path = '/mutate'): Promise<void> {
    const { status, body } = await send(webhook, path, JSON.stringify(toReview(parts)), { agent });
    assert.ok(status === 200 || status === 400, `${what}: ${body}`);
    if (status === 400) assert.equal(JSON.parse(body).uid, UID);
    else assert.doesNotThrow(() => isSafe(readVerdict(body, UID, parts.object)), what);
  }

  function isSafe({ allowed, patch, auditAnnotations }: Verdict): void {
    assert.equal(allowed, true);
    if (auditAnnotations['reason'] === 'internal_error') assert.equal(patch, undefined);
  }

  const others: readonly [name: string, path: string, parts: (value: unknown) => ReviewParts][] = [
    ['annotations of a namespace', '/namespaces', (value) => namespace({ annotations: value })],
    ['an annotation of a namespace', '/namespaces', (value) => namespace({ annotations: { 'other.dev/mode': value } })],
    ['the name of a namespace', '/namespaces', (value) => namespace({ name: value })],
    [
      'labels of a namespace',
      '/namespaces',
      (value) => namespace({ labels: value, annotations: { 'gridgate.dev/mode': 'audit' } }),
    ],
    ['metadata of a namespace', '/namespaces', (value) => ({ kind: 'Namespace', object: { metadata: value } })],
    [
      'the template of a Deployment',
      '/validate',
      (value) => ({ kind: 'apps/Deployment', object: { spec: { template: value } } }),
    ],
    [
      'the pod spec of a Deployment',
      '/validate',
      (value) => ({ kind: 'apps/Deployment', object: { spec: { template: { spec: value } } } }),
    ],
    [
      'the job template of a CronJob',
      '/validate',
      (value) => ({ kind: 'batch/CronJob', object: { spec: { jobTemplate: value } } }),
    ],
    [
      'the owners of a Job',
      '/validate',
      (value) => ({
        kind: 'batch/Job',
        object: { ...workloadOf('batch/Job', {} as Pod), metadata: { ownerReferences: value } },
      }),
    ],
    [
      'the target of a binding',
      '/validate-binding',
      (value) => bindingReview('web', 'x', { object: { metadata: {}, target: value } }),
    ],
    [
      'the metadata of a binding',
      '/validate-binding',
      (value) => bindingReview('web', 'x', { object: { metadata: value } }),
    ],
  ];
  for (const [place, path, make] of others)
    it(`as ${place}`, async () => {
      for (const [what, value] of Object.entries(WRONG)) await passesSafely(what, make(value), path);
    });

  it('after all of these a good review gets its answer', async () => {
    const { auditAnnotations } = await ask(webhook, '/mutate', { object: makePod() });
    assert.equal(auditAnnotations['reason'], 'steered');
  });

  function namespace(metadata: object): ReviewParts {
    return { kind: 'Namespace', object: { metadata } };
  }
});

describe('what is no pod passes with not_a_pod:', () => {
  const webhook = useWebhook();
  const rows: readonly [kind: string, path: string, rest?: Partial<ReviewParts>][] = [
    ['ConfigMap', '/mutate'],
    ['', '/mutate'],
    ['__proto__', '/mutate'],
    ['apps/DaemonSet', '/validate'],
    ['apps/__proto__', '/validate'],
    ['extensions/Deployment', '/validate'],
    ['example.com/Pod', '/mutate'],
    ['Pod', '/mutate', { subResource: 'ephemeralcontainers' }],
    ['Pod', '/validate', { subResource: 'status' }],
  ];
  for (const [kind, path, rest] of rows)
    it(`${kind || 'no kind'} ${rest?.subResource ?? ''} at ${path}`, async () => {
      const { allowed, patch, auditAnnotations } = await ask(webhook, path, { kind, object: makePod(), ...rest });
      assert.deepEqual([allowed, patch, auditAnnotations['reason']], [true, undefined, 'not_a_pod']);
    });

  it('a Pod at /namespaces, where a misspelt rule would send it', async () => {
    const object = makePod({ annotations: { class: 'flexible' } });
    const { allowed, patch } = await ask(webhook, '/namespaces', { object });
    assert.deepEqual([allowed, patch], [true, undefined]);
  });
});
