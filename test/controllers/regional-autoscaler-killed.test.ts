import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeRegion } from '../builders.ts';
import { fakeClock } from './fake-clock.ts';
import { type FakeRegional, fakeRegional, lead } from './fake-regional.ts';

const REGIONS = ['denmark', 'france', 'latvia'] as const;
const TARGETS = REGIONS.map((region) => ({ region, deployment: region, min: 1, max: 8 }));
const LATVIA_DOWN = [
  makeRegion('denmark', 120),
  makeRegion('france', 40),
  makeRegion('latvia', 190, { outage: 'fire' }),
];

const SCENARIOS: Readonly<Record<string, (fake: FakeRegional) => void>> = {
  'limits are healed': (fake) => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.scaleByHand('latvia', 12);
    fake.scaleByHand('france', 0);
  },
  'CPU is high': (fake) => {
    fake.addAutoscaler('web', { targets: TARGETS, cooldown: '1h' });
    fake.world.millicores = 90;
  },
  'a region goes down': (fake) => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.regions(LATVIA_DOWN);
  },
  'replicas are moved': (fake) => fake.addAutoscaler('web', { targets: TARGETS, rebalance: true, cooldown: '1h' }),
  'a region goes down in bounds mode': (fake) => {
    for (const region of REGIONS) fake.addHpa(region, 3, 4);
    fake.addAutoscaler('web', { targets: TARGETS, mode: 'bounds' });
    fake.regions(LATVIA_DOWN);
  },
  'CPU is high in bounds mode': (fake) => {
    for (const region of REGIONS) fake.addHpa(region, 2, 4);
    fake.addAutoscaler('web', { targets: TARGETS, mode: 'bounds', cooldown: '1h' });
    fake.world.millicores = 90;
  },
  'an autoscaler in bounds mode is gone': (fake) => {
    for (const region of REGIONS) fake.addHpa(region, 3, 5);
    const wrote = { min: 3, max: 5 };
    const before = JSON.stringify({ version: 1, min: 1, max: 3, owners: { min: [], max: [] }, wrote });
    for (const region of REGIONS) fake.annotateHpa(region, 'gridgate.dev/bounds-before', before);
  },
};

/** What was written to targets, and what Events were told; and how it ended. */
interface Story {
  readonly writes: readonly string[];
  readonly events: readonly string[];
  readonly end: string;
}

async function tell(
  begin: (fake: FakeRegional) => void,
  killAt?: { readonly when: 'before' | 'after'; readonly write: number },
): Promise<Story> {
  const fake = fakeRegional();
  for (const region of REGIONS) fake.addDeployment(region, 3);
  begin(fake);
  const clock = fakeClock();
  let count = 0;
  let isDead = false;
  function kill(when: 'before' | 'after'): void {
    if (isDead || killAt?.when !== when || count++ !== killAt.write) return;
    isDead = true;
  }
  const deathOf = (when: 'before' | 'after') => () => {
    kill(when);
    if (isDead) throw new Error('killed');
  };
  fake.world.before = deathOf('before');
  fake.world.after = deathOf('after');
  const first = lead(fake, { clock });
  await first.pass(150);
  await first.stop();
  fake.world.before = () => {};
  fake.world.after = () => {};
  const second = lead(fake, { clock });
  await second.pass(400);
  await second.stop();
  const ends = REGIONS.map((name) =>
    (fake.has('hpa', name) ? JSON.stringify(fake.of('hpa', name)) : '').replaceAll(/"resourceVersion":"\d+"/g, ''),
  );
  return {
    writes: fake.writes.filter((one) => /^(scale|bounds|release)/.test(one)).sort(),
    events: fake.events
      .filter(({ reason }) => reason !== 'BoundsRestored') // nothing is left by which the next could tell it
      .map(({ note }) => note)
      .sort(),
    end: JSON.stringify([fake.counts(), ends]),
  };
}

describe('a leader of RegionalAutoscalers that is killed', () => {
  for (const [name, begin] of Object.entries(SCENARIOS))
    it(`before or after any of its writes, while ${name}: all is done by the next, and nothing twice`, async () => {
      const whole = await tell(begin);
      assert.ok(whole.writes.length > 0);
      for (const when of ['before', 'after'] as const)
        for (let write = 0; write < 12; write++)
          assert.deepEqual(await tell(begin, { when, write }), whole, `killed ${when} write ${write}`);
    });
});
