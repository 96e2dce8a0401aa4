import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOverdue } from '../../../src/commands/release/overdue.ts';
import type { WaitingUnit } from '../../../src/commands/release/waiting-units.ts';
import { makePolicy, NOW } from '../../builders.ts';

const HOUR_MS = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

/** A pod that came so many hours ago and says that it starts at the latest in so many. */
function waiting(cameAgo: number, latestIn: number | undefined, own: Record<string, string> = {}): WaitingUnit {
  const said = latestIn !== undefined && {
    'gridgate.dev/not-before': iso(NOW),
    'gridgate.dev/waits': JSON.stringify({ latestStart: iso(NOW + latestIn * HOUR_MS), duration: '1h' }),
  };
  const annotations = { ...said, ...own };
  const metadata = { name: 'train', namespace: 'lab', creationTimestamp: iso(NOW - cameAgo * HOUR_MS), annotations };
  return { kind: 'Pod', object: { metadata } };
}

const ENFORCE = makePolicy({ mode: 'enforce', defer: '8h' });

describe('what is overdue', () => {
  const ROWS = {
    'what is not due yet': [waiting(1, 3), ENFORCE, false],
    'whose latest start has passed': [waiting(4, -1), ENFORCE, true],
    'whose latest start is this moment': [waiting(4, 0), ENFORCE, true],
    'whose namespace lets nothing wait so long, whatever it says': [waiting(9, 90), ENFORCE, true],
    'that says nothing, once its namespace has no more time for it': [waiting(9, undefined), ENFORCE, true],
    'that says nothing, until then': [waiting(7, undefined), ENFORCE, false],
    'that shortened its own wait': [waiting(3, undefined, { 'gridgate.dev/defer': '2h' }), ENFORCE, true],
    'that would lengthen its own wait': [waiting(9, 90, { 'gridgate.dev/defer': '48h' }), ENFORCE, true],
    'in a namespace that has no defer any more': [waiting(1, 3), makePolicy({ mode: 'enforce' }), true],
    'in a namespace of mode audit': [waiting(1, 3), makePolicy({ mode: 'audit', defer: '8h' }), true],
    'in a namespace that is off': [waiting(1, 3), makePolicy({ mode: 'off', defer: '8h' }), true],
    'in a namespace that nobody may read, when it says so itself': [waiting(4, -1), undefined, true],
    'in a namespace that nobody may read, before that': [waiting(90, 1), undefined, false],
    'in a namespace that nobody may read, and says nothing': [waiting(90, undefined), undefined, false],
  } as const;
  for (const [name, [unit, policy, isDue]] of Object.entries(ROWS))
    it(`${isDue ? 'is' : 'is not'} ${name}`, () => assert.equal(isOverdue(unit, policy, NOW), isDue));

  it('is a suspended Job by its template', () => {
    const job = (defer: string): WaitingUnit => ({
      kind: 'Job',
      object: {
        metadata: { name: 'train', namespace: 'lab', creationTimestamp: iso(NOW - 3 * HOUR_MS) },
        spec: {
          suspend: true,
          ...{ template: { metadata: { annotations: { 'gridgate.dev/defer': defer } }, spec: { containers: [] } } },
        },
      },
    });
    assert.deepEqual([isOverdue(job('2h'), ENFORCE, NOW), isOverdue(job('4h'), ENFORCE, NOW)], [true, false]);
  });
});
