import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import { makePod } from '../builders.ts';
import { ask } from '../webhook/client.ts';
import { useWebhook } from '../webhook/start-webhook.ts';

const SECRET = 'hunter2-7f3a';

/** Where authors put what nobody else should read. */
const PLACES = {
  'a variable of a container': { spec: { containers: [{ name: 'main', env: [{ name: 'PASSWORD', value: SECRET }] }] } },
  'its command line': { spec: { containers: [{ name: 'main', args: [`--token=${SECRET}`] }] } },
  'an init container': { spec: { initContainers: [{ name: 'init', command: ['sh', '-c', SECRET] }] } },
  'an annotation of somebody else': { metadata: { annotations: { 'example.com/token': SECRET } } },
  'a label': { metadata: { labels: { token: SECRET } } },
  'the name of a Secret that it mounts': { spec: { volumes: [{ name: 'v', secret: { secretName: SECRET } }] } },
} as const;

describe('a secret in a pod', () => {
  const webhook = useWebhook();

  for (const [place, { spec = {}, metadata = {} }] of Object.entries<{ spec?: object; metadata?: object }>(PLACES))
    it(`as ${place} is in no log, no metric, no record and no answer`, async () => {
      const pod = makePod();
      const object = { ...pod, metadata: { ...pod.metadata, ...metadata }, spec: { ...pod.spec, ...spec } };
      const { admitted, ...answer } = await ask(webhook, '/mutate', { object });
      const record = (admitted as Pod).metadata?.annotations?.['gridgate.dev/decision'];
      assert.match(record ?? '', /"reason":"steered"/);
      const { log, counted, recent } = webhook;
      for (const [where, told] of Object.entries({ answer, record, log, counted, recent: recent() }))
        assert.ok(!JSON.stringify(told).includes(SECRET), where);
    });
});
