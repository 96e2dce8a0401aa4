import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPodUsages } from '../../src/cluster/pod-metrics.ts';

describe('what pods use, of metrics.k8s.io', () => {
  it('is read in short turns: reviews are answered in between', async () => {
    const items = Array.from({ length: 30_000 }, (_, i) => ({
      metadata: { namespace: 'shop', name: `web-${i}` },
      timestamp: '2026-11-29T10:00:00Z',
      containers: [{ usage: { cpu: '50m', memory: '100Mi' } }],
    }));
    let isDone = false;
    let turns = 0;
    const count = () => {
      if (isDone) return;
      turns++;
      setImmediate(count);
    };
    const reading = readPodUsages({ get: async () => ({ items }) });
    setImmediate(count);
    const read = await reading;
    isDone = true;
    assert.ok('usages' in read && read.usages.size === items.length);
    assert.ok(turns > 2, `${turns} turns`);
  });
});
