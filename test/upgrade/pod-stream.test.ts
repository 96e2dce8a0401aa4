import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startPodStream } from './pod-stream.ts';

const STEERED = {
  metadata: { annotations: { 'gridgate.dev/decision': '{}' } },
  spec: { affinity: { nodeAffinity: {} } },
};
const UNSTEERED = { metadata: {}, spec: {} };

it('tells pods that were steered from those that passed, that were refused, and whose request was lost', async () => {
  const answers = [
    async () => ({ status: 201, body: STEERED, warnings: [] }),
    async () => ({ status: 201, body: UNSTEERED, warnings: [] }),
    async () => ({ status: 500, body: { message: 'no endpoints' }, warnings: [] }),
    () => Promise.reject(new Error('hung up')),
  ];
  let asked = 0;
  let allAsked = () => {};
  const enough = new Promise<void>((resolve) => {
    allAsked = resolve;
  });
  const request = () => {
    if (asked === answers.length - 1) allAsked();
    return answers[asked++]?.() ?? Promise.resolve({ status: 201, body: STEERED, warnings: [] });
  };
  const stream = startPodStream({ request }, 'shop', 100);
  await enough;
  const { asked: inAll, created, unsteered, failed } = await stream.stop();
  assert.equal(inAll, created + 2);
  assert.deepEqual(unsteered, ['p1']);
  assert.deepEqual(failed, ['p2: 500 no endpoints', 'p3: Error: hung up']);
});
