import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import { createEndpoints, type Endpoint } from '../../src/webhook/endpoints.ts';
import { createBindingGuard } from '../../src/webhook/review-binding.ts';
import {
  decideNow,
  makeNode,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  NO_RULES,
  NOW,
  onNode,
  region,
  requires,
  term,
} from '../builders.ts';

const SEED = Number(process.env['GRIDGATE_SEED'] ?? 20261122);
const snapshot = makeSnapshot([makeRegion('eu-a', 100), makeRegion('us-a', 900)], {
  nodes: [makeNode('n1', 'eu-a')],
});
const policy = makePolicy({ regions: 'eu-*' });

/** Values that JSON can hold, some of them where a pod has fields. */
const json = fc.jsonValue({ maxDepth: 3, depthSize: 'small' });
const odd = fc.oneof(json, fc.constantFrom(null, 0, '', [], {}, [null], { __proto__: null }, 'x'.repeat(1000)));
const fieldsOf = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, odd])), { requiredKeys: [] });
const oddTerms = fc.array(fc.oneof(odd, fieldsOf('matchExpressions', 'matchFields')), { maxLength: 3 });
const oddPod = fc.record({
  metadata: fc.oneof(odd, fieldsOf('name', 'generateName', 'annotations', 'labels', 'ownerReferences')),
  spec: fc.oneof(
    fieldsOf('nodeName', 'nodeSelector', 'affinity', 'tolerations', 'topologySpreadConstraints', 'priorityClassName'),
    fc.record({
      affinity: fc.record({
        nodeAffinity: fc.record({
          requiredDuringSchedulingIgnoredDuringExecution: fc.record({ nodeSelectorTerms: oddTerms }),
          preferredDuringSchedulingIgnoredDuringExecution: odd,
        }),
      }),
    }),
  ),
});

describe('a pod that no API server would send', () => {
  const reasons = new Map<string, number>();
  const mutate = createEndpoints({
    snapshot: () => snapshot,
    policies: { find: () => policy },
    rules: () => NO_RULES,
    bindings: createBindingGuard({ pendingPod: () => undefined, freeForMs: () => 0 }),
    recorder: { record: () => {}, recent: () => [] },
    clock: () => NOW,
  }).get('/mutate') as Endpoint;

  function review(object: unknown) {
    const request = {
      uid: 'u1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      namespace: 'shop',
      object,
    };
    const body = Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }));
    return new Promise<{ statusCode: number; body: string }>((resolve) =>
      mutate(body, 2_000, (statusCode, payload) => resolve({ statusCode, body: payload.toString() })),
    );
  }

  it('is allowed with internal_error, judged, or refused as malformed: never anything else', async () => {
    const holds = async (pod: unknown) => {
      const { statusCode, body } = await review(pod);
      assert.ok(statusCode === 200 || statusCode === 400, `${statusCode} ${body}`);
      if (statusCode === 400) return;
      const { uid, allowed, patch, status, auditAnnotations } = JSON.parse(body).response;
      assert.equal(uid, 'u1');
      reasons.set(auditAnnotations.reason, (reasons.get(auditAnnotations.reason) ?? 0) + 1);
      if (auditAnnotations.reason === 'internal_error')
        assert.deepEqual({ allowed, patch }, { allowed: true, patch: undefined });
      else if (!allowed) assert.equal(status.code, 403);
    };
    await fc.assert(fc.asyncProperty(oddPod, holds), { seed: SEED, numRuns: 1500 });
    assert.ok((reasons.get('internal_error') ?? 0) > 10, JSON.stringify([...reasons]));
    assert.ok((reasons.get('steered') ?? 0) > 10, JSON.stringify([...reasons]));
  });
});

describe('a pod of legal but unusual size or content', () => {
  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => make(index));
  const rows: readonly [name: string, parts: () => Parameters<typeof makePod>[0]][] = [
    ['500 tolerations', () => ({ tolerations: many(500, (i) => ({ key: `k${i}`, operator: 'Exists' })) })],
    ['500 terms', () => requires(...many(500, (i) => term(region('NotIn', `r${i}`))))],
    ['500 pins', () => requires(...many(500, (i) => onNode(`n${i}`)))],
    ['an enormous number in Gt', () => requires(term(region('Gt', '9'.repeat(100_000))))],
    [
      'keys of Object.prototype in annotations',
      () => ({ annotations: JSON.parse('{"__proto__":"x","constructor":"y","gridgate.dev/__proto__":"z"}') }),
    ],
    [
      'keys of Object.prototype in the selector',
      () => ({ nodeSelector: JSON.parse('{"__proto__":"x","toString":"y"}') }),
    ],
    ['an annotation of 200 KiB', () => ({ annotations: { 'a/b': 'x'.repeat(200_000) } })],
    ...[
      'class',
      'regions',
      'max-intensity',
      'region',
      'defer',
      'deadline',
      'duration',
      'decision',
      'cloud.google.com/region',
    ].flatMap((key) =>
      ['a', '9', '*', '-', 'é\u0000'].map((text): [string, () => Parameters<typeof makePod>[0]] => [
        `${key} of 200,000 ${JSON.stringify(text)}`,
        () => ({ annotations: { [key]: text.repeat(200_000 / text.length) } }),
      ]),
    ),
  ];
  for (const [name, parts] of rows) {
    it(`${name}: is judged`, () => {
      const { steps, reason, warnings } = decideNow(makePod(parts()), policy, snapshot);
      assert.ok(steps, reason);
      for (const warning of warnings) assert.ok(warning.length <= 240);
    });
  }

  it('has its like among policies', () => {
    for (const text of ['a', '9', '*', ',', '!', 'a=1,'])
      for (const name of ['mode', 'regions', 'weights', 'max-intensity', 'tolerate', 'max-latency', 'home-region'])
        assert.doesNotThrow(
          () => parsePolicy({ [`gridgate.dev/${name}`]: text.repeat(100_000) }),
          `${name} of ${text}`,
        );
  });
});
