import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { findNamed } from '../../../src/commands/release/find-named.ts';
import type { WaitingUnit } from '../../../src/commands/release/waiting-units.ts';

const LAB = '/api/v1/namespaces/lab/pods';
const JOBS = '/apis/batch/v1/namespaces/lab/jobs';

function owned(kind: string, name: string) {
  return { ownerReferences: [{ apiVersion: 'batch/v1', kind, name, controller: true }] };
}

const TRAIN: WaitingUnit = {
  kind: 'Pod',
  object: { metadata: { name: 'train-x', namespace: 'lab', ...owned('Job', 'train') } },
};
const BY_HAND: WaitingUnit = {
  kind: 'Pod',
  object: { metadata: { name: 'tonight-x', namespace: 'lab', ...owned('Job', 'tonight') } },
};

/** In a namespace with these objects, by their paths. */
function find(kind: string, name: string, objects: Readonly<Record<string, object>> = {}) {
  const jobs = {
    metadata: {},
    items: [{ metadata: { name: 'tonight', ...owned('CronJob', 'nightly') } }, { metadata: { name: 'train' } }],
  };
  const api = {
    async get(path: string) {
      const found = path === JOBS ? jobs : objects[path];
      if (!found) throw new ApiError(`GET ${path}`, { code: 404 });
      return found;
    },
  };
  return findNamed([{ kind, name }], { api, namespace: 'lab', units: [TRAIN, BY_HAND] });
}

describe('what is named of what waits', () => {
  it('is found by its own name, its Job, and the CronJob of a Job that somebody made of it by hand', async () => {
    for (const [kind, name, unit] of [
      ['Pod', 'train-x', TRAIN],
      ['Job', 'train', TRAIN],
      ['CronJob', 'nightly', BY_HAND],
    ] as const)
      assert.deepEqual(await find(kind, name), { chosen: [unit], notes: [], missing: [] });
  });

  it('is another that waits by the same name, where there is none of its kind', async () => {
    const found = await find('Pod', 'train');
    assert.deepEqual('missing' in found && found.missing, [
      'nothing called pod/train waits in namespace lab, and there is none; what waits by that name is job/train',
    ]);
  });

  const gates = (...names: string[]) => ({ schedulingGates: names.map((name) => ({ name })) });
  const released = { annotations: { 'gridgate.dev/released': '2026-11-22T09:00:00Z' } };
  const WHY: readonly (readonly [name: string, kind: 'Pod' | 'Job', object: object, says: string])[] = [
    [
      'that its author suspended',
      'Job',
      { spec: { suspend: true } },
      ' for gridgate: its author, or another controller, suspended it, and it stays so',
    ],
    [
      'behind the gate of another',
      'Pod',
      { spec: gates('example.com/hold') },
      ' for gridgate: gates of others hold it: example.com/hold',
    ],
    [
      'that was let go',
      'Pod',
      { metadata: released, spec: { nodeName: 'n1' } },
      ': it was let go at 2026-11-22T09:00:00Z',
    ],
    ['that runs', 'Pod', { spec: { nodeName: 'n1' } }, ': it has a node, n1'],
    [
      'that is being deleted',
      'Pod',
      { metadata: { deletionTimestamp: 'x' }, spec: gates('gridgate.dev/defer') },
      ': it is being deleted',
    ],
    ['that is a mystery', 'Pod', {}, ''],
  ];
  for (const [name, kind, object, says] of WHY)
    it(`does not wait, and says why: a ${kind} ${name}`, async () => {
      const path = kind === 'Pod' ? `${LAB}/one` : `${JOBS}/one`;
      const found = await find(kind, 'one', { [path]: object });
      assert.deepEqual('notes' in found && found.notes, [`${kind.toLowerCase()}/one does not wait${says}`]);
    });
});
