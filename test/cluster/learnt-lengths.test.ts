import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { followLearntLengths } from '../../src/cluster/learnt-lengths.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type Answer, fakeApi } from './fake-api.ts';

const NIGHTLY = { kind: 'CronJob', name: 'nightly' };

function configMap(resourceVersion: string, data?: Readonly<Record<string, string>>): object {
  return {
    metadata: { name: 'gridgate-lengths', namespace: 'gridgate-system', resourceVersion },
    ...(data && { data }),
  };
}

function lengths(seconds: number): Record<string, string> {
  const owners = { 'shop/CronJob/nightly': [seconds] };
  return { 'lengths.json': JSON.stringify({ version: 1, owners, namespaces: {} }) };
}

async function follow(items: readonly object[], ...events: readonly object[]) {
  const log: string[] = [];
  const answers: readonly Answer[] = [
    { page: { metadata: { resourceVersion: '1' }, items } },
    { lines: events.map((object) => `${JSON.stringify({ type: 'MODIFIED', object })}\n`), hang: true },
  ];
  const api = fakeApi(answers);
  const followed = followLearntLengths({
    api,
    namespace: 'gridgate-system',
    log: pino({ level: 'info' }, { write: (line) => void log.push(JSON.parse(line).msg) }),
  });
  await followed.start();
  return { followed, api, log, seconds: () => (followed.learntLength('shop', NIGHTLY)?.ms ?? 0) / 1_000 };
}

describe('the ConfigMap of learnt lengths', () => {
  it('is asked for by its name, and answers with what it says now', async () => {
    const { followed, api, log, seconds } = await follow([configMap('1', lengths(60))], configMap('2', lengths(90)));
    assert.equal(api.asked[0]?.['fieldSelector'], 'metadata.name=gridgate-lengths');
    await pollUntil({ what: 'the change', probe: () => seconds() === 90 || undefined, deadlineMs: 60_000 });
    assert.deepEqual(log, []);
    await followed.stop();
  });

  for (const [name, items] of Object.entries({ 'is not there': [], 'is empty': [configMap('1')] }))
    it(`${name}: nothing is learnt, and nothing said`, async () => {
      const { followed, log, seconds } = await follow(items);
      assert.deepEqual([seconds(), log], [0, []]);
      await followed.stop();
    });

  it('that cannot be read counts as none, and says so once', async () => {
    const bad = { 'lengths.json': 'x' };
    const { followed, log, seconds } = await follow(
      [configMap('1', lengths(60))],
      configMap('2', bad),
      configMap('3', { ...bad, other: 'y' }),
      configMap('4', lengths(30)),
    );
    await pollUntil({ what: 'the last change', probe: () => seconds() === 30 || undefined, deadlineMs: 60_000 });
    assert.deepEqual(log, [
      'learnt lengths of runs cannot be read; none count until they can',
      'learnt lengths of runs can be read again',
    ]);
    await followed.stop();
  });
});
