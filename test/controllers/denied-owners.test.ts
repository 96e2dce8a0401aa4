import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { createDeniedOwners } from '../../src/controllers/denied-owners.ts';
import { fakeApi } from '../cluster/fake-api.ts';
import { fakeClock } from './fake-clock.ts';

const MINUTE_MS = 60_000;
const DENIED =
  'Error creating: admission webhook "pods.gridgate.dev" denied the request: gridgate refuses pod db*: no region is up [outage]';

function failedCreate(kind: string, uid: string, message = DENIED): object {
  const metadata = { name: 'e', namespace: 'team', resourceVersion: '2' };
  return { metadata, involvedObject: { kind, name: 'x', uid }, reason: 'FailedCreate', message };
}

function start(test: TestContext, items: readonly object[], mayDeny = true) {
  const clock = fakeClock();
  const watch = new PassThrough();
  const api = fakeApi([{ page: { metadata: { resourceVersion: '1' }, items } }, { lines: watch }]);
  const log = pino({ level: 'silent' });
  const owners = createDeniedOwners({ api, mayDeny: () => mayDeny, log, clock });
  const told: string[] = [];
  owners.follow({ onDenial: ({ uid }) => told.push(uid), onListed: () => told.push('listed') });
  owners.start();
  test.after(() => owners.stop());
  async function say(event: object): Promise<void> {
    watch.write(`${JSON.stringify({ type: 'ADDED', object: event })}\n`);
    await clock.advance(0);
  }
  return { owners, clock, api, told, say };
}

describe('the owners that gridgate denied pods', () => {
  it('are those of whom Events tell so, by kind, and no others', async (t) => {
    const events = [
      failedCreate('StatefulSet', '1'),
      failedCreate('StatefulSet', '2', 'pods "db-0" is forbidden: exceeded quota: q'),
      failedCreate('Job', '3'),
      failedCreate('Job', '3'),
    ];
    const { owners, clock, told, say } = start(t, events);
    await clock.advance(0);
    assert.deepEqual(told, ['1', '3', '3', 'listed']);
    assert.deepEqual([...owners.ofKind('StatefulSet')], ['team/1']);
    assert.deepEqual([...owners.ofKind('Job')], ['team/3']);
    assert.deepEqual([...owners.ofKind('ReplicaSet')], []);
    await say(failedCreate('Job', '4'));
    assert.deepEqual([...owners.ofKind('Job')], ['team/3', 'team/4']);
    assert.deepEqual(told.slice(4), ['4']);
  });

  it('are remembered for an hour after the last denial, as Events are', async (t) => {
    const { owners, clock, say } = start(t, [failedCreate('Job', '1'), failedCreate('Job', '2')]);
    await clock.advance(59 * MINUTE_MS);
    assert.equal(owners.ofKind('Job').size, 2);
    await say(failedCreate('Job', '2'));
    await clock.advance(2 * MINUTE_MS);
    assert.deepEqual([...owners.ofKind('Job')], ['team/2']);
  });

  it('are forgotten, the oldest first, where somebody writes of endlessly many', async (t) => {
    const events = Array.from({ length: 50_000 }, (_, i) => failedCreate('Job', `${i}`));
    const { owners, clock } = start(t, events);
    await clock.advance(0);
    const known = owners.ofKind('Job');
    assert.deepEqual([known.size, known.has('team/0'), known.has('team/49999')], [20_000, false, true]);
  });

  it('are not asked for where no namespace denies', async (t) => {
    const { clock, api, owners } = start(t, [], false);
    await clock.advance(60 * MINUTE_MS);
    assert.deepEqual([api.asked, owners.lastEventAt()], [[], {}]);
  });
});
