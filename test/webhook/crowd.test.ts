import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { after, describe, it } from 'node:test';
import { makePod } from '../builders.ts';
import { ask, openTls, send } from './client.ts';
import { type ReviewParts, toReview } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const REGION = 'topology.kubernetes.io/region';
const ROUNDS = 10;

describe('a hundred clients at once, good and bad, each get their own answer:', { timeout: 300_000 }, () => {
  const webhook = useWebhook();
  const agent = new Agent({ keepAlive: true });
  after(() => agent.destroy());

  async function review(parts: ReviewParts, path = '/mutate'): Promise<string> {
    const { allowed, auditAnnotations } = await ask(webhook, path, parts, { agent });
    return `${allowed} ${auditAnnotations['reason']}`;
  }

  async function bad(body: string, contentType = 'application/json'): Promise<string> {
    return String((await send(webhook, '/mutate', body, { agent, headers: { 'content-type': contentType } })).status);
  }

  async function hangUp(): Promise<string> {
    const socket = await openTls(webhook);
    socket.write('POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{');
    socket.destroy();
    return 'gone';
  }

  const actors: readonly [expected: string, act: (uid: string) => Promise<string>][] = [
    ['true steered', (uid) => review({ uid, object: makePod() })],
    ['false outage', (uid) => review({ uid, object: makePod({ nodeSelector: { [REGION]: 'eu-west' } }) })],
    ['true high_carbon', (uid) => review({ uid, namespace: 'lab', object: makePod({ nodeName: 'node-eu-central' }) })],
    ['true unknown_namespace', (uid) => review({ uid, namespace: 'nobody-knows', object: makePod() })],
    ['true internal_error', (uid) => review({ uid, object: { metadata: { ownerReferences: 7 }, spec: {} } })],
    ['false invalid_policy', (uid) => review({ uid, kind: 'Namespace', object: typo }, '/namespaces')],
    ['400', () => bad('{')],
    ['415', () => bad(JSON.stringify(toReview({ object: makePod() })), 'text/plain')],
    ['413', () => bad(' '.repeat(20 * 1024 * 1024 + 1))],
    ['gone', hangUp],
  ];
  const typo = { metadata: { name: 'new', annotations: { 'gridgate.dev/mood': 'enforce' } } };

  it('while it lasts', async () => {
    const crowd = Array.from({ length: ROUNDS }, (_, round) =>
      actors.map(([, act], index) => act(`uid-${round}-${index}`).catch(String)),
    ).flat();
    assert.equal(crowd.length, 100);
    const expected = Array.from({ length: ROUNDS }, () => actors.map(([answer]) => answer)).flat();
    assert.deepEqual(await Promise.all(crowd), expected);
  });

  it('and when it is over', async () => {
    assert.equal(await review({ object: makePod() }), 'true steered');
  });

  it('each of the decisions among them was counted once', () => {
    const counts = Object.entries(Object.groupBy(webhook.counted, (labels) => labels));
    assert.deepEqual(Object.fromEntries(counts.map(([labels, all]) => [labels, all?.length])), {
      '/mutate enforce steer steered': ROUNDS + 1,
      '/mutate enforce deny outage': ROUNDS,
      '/mutate audit deny high_carbon': ROUNDS,
      '/mutate unknown allow unknown_namespace': ROUNDS,
      '/mutate enforce allow internal_error': ROUNDS,
      '/namespaces off deny invalid_policy': ROUNDS,
    });
  });
});
