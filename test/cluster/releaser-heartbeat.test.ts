import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { LeaseSpec } from '../../src/cluster/lease.ts';
import { followHeartbeat, type Heartbeat, provesLife, toHeartbeat } from '../../src/cluster/releaser-heartbeat.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type Answer, fakeApi } from './fake-api.ts';

const SECOND = 1_000;

/** The Lease as it is seen at a second: held by `a` unless it says otherwise, renewed at that time of its holder's clock. */
type Sighting = readonly [second: number, renewTime: string, spec?: LeaseSpec];

function after(...sightings: readonly Sighting[]): Heartbeat | undefined {
  let heartbeat: Heartbeat | undefined;
  for (const [second, renewTime, spec] of sightings)
    heartbeat = toHeartbeat({ spec: { holderIdentity: 'a', renewTime, ...spec } }, heartbeat, second * SECOND);
  return heartbeat;
}

describe('a heartbeat proves that somebody lets go what waits', () => {
  const NOBODY = { holderIdentity: '' };
  const rows: readonly [name: string, sightings: readonly Sighting[], second: number, isAlive: boolean][] = [
    ['never seen', [], 0, false],
    ['seen once, however young it says it is', [[0, 'now']], 1, false],
    [
      'seen twice, as it was',
      [
        [0, 'x'],
        [10, 'x'],
      ],
      11,
      false,
    ],
    [
      'renewed while it was watched',
      [
        [0, 'x'],
        [10, 'y'],
      ],
      11,
      true,
    ],
    [
      'renewed, 59 s after it was seen without',
      [
        [0, 'x'],
        [10, 'y'],
      ],
      59,
      true,
    ],
    [
      'renewed, and no more',
      [
        [0, 'x'],
        [10, 'y'],
      ],
      60,
      false,
    ],
    [
      'renewed again',
      [
        [0, 'x'],
        [10, 'y'],
        [20, 'z'],
      ],
      69,
      true,
    ],
    [
      'seen again as it was: no younger by that',
      [
        [0, 'x'],
        [10, 'y'],
        [50, 'y'],
      ],
      60,
      false,
    ],
    [
      'renewed while nobody watched, perhaps long ago',
      [
        [0, 'x'],
        [10, 'y'],
        [600, 'z'],
      ],
      601,
      false,
    ],
    [
      'renewed again since somebody watches',
      [
        [0, 'x'],
        [600, 'y'],
        [610, 'z'],
      ],
      611,
      true,
    ],
    [
      'by a clock that was set back',
      [
        [0, '2026'],
        [10, '1970'],
      ],
      11,
      true,
    ],
    [
      'taken over by another holder',
      [
        [0, 'x'],
        [10, 'y', { holderIdentity: 'b' }],
      ],
      11,
      true,
    ],
    [
      'given up',
      [
        [0, 'x'],
        [10, 'y'],
        [20, 'z', NOBODY],
      ],
      21,
      false,
    ],
    [
      'given up, and taken by the next',
      [
        [0, 'x'],
        [10, 'y', NOBODY],
        [20, 'z'],
      ],
      21,
      true,
    ],
    [
      'without a spec',
      [
        [0, 'x', { renewTime: null }],
        [10, 'y', { renewTime: null }],
      ],
      11,
      false,
    ],
  ];
  for (const [name, sightings, second, isAlive] of rows)
    it(`${name}: ${isAlive ? 'yes' : 'no'}`, () =>
      assert.equal(provesLife(after(...sightings), second * SECOND), isAlive));
});

describe('the heartbeat', () => {
  const lease = (renewTime: string, resourceVersion: string) => ({
    metadata: { name: 'gridgate-releaser', namespace: 'gridgate-system', resourceVersion },
    spec: { holderIdentity: 'a', renewTime },
  });

  async function follow(answers: readonly Answer[]) {
    const time = { now: 0 };
    const api = fakeApi(answers);
    const log = pino({ level: 'silent' });
    const heartbeat = followHeartbeat({ api, namespace: 'gridgate-system', log, monotonicNow: () => time.now });
    await heartbeat.start();
    return { time, api, heartbeat };
  }

  it('asks for its one Lease, and lives and dies by what is seen of it', async () => {
    const lines = new PassThrough();
    const { time, api, heartbeat } = await follow([
      { page: { metadata: { resourceVersion: '1' }, items: [lease('x', '1')] } },
      { lines },
    ]);
    assert.equal(api.asked[0]?.['fieldSelector'], 'metadata.name=gridgate-releaser');
    assert.equal(heartbeat.isAlive(), false);
    time.now = 10 * SECOND;
    lines.write(`${JSON.stringify({ type: 'MODIFIED', object: lease('y', '2') })}\n`);
    await pollUntil({ what: 'a renewal', probe: () => heartbeat.isAlive() || undefined, deadlineMs: 60_000 });
    time.now = 60 * SECOND;
    assert.equal(heartbeat.isAlive(), false);
    time.now = 61 * SECOND;
    for (const [renewTime, version] of [
      ['z', '3'],
      ['w', '4'],
    ] as const)
      lines.write(`${JSON.stringify({ type: 'MODIFIED', object: lease(renewTime, version) })}\n`);
    await pollUntil({ what: 'a renewal', probe: () => heartbeat.isAlive() || undefined, deadlineMs: 60_000 });
    lines.write(`${JSON.stringify({ type: 'DELETED', object: lease('w', '5') })}\n`);
    await pollUntil({ what: 'its end', probe: () => !heartbeat.isAlive() || undefined, deadlineMs: 60_000 });
    await heartbeat.stop();
  });

  it('that nobody has is nobody alive', async () => {
    const { heartbeat } = await follow([{ page: { metadata: { resourceVersion: '1' }, items: null } }]);
    assert.equal(heartbeat.isAlive(), false);
    await heartbeat.stop();
  });
});
