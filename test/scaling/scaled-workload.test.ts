import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findScopes } from '../../src/scaling/budget-scope.ts';
import { toRegionalMaxima } from '../../src/scaling/regional-maxima.ts';
import { toScaledWorkload } from '../../src/scaling/scaled-workload.ts';

const MANY = 2 ** 17;

function deployment(annotations: Readonly<Record<string, string>>, ofPods: Readonly<Record<string, string>> = {}) {
  return toScaledWorkload('Deployment', {
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { template: { metadata: { annotations: ofPods } } },
  });
}

describe('what is kept of a workload', () => {
  it('are the annotations that somebody reads, and no others', () => {
    const read = {
      'gridgate.dev/carbon-budget': '0.5',
      'gridgate.dev/min-replicas': '1',
      'gridgate.dev/paused': 'true',
      'gridgate.dev/budget-status': '{}',
    };
    const { annotations, podAnnotations } = deployment(
      { ...read, 'gridgate.dev/junk': 'x', 'gridgate.dev/decision': 'x', 'other.dev/note': 'x' },
      { 'gridgate.dev/class': 'flexible', 'gridgate.dev/junk-of-pods': 'x' },
    );
    assert.deepEqual([annotations, podAnnotations], [read, { 'gridgate.dev/class': 'flexible' }]);
  });

  it('takes little memory, whatever its author writes', () => {
    const text = 'x'.repeat(MANY);
    const keys = ['carbon-budget', 'min-replicas', 'paused', 'budget-status', 'bounds-before', 'class', 'junk'];
    const hostile = Object.fromEntries(keys.map((key) => [`gridgate.dev/${key}`, text]));
    assert.ok(JSON.stringify(deployment(hostile, hostile)).length < 1_000);
    const regional = toRegionalMaxima({ metadata: { name: 'web', annotations: hostile } });
    assert.ok(JSON.stringify(regional).length < 1_000);
  });

  it('tells a budget that is longer than anybody reads as a mistake, not as what it begins with', () => {
    const web = deployment({ 'gridgate.dev/carbon-budget': `0.5${' '.repeat(MANY)}` });
    const found = findScopes([], [web]);
    assert.ok(!found.next().done, 'one step for the only workload');
    const { done, value } = found.next();
    assert.ok(done);
    const { scopes, mistakes } = value;
    assert.deepEqual([scopes.size, mistakes.map(({ key }) => key)], [0, ['gridgate.dev/carbon-budget']]);
  });

  it('keeps of a RegionalAutoscaler what a budget remembers of all its targets', () => {
    const kept = 'x'.repeat(32_768);
    const { annotations } = toRegionalMaxima({
      metadata: { name: 'web', annotations: { 'gridgate.dev/budget-status': kept } },
    });
    assert.equal(annotations['gridgate.dev/budget-status'], kept);
  });
});
