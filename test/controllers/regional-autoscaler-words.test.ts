import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BUDGET_STATUS, formatTargetStatuses } from '../../src/scaling/budget-status.ts';
import { makeNode, makeRegion, makeSnapshot } from '../builders.ts';
import { type FakeRegional, fakeRegional, lead } from './fake-regional.ts';

const REGIONS = ['denmark', 'france', 'latvia'] as const;
const TARGETS = REGIONS.map((region) => ({ region, deployment: region, min: 1, max: 3 }));
const HELD_S = 100;

describe('what a RegionalAutoscaler says of itself', () => {
  let fake: FakeRegional;
  const leaders: ReturnType<typeof lead>[] = [];

  beforeEach(() => {
    fake = fakeRegional();
    for (const region of REGIONS) fake.addDeployment(region, 1);
  });
  afterEach(async () => void (await Promise.all(leaders.splice(0).map(({ stop }) => stop()))));

  async function run(seconds: number, options: Parameters<typeof lead>[1] = {}) {
    const one = lead(fake, options);
    leaders.push(one);
    await one.pass(seconds);
  }
  const status = () => fake.of('web', 'web').status;
  const condition = (type: string) => {
    const found = status().conditions.find((one: { type: string }) => one.type === type);
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  };

  it('in audit: what it would do, and in the same words by an Event', async () => {
    fake.addAutoscaler('web', { targets: TARGETS, simulate: true });
    fake.addDeployment('latvia', 9);
    await run(30, { mode: 'audit' });
    const { decision, message } = status().lastDecision;
    assert.deepEqual(
      [decision, message],
      ['WouldLowerCeiling', 'would scale latvia in latvia from 9 to 3: its maximum is 3'],
    );
    assert.equal(fake.events[0]?.reason, decision);
    assert.match(condition('Simulated'), /is invented, and nothing is done: Events tell what would be/);
  });

  it('in bounds mode: which bounds of which HorizontalPodAutoscaler', async () => {
    for (const region of REGIONS) fake.addHpa(region, 1, 2);
    fake.addAutoscaler('web', { targets: TARGETS, mode: 'bounds' });
    fake.world.millicores = 90;
    await run(HELD_S);
    assert.match(status().lastDecision.message, /^minimum 1 to 2, maximum 2 to 3 of HPA france in france: CPU 90%/);
  });

  it('which Deployments are not there, and where', async () => {
    const targets = [{ region: 'france', deployment: 'nowhere' }];
    fake.addAutoscaler('web', { targets });
    await run(30);
    assert.equal(condition('Accepted'), 'True Valid: its spec fits together');
    assert.equal(condition('MetricsAvailable'), 'False NoTarget: none of its Deployments is there');
    assert.equal(condition('Active'), 'False DeploymentMissing: there is no Deployment nowhere in namespace shop');
    assert.equal(status().lastDecision.message, 'there is no Deployment nowhere');
    assert.deepEqual(
      fake.events.map(({ reason }) => reason),
      ['DeploymentMissing'],
    );
  });

  it('that some are there, and the CPU of those is known', async () => {
    fake.addAutoscaler('web', { targets: [...TARGETS, { region: 'france', deployment: 'nowhere' }] });
    await run(30);
    assert.equal(condition('MetricsAvailable'), 'True Measured: the CPU of every target that is there is known');
  });

  it('without CPU, that only limits and outages count', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = undefined;
    await run(HELD_S);
    assert.equal(condition('Active'), 'True LimitsOnly: no CPU is known: only limits and outages count');
  });

  it('that its minimum is more than its targets may have', async () => {
    fake.addAutoscaler('web', { targets: TARGETS, minReplicas: 20 });
    await run(30);
    const words = 'minReplicas 20 cannot be met: the maximums of its targets are 9 together';
    assert.equal(condition('Accepted'), `True MinimumOutOfReach: ${words}`);
    assert.ok(fake.events.some(({ note }) => note === words));
    assert.ok(fake.events.some(({ note }) => /all targets together have at least 20/.test(note)));
    assert.deepEqual(fake.counts(), { denmark: 3, france: 3, latvia: 3 });
  });

  it('on a HorizontalPodAutoscaler, when its bounds are put back', async () => {
    for (const region of REGIONS) fake.addHpa(region, 1, 2);
    fake.addAutoscaler('web', { targets: TARGETS, mode: 'bounds' });
    fake.world.millicores = 90;
    await run(HELD_S);
    fake.remove('web', 'web');
    await leaders[0]?.pass(60);
    const told = fake.events.filter(({ reason }) => reason === 'BoundsRestored');
    assert.deepEqual(
      told.map(({ note }) => note),
      ['its minimum and maximum are as its owner had them: no RegionalAutoscaler moves them any more'],
    );
  });

  it('how many replicas there are of what it does not scale', async () => {
    fake.addAutoscaler('web', { targets: TARGETS, mode: 'bounds' });
    await run(30);
    assert.equal(condition('Accepted').split(':')[0], 'False NoHpa');
    assert.equal(status().replicas, 3);
  });

  it('that the intensity of a region is not known', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.regions([makeRegion('denmark', 120), makeRegion('france', 40), makeRegion('latvia', undefined)]);
    await run(30);
    assert.match(condition('Active'), /^True IntensityUnknown: nobody knows the intensity of latvia/);
  });

  it('that pods of a target run in another region', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    const nodes = [makeNode('n', 'france')];
    fake.world.snapshot = makeSnapshot({ denmark: 120, france: 40, latvia: 190 }, { nodes });
    await run(30);
    const words =
      '1 of 1 pods of denmark run outside denmark; 1 of 1 pods of latvia run outside latvia: pin them to it';
    assert.equal(condition('Active'), `True PodsElsewhere: ${words}`);
    assert.ok(fake.events.some(({ note }) => note === words));
  });

  it('that a carbon budget holds a maximum', async () => {
    const since = new Date(0).toISOString();
    const held = formatTargetStatuses({ france: { state: 'held', before: 3, wrote: 1, since, strikes: 0 } });
    const targets = TARGETS.map((one) => ({ ...one, max: 1 }));
    fake.addAutoscaler('web', { targets }, { [BUDGET_STATUS]: held });
    fake.addDeployment('france', 3);
    fake.world.millicores = 90;
    await run(HELD_S);
    const notes = fake.events.map(({ note }) => note);
    assert.ok(
      notes.includes('france in france from 3 to 1: its maximum is 1, which a carbon budget holds'),
      `${notes}`,
    );
    await leaders[0]?.pass(400);
    assert.equal(
      status().lastDecision.message,
      'CPU above 70%, and no region that is up can have more; a carbon budget holds the maximum of france',
    );
  });
});
