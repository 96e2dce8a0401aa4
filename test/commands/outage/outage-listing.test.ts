import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LiveRegion } from '../../../src/cluster/regions.ts';
import { forcedUpNotes, listOutages } from '../../../src/commands/outage/outage-listing.ts';

const NOW = Date.parse('2026-11-22T09:00:00Z');
const BY_AWS = { active: true, sources: ['aws-health'], reason: 'power', since: NOW - 60_000 };

function region(outage?: LiveRegion['spec']['outage'], observed?: LiveRegion['observed']['outage']): LiveRegion {
  return {
    metadata: { name: 'eu-west-1', uid: '', resourceVersion: '1', generation: 1 },
    spec: { ...(outage && { outage }) },
    observed: { ...(observed && { outage: observed }) },
  };
}

/** What is listed of a region with this hand's word and this word of automatic sources. */
const ROWS = {
  'nobody says anything': [region(), 'up', [], null],
  'a hand calls it down': [region({ active: true, reason: 'drill' }), 'down', ['manual'], 'drill'],
  'a source calls it down': [region(undefined, BY_AWS), 'down', ['aws-health'], 'power'],
  'both do': [region({ active: true, reason: 'drill' }, BY_AWS), 'down', ['manual', 'aws-health'], 'drill'],
  'a hand did, and its end is past': [
    region({ active: true, reason: 'old', until: '2026-11-22T08:00:00Z' }),
    'up',
    [],
    null,
  ],
  'a hand forces it up': [region({ active: false, reason: 'wrong alarm' }), 'forced up', [], null],
  'a hand forces it up against a source': [region({ active: false }, BY_AWS), 'forced up', ['aws-health'], 'power'],
  'a source did': [region(undefined, { ...BY_AWS, active: false }), 'up', [], null],
} as const;

describe('gridgate outage list', () => {
  for (const [name, [one, state, sources, reason]] of Object.entries(ROWS))
    it(`says ${state}: ${name}`, () => {
      const [listed] = listOutages([one], NOW).regions;
      assert.deepEqual([listed?.state, listed?.sources, listed?.reason], [state, sources, reason]);
    });

  it('says since when a hand calls it down, as the leader wrote it, and no end of what sources say', () => {
    const since = '2026-11-22T07:00:00.000Z';
    const written = { active: true, sources: ['manual'], since: Date.parse(since) };
    const [byHand] = listOutages([region({ active: true, reason: 'drill' }, written)], NOW).regions;
    assert.equal(byHand?.since, since);
    const past = { active: true, until: '2026-11-22T08:00:00Z' };
    const [bySource] = listOutages([region(past, BY_AWS)], NOW).regions;
    assert.deepEqual([bySource?.sources, bySource?.until], [['aws-health'], null]);
  });

  it('puts what is down first, and reminds of what is forced up', () => {
    const named = (name: string, of: LiveRegion) => ({ ...of, metadata: { ...of.metadata, name } });
    const listing = listOutages(
      [named('a', region()), named('b', region({ active: false }, BY_AWS)), named('c', region(undefined, BY_AWS))],
      NOW,
    );
    assert.deepEqual(
      listing.regions.map((one) => one.region),
      ['c', 'b', 'a'],
    );
    assert.deepEqual(forcedUpNotes(listing), [
      'b: spec.outage.active is false, which overrides every automatic source (aws-health would call it down); `gridgate outage clear b` lets them count again',
    ]);
  });
});
