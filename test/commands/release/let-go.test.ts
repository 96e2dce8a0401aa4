import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { letGo } from '../../../src/commands/release/let-go.ts';
import type { WaitingUnit } from '../../../src/commands/release/waiting-units.ts';
import type { PatchOperation } from '../../../src/decision/patch.ts';
import { NOW } from '../../builders.ts';

const GATE = { name: 'gridgate.dev/defer' };
const STEERING: readonly PatchOperation[] = [{ op: 'add', path: '/spec/affinity', value: {} }];

function gated(resourceVersion = '1', gates: readonly object[] = [GATE]): WaitingUnit & { kind: 'Pod' } {
  const metadata = { name: 'train', namespace: 'lab', uid: 'u1', resourceVersion, annotations: {} };
  return { kind: 'Pod', object: { metadata, spec: { schedulingGates: gates as { name: string }[] } } };
}

/** An API server that answers these statuses to writes, one after the other, and this object to a look. */
function answering(statuses: readonly number[], look: () => object | undefined = () => gated('2').object) {
  const sent: { path: string; body: unknown; query: unknown }[] = [];
  const left = [...statuses];
  const api: Pick<ApiClient, 'get' | 'send'> = {
    async get(path) {
      const found = look();
      if (!found) throw new ApiError(`GET ${path}`, { code: 404 });
      return found;
    },
    async send(method, path, { body, query }) {
      sent.push({ path, body, query });
      const code = left.shift() ?? 200;
      if (code !== 200) throw new ApiError(`${method} ${path}`, { code });
      return {};
    },
  };
  return { api, sent };
}

function go(unit: WaitingUnit, api: Pick<ApiClient, 'get' | 'send'>, more: object = {}) {
  const pause = async () => {};
  return letGo(unit, { api, clock: () => NOW, steer: () => STEERING, fieldManager: 'test', pause, ...more });
}

const versionsIn = (sent: readonly { body: unknown }[]) =>
  sent.map(({ body }) => (body as PatchOperation[]).find(({ path }) => path === '/metadata/resourceVersion')?.value);

describe('letting go what waits', () => {
  it('takes the gate and adds the steering in one write, of the very version that was read', async () => {
    const { api, sent } = answering([]);
    assert.equal(await go(gated(), api), 'released');
    const [{ path, body } = { path: '', body: [] }] = sent;
    assert.equal(path, '/api/v1/namespaces/lab/pods/train');
    const paths = (body as PatchOperation[]).map((one) => `${one.op} ${one.path}`);
    assert.ok(paths.includes('remove /spec/schedulingGates/0') && paths.includes('add /spec/affinity'), paths.join());
    assert.deepEqual([sent.length, versionsIn(sent)], [1, ['1']]);
  });

  it('does so again from a fresh look where another write came in between', async () => {
    const { api, sent } = answering([409, 409]);
    assert.equal(await go(gated(), api), 'released');
    assert.deepEqual(versionsIn(sent), ['1', '2', '2']);
  });

  it('gives up when that never ends', async () => {
    const { api, sent } = answering(Array(100).fill(409));
    await assert.rejects(go(gated(), api), /409/);
    assert.ok(sent.length <= 10, `${sent.length} writes`);
  });

  const GONE = {
    'that is gone': () => undefined,
    'that somebody let go': () => gated('2', []).object,
    'of which another has the name': () => ({
      ...gated('2').object,
      metadata: { ...gated().object.metadata, uid: 'u2' },
    }),
    'that is being deleted': () => ({
      ...gated('2').object,
      metadata: { ...gated().object.metadata, deletionTimestamp: '2026-11-22T09:00:00Z' },
    }),
  };
  for (const [name, look] of Object.entries(GONE))
    it(`leaves one ${name}`, async () => {
      const { api, sent } = answering([409], look);
      assert.equal(await go(gated(), api), 'not waiting');
      assert.equal(sent.length, 1);
    });

  for (const status of [400, 403, 422])
    it(`takes the gate alone where the rest is refused with ${status}`, async () => {
      const { api, sent } = answering([status]);
      assert.equal(await go(gated(), api), 'gate alone');
      const last = sent.at(-1)?.body as PatchOperation[];
      assert.ok(!last.some(({ path }) => path === '/spec/affinity'));
      await assert.rejects(go(gated(), answering([status, status, status]).api), new RegExp(String(status)));
    });

  it('says nothing of when where its author left no room for an annotation', async () => {
    const { api, sent } = answering([422, 422]);
    assert.equal(await go(gated(), api), 'gate alone');
    const touches = sent.map(({ body }) => (body as PatchOperation[]).map(({ path }) => path).join(' '));
    assert.deepEqual(
      touches.map((paths) => [paths.includes('/spec/affinity'), paths.includes('released')]),
      [
        [true, true],
        [false, true],
        [false, false],
      ],
    );
    assert.match(touches[2] ?? '', /schedulingGates/);
  });

  it('never takes a gate of others', async () => {
    const foreign = { name: 'example.com/hold' };
    const { api, sent } = answering([]);
    await go(gated('1', [foreign, GATE]), api);
    const removed = sent.flatMap(({ body }) => (body as PatchOperation[]).filter(({ op }) => op === 'remove'));
    assert.deepEqual(removed, [{ op: 'remove', path: '/spec/schedulingGates/1' }]);
  });

  it('resumes a Job of ours, and none that lost its mark meanwhile', async () => {
    const job = (annotations: Record<string, string>): WaitingUnit => ({
      kind: 'Job',
      object: {
        metadata: { name: 'held', namespace: 'lab', uid: 'j1', resourceVersion: '1', annotations },
        spec: { suspend: true },
      },
    });
    const ours = job({ 'gridgate.dev/deferred': 'suspend' });
    const { api, sent } = answering([]);
    assert.equal(await go(ours, api), 'released');
    assert.deepEqual(sent[0]?.body, [
      { op: 'replace', path: '/metadata/resourceVersion', value: '1' },
      { op: 'replace', path: '/spec/suspend', value: false },
      { op: 'remove', path: '/metadata/annotations/gridgate.dev~1deferred' },
      { op: 'add', path: '/metadata/annotations/gridgate.dev~1released', value: '2026-11-22T09:00:00Z' },
    ]);
    const other = answering([409], () => job({}).object);
    assert.equal(await go(ours, other.api), 'not waiting');
  });

  it('asks in a dry run, and does nothing', async () => {
    const { api, sent } = answering([]);
    await go(gated(), api, { isDryRun: true });
    assert.deepEqual(sent[0]?.query, { fieldManager: 'test', dryRun: 'All' });
  });
});
