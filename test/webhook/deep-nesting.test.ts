import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../builders.ts';
import { ask, send } from './client.ts';
import { bindingReview, type ReviewParts, toReview } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const LEVELS = 100_000;
/** Where the nesting goes. */
const DEEP = 'DEEP';

describe('100,000 levels of nesting are answered, and the next review too:', () => {
  const webhook = useWebhook();
  const pod = (metadata: object, spec: object = {}): ReviewParts => ({ object: { metadata, spec } });
  const affinity = (nodeAffinity: unknown) => pod({}, { affinity: { nodeAffinity } });
  const rows: readonly [name: string, parts: ReviewParts, path?: string][] = [
    ['beside what gridgate reads', pod({}, { x: DEEP })],
    ['as annotations', pod({ annotations: DEEP })],
    ['as an annotation', pod({ annotations: { 'gridgate.dev/class': DEEP } })],
    ['as a label', pod({ labels: { app: DEEP } })],
    ['as its name', pod({ name: DEEP })],
    ['as an owner', pod({ ownerReferences: [{ controller: true, kind: DEEP, name: DEEP }] })],
    ['as affinity', pod({}, { affinity: DEEP })],
    ['as a term', affinity({ requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [DEEP] } })],
    [
      'as a preference',
      affinity({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: DEEP }] }),
    ],
    ['as the value of a node selector', pod({}, { nodeSelector: { 'topology.kubernetes.io/region': DEEP } })],
    ['as a toleration', pod({}, { tolerations: [{ key: DEEP }] })],
    ['as a priority class', pod({}, { priorityClassName: DEEP })],
    ['as a node name', pod({}, { nodeName: DEEP })],
    ['as groups', { groups: [DEEP], object: makePod() }],
    ['as a uid', { uid: DEEP, object: makePod() }],
    ['as a namespace', { namespace: DEEP, object: makePod() }],
    [
      'as an annotation of a namespace',
      { kind: 'Namespace', object: { metadata: { annotations: { 'gridgate.dev/mode': DEEP } } } },
      '/namespaces',
    ],
    ['as labels of a namespace', { kind: 'Namespace', object: { metadata: { labels: DEEP } } }, '/namespaces'],
    [
      'as the template of a Deployment',
      { kind: 'apps/Deployment', object: { spec: { template: { spec: { affinity: DEEP } } } } },
      '/validate',
    ],
    ['as the target of a binding', bindingReview('web', DEEP), '/validate-binding'],
  ];
  for (const [name, parts, path = '/mutate'] of rows)
    for (const [what, open, close] of [
      ['lists', '[', ']'],
      ['objects', '{"a":', '}'],
    ] as const)
      it(`${what} ${name}`, async () => {
        const deep = open.repeat(LEVELS) + (what === 'objects' ? '0' : '') + close.repeat(LEVELS);
        const { status, body } = await send(
          webhook,
          path,
          JSON.stringify(toReview(parts)).replaceAll(`"${DEEP}"`, deep),
        );
        assert.ok(status === 200 || status === 400, body);
        const { allowed, auditAnnotations: { reason } = {} } = JSON.parse(body).response ?? { allowed: true };
        assert.ok(allowed || reason === 'invalid_policy' || reason === 'oversized', body);
        assert.equal((await ask(webhook, '/mutate', { object: makePod() })).auditAnnotations['reason'], 'steered');
      });
});
