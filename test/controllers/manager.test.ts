import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Change, type Controller, createManager } from '../../src/controllers/manager.ts';
import type { Metric } from '../../src/telemetry/metric.ts';

const METRIC: Metric = { type: 'gauge', name: 'gridgate_slow', help: '', labelNames: [], read: () => [[{}, 1]] };

/** Two controllers, one of which takes its time to stop, and what becomes of them in order. */
function manage(mayRun = () => true) {
  const seen: string[] = [];
  let settle = () => {};
  const slow = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const controller = (name: string, on: readonly Change[], ends = Promise.resolve()): Controller => ({
    name,
    on,
    start: () => void seen.push(`${name} starts`),
    async stop() {
      await ends;
      seen.push(`${name} has stopped`);
    },
    changed: () => void seen.push(`${name} wakes`),
    ...(name === 'slow' && { lastEventAt: () => ({ nodes: 5 }), metrics: [METRIC] }),
  });
  const manager = createManager([controller('slow', ['nodes', 'rules'], slow), controller('fast', ['rules'])], mayRun);
  return { manager, seen, settle };
}

describe('the manager of controllers', () => {
  it('wakes those that a change concerns', () => {
    const { manager, seen } = manage();
    for (const change of ['nodes', 'rules', 'snapshot'] as const) manager.changed(change);
    assert.deepEqual(seen, ['slow wakes', 'slow wakes', 'fast wakes']);
  });

  it('begins again only when all have ended', async () => {
    const { manager, seen, settle } = manage();
    manager.begin();
    const ended = manager.end();
    manager.begin();
    await new Promise(setImmediate);
    assert.deepEqual(seen, ['slow starts', 'fast starts', 'fast has stopped']);
    settle();
    await ended;
    await new Promise(setImmediate);
    assert.deepEqual(seen.slice(3), ['slow has stopped', 'slow starts', 'fast starts']);
  });

  it('starts nothing for a leader that is none any more when its turn comes', async () => {
    const { manager, seen } = manage(() => false);
    manager.begin();
    await new Promise(setImmediate);
    assert.deepEqual(seen, []);
  });

  it('knows the last sign of life of what controllers watch themselves', () =>
    assert.deepEqual(manage().manager.lastEventAt(), { nodes: 5 }));

  it('has the metrics that controllers declare', () => assert.deepEqual(manage().manager.metrics, [METRIC]));
});
