import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import { cutName } from '../../src/webhook/cut-name.ts';
import { makePod, REGION_LABEL } from '../builders.ts';
import { ask } from './client.ts';
import { makeRecord, useWebhook } from './start-webhook.ts';

const LONG = 'n'.repeat(300_000);
const IN_OUTAGE = { nodeSelector: { [REGION_LABEL]: 'eu-west' } };

describe('a name as it is kept', () => {
  const rows: readonly [name: string, given: string, kept: string][] = [
    ['of 253 characters stays', 'a'.repeat(253), 'a'.repeat(253)],
    ['of 254 is cut', 'a'.repeat(254), 'a'.repeat(253)],
    ['is not cut in a character', `${'a'.repeat(252)}\u{1f30d}b`, 'a'.repeat(252)],
    ['may be empty', '', ''],
  ];
  for (const [name, given, kept] of rows) it(name, () => assert.equal(cutName(given), kept));
});

describe('names of 300,000 characters', () => {
  const asked: string[] = [];
  const webhook = useWebhook({
    fetchNamespace: async (name): Promise<NamespaceRecord> => {
      asked.push(name);
      return makeRecord(name, { mode: 'enforce' });
    },
  });
  const owner = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] });
  const rows: readonly [name: string, review: Parameters<typeof ask>[2]][] = [
    ['of a pod', { object: makePod({ metadata: { name: LONG }, ...IN_OUTAGE }) }],
    ['of the pods of a template', { object: makePod({ metadata: { name: '', generateName: LONG }, ...IN_OUTAGE }) }],
    ['of an owner', { object: makePod({ metadata: owner('ReplicaSet', LONG) }) }],
    ['of the kind of an owner', { object: makePod({ metadata: owner(LONG, 'web') }) }],
    ['of a namespace', { namespace: LONG, object: makePod() }],
    ['in the envelope', { name: LONG, kind: 'ConfigMap', object: { metadata: {} } }],
    ['of a kind', { kind: LONG, object: { metadata: {} } }],
  ];
  for (const [name, review] of rows)
    it(`${name} are cut in the log, on the page and in what the user is told`, async () => {
      const { status } = await ask(webhook, '/mutate', review);
      const { length } = JSON.stringify([webhook.log.at(-1), webhook.recent()[0], status ?? '']);
      assert.ok(length < 3_000, String(length));
    });

  it('of a namespace whose annotations are refused are cut in the answer', async () => {
    const metadata = { name: LONG, annotations: { [`gridgate.dev/${LONG}`]: LONG } };
    const { allowed, status } = await ask(webhook, '/namespaces', { kind: 'Namespace', object: { metadata } });
    assert.equal(allowed, false);
    assert.ok(JSON.stringify(status).length < 3_000);
  });

  it('are no name of a namespace that anybody is asked for', () => assert.deepEqual(asked, []));
});

describe('a namespace with 20,000 mistakes', () => {
  const webhook = useWebhook();
  it('is refused in a message that can be read', async () => {
    const annotations = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`gridgate.dev/a${i}`, 'x']));
    const { allowed, status } = await ask(webhook, '/namespaces', {
      kind: 'Namespace',
      object: { metadata: { name: 'new', annotations: { ...annotations, 'gridgate.dev/mode': 'enfroce' } } },
    });
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', /; and \d+ more$/);
    assert.ok(JSON.stringify(status).length < 20_000);
  });
});
