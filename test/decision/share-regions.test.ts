import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from '../../src/decision/explain.ts';
import { decideNow, makePod, makePolicy, makeRegion, makeSnapshot } from '../builders.ts';

const FAR_APART = [makeRegion('eu-a', 50), makeRegion('eu-b', 100), makeRegion('eu-c', 200)];

/** `eu-a 100, eu-b 6`: what is preferred. */
function preferred(policy: Record<string, string>, regions = FAR_APART): string {
  const { steps } = decideNow(makePod(), policy, makeSnapshot(regions));
  return (steps?.steering?.preferred ?? []).map(({ region, weight }) => `${region} ${weight}`).join(', ');
}

function steeringOf(policy: Record<string, string>): string {
  const decision = decideNow(makePod(), policy, makeSnapshot(FAR_APART));
  return explain(makePod(), decision, makePolicy(policy)).find(({ step }) => step === 'steering')?.finding ?? '';
}

describe('replicas of a workload', () => {
  it('go to the best region by default, which is said where it is decided', () => {
    assert.equal(preferred({}), 'eu-a 100, eu-b 6, eu-c 1');
    assert.match(steeringOf({}), /nearly all replicas go to eu-a: gridgate\.dev\/spread on the namespace shares them/);
  });

  it('share as many of the best as spread says', () => {
    assert.equal(preferred({ spread: '2' }), 'eu-a 100, eu-b 100, eu-c 1');
    assert.equal(preferred({ spread: '5' }), 'eu-a 100, eu-b 100, eu-c 100');
    assert.doesNotMatch(steeringOf({ spread: '2' }), /nearly all/);
  });

  it('never share a region that is refused, or of which nothing is known', () => {
    const regions = [makeRegion('eu-a', 50), makeRegion('eu-b', 900), makeRegion('eu-c', undefined)];
    assert.doesNotMatch(preferred({ spread: '3' }, regions), /eu-b|eu-c 100/);
  });
});
