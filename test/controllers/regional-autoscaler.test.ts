import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeRegion } from '../builders.ts';
import { type FakeRegional, fakeRegional, lead } from './fake-regional.ts';

const REGIONS = ['denmark', 'france', 'latvia'] as const;
const TARGETS = REGIONS.map((region) => ({ region, deployment: region, min: 1, max: 3 }));
/** Three loops of 30 s, and what a round takes. */
const HELD_S = 100;

describe('the controller of RegionalAutoscalers', () => {
  let fake: FakeRegional;
  const leaders: ReturnType<typeof lead>[] = [];

  beforeEach(() => {
    fake = fakeRegional();
    for (const region of REGIONS) fake.addDeployment(region, 1);
  });
  afterEach(async () => void (await Promise.all(leaders.splice(0).map(({ stop }) => stop()))));

  function start(options: Parameters<typeof lead>[1] = {}): ReturnType<typeof lead> {
    const one = lead(fake, options);
    leaders.push(one);
    return one;
  }
  const status = () => fake.of('web', 'web').status;
  const condition = (type: string) => {
    const found = status().conditions.find((one: { type: string }) => one.type === type);
    return `${found?.status} ${found?.reason}`;
  };
  const scales = () => fake.writes.filter((one) => one.startsWith('scale'));

  it('announces in the status, scales, and tells it in an Event and in metrics', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    const { pass, metric } = start();
    await pass(HELD_S);
    const at = fake.writes.indexOf('scale france 2');
    assert.deepEqual(fake.writes.slice(at - 1), ['status web', 'scale france 2', 'event ScaleUp', 'status web']);
    const { lastAction, lastDecision, replicas } = status();
    assert.deepEqual([lastAction.target, lastAction.from, lastAction.to, lastAction.generation], ['france', 1, 2, 1]);
    assert.deepEqual(
      [lastDecision.decision, lastDecision.reason, lastDecision.region, replicas],
      ['ScaleUp', 'AboveScaleUp', 'france', 4],
    );
    assert.match(fake.events[0]?.note ?? '', /^france in france from 1 to 2: CPU 90% is above 70%.*40 gCO2e\/kWh/);
    assert.deepEqual(metric('gridgate_regional_actions_total'), ['ScaleUp done 1']);
    assert.deepEqual(metric('gridgate_regional_replicas'), [
      'shop web denmark 1',
      'shop web france 2',
      'shop web latvia 1',
    ]);
  });

  it('writes nothing in steady state', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    const { pass } = start();
    await pass(60);
    assert.equal(condition('Accepted'), 'True Valid');
    assert.equal(condition('MetricsAvailable'), 'True Measured');
    const before = fake.writes.length;
    await pass(3_600);
    assert.deepEqual(fake.writes.slice(before), []);
  });

  it('asks what decide() would admit, just before it acts: a denied target is passed over, and nothing is written for it', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    fake.world.admits = (name) => name !== 'france';
    const { pass } = start();
    await pass(HELD_S);
    assert.deepEqual(scales(), ['scale denmark 2']);
    assert.equal(status().lastAction.target, 'denmark');
    fake.world.admits = () => false;
    await pass(600);
    assert.deepEqual(scales(), ['scale denmark 2']);
    assert.equal(status().lastDecision.reason, 'NoRoom');
    assert.match(status().lastDecision.message, /policy of the namespace would refuse pods of france, denmark, latvia/);
  });

  it('tries once more on a Deployment that only has another version, and leaves one that somebody has changed', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    let touched = 0;
    fake.world.before = (write) => {
      if (write === 'scale france 2' && touched++ === 0) fake.touch('france');
    };
    const { pass } = start();
    await pass(HELD_S);
    assert.deepEqual(scales(), ['scale france 2']);
    assert.equal(touched, 2);

    const before = status().lastAction;
    fake.world.before = (write) => {
      if (write === 'scale france 3') fake.scaleByHand('france', 1);
    };
    await pass(325);
    assert.deepEqual(scales(), ['scale france 2']);
    assert.deepEqual(fake.counts(), { denmark: 1, france: 1, latvia: 1 });
    assert.equal(fake.events.length, 1, 'told as if it had been done');
    assert.deepEqual(status().lastAction, before, 'what was not done is not what was done last');
    assert.notEqual(status().lastDecision.decision, 'ScaleUp');

    fake.world.before = () => {};
    await pass(100);
    assert.deepEqual(scales(), ['scale france 2', 'scale france 2'], 'no cooldown after what was not done');
    assert.equal(fake.events.length, 2);
  });

  it('tells each of several actions of one round', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.addDeployment('latvia', 9);
    fake.addDeployment('france', 0);
    const { pass } = start();
    await pass(30);
    assert.deepEqual(
      fake.events.map(({ note }) => note),
      ['latvia in latvia from 9 to 3: its maximum is 3', 'france in france from 0 to 1: its minimum is 1'],
    );
  });

  it('does what another leader had announced, once', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    fake.world.before = (write) => {
      if (write.startsWith('scale')) throw new Error('killed');
    };
    const first = start();
    await first.pass(HELD_S);
    await first.stop();
    assert.equal(status().lastAction.target, 'france');
    fake.world.before = () => {};
    fake.world.millicores = 10;
    const at = fake.writes.length;
    const second = start({ now: () => Date.parse(status().lastAction.at) + 5_000 });
    await second.pass(10);
    assert.deepEqual(
      fake.writes.slice(at).filter((one) => !one.startsWith('status')),
      ['scale france 2', 'event ScaleUp'],
    );
  });

  it('never acts twice on watches that lag behind', async () => {
    fake.addAutoscaler('web', { targets: TARGETS, cooldown: '0', holdCycles: 1, loop: '5s' });
    fake.world.millicores = 90;
    fake.addDeployment('france', 2);
    fake.world.shows = false;
    const { pass } = start();
    await pass(60);
    assert.deepEqual(scales(), [
      'scale france 3',
      'scale denmark 2',
      'scale denmark 3',
      'scale latvia 2',
      'scale latvia 3',
    ]);
  });

  it('goes on with limits and outages while metrics are gone, or their server hangs, and says so', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = undefined;
    const { pass } = start();
    await pass(60);
    assert.equal(condition('MetricsAvailable'), 'False NoMetrics');
    assert.equal(status().lastDecision.reason, 'MetricsMissing');
    assert.deepEqual(
      fake.events.map(({ reason, type }) => `${type} ${reason}`),
      ['Warning NoMetrics'],
    );
    fake.scaleByHand('latvia', 0);
    await pass(60);
    assert.deepEqual(scales(), ['scale latvia 1']);
    fake.workloads.usages = () => Promise.reject(new Error('nothing arrives for 10000 ms'));
    fake.regions([makeRegion('denmark', 120), makeRegion('france', 40, { outage: 'fire' }), makeRegion('latvia', 190)]);
    await pass(60);
    assert.deepEqual(scales(), ['scale latvia 1', 'scale denmark 2', 'scale france 0']);
    assert.match(JSON.stringify(status().conditions), /nothing arrives/);
  });

  it('empties no region that is down for what is refused, and fills the others all the same', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.before = (write) => {
      if (write.startsWith('scale france')) throw new ApiError('PATCH', { code: 403, message: 'not you' });
    };
    fake.regions([makeRegion('denmark', 120), makeRegion('france', 40, { outage: 'fire' }), makeRegion('latvia', 190)]);
    const { pass } = start();
    await pass(300);
    assert.deepEqual(scales(), ['scale denmark 2']);
    fake.scaleByHand('latvia', 0);
    await pass(30);
    assert.equal(fake.counts()['latvia'], 1);
    fake.world.before = () => {};
    await pass(60);
    assert.equal(fake.counts()['france'], 0);
  });

  it('says nothing of metrics that are away for a moment, and goes on counting', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    const { pass } = start();
    await pass(40);
    const before = fake.writes.length;
    fake.world.millicores = undefined;
    await pass(30);
    assert.deepEqual(fake.writes.slice(before), []);
    assert.equal(condition('MetricsAvailable'), 'True Measured');
    fake.world.millicores = 90;
    await pass(60);
    assert.deepEqual(scales(), ['scale france 2']);
    const events = fake.events.length;
    fake.world.millicores = undefined;
    await pass(120);
    assert.equal(condition('MetricsAvailable'), 'False NoMetrics');
    assert.equal(fake.events.length, events + 1);
  });

  it('asks for metrics once a loop, for those that may act by them', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.addAutoscaler(
      'paused',
      { targets: [{ region: 'france', deployment: 'p' }] },
      { 'gridgate.dev/paused': 'true' },
    );
    fake.addAutoscaler('younger', { targets: TARGETS });
    fake.addAutoscaler('invalid', { targets: 'all' });
    let asked = 0;
    const { usages } = fake.workloads;
    fake.workloads.usages = (signal) => {
      asked++;
      return usages(signal);
    };
    const { pass } = start();
    for (let i = 0; i < 100; i++) {
      fake.tellChange('deployments');
      await pass(3);
    }
    assert.ok(asked <= 12, `${asked} times in 300 s`);
  });

  it('asks policy about a denied target once a loop, however often it is woken', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    fake.world.admits = () => false;
    const { pass } = start();
    await pass(HELD_S);
    const before = fake.reads.length;
    for (let i = 0; i < 100; i++) {
      fake.tellChange('deployments');
      await pass(3);
    }
    assert.ok(fake.reads.length - before <= 3 * 11, `${fake.reads.length - before} reads in ten loops`);
  });

  it('one that was paused after a while is looked at no more often than others', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    const { pass } = start();
    await pass(100);
    fake.annotate('web', { 'gridgate.dev/paused': 'true' });
    await pass(30);
    let looks = 0;
    const { deployments } = fake.workloads;
    fake.workloads.deployments = () => {
      looks++;
      return deployments();
    };
    await pass(300);
    assert.ok(looks <= 11, `${looks} in 300 s`);
  });

  it('is woken by Deployments, and by no pod', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    let looks = 0;
    const { deployments } = fake.workloads;
    fake.workloads.deployments = () => {
      looks++;
      return deployments();
    };
    const { pass } = start();
    await pass(35);
    const before = looks;
    for (let i = 0; i < 20; i++) {
      fake.tellChange('pods');
      fake.tellChange('statefulSets');
      await pass(1);
    }
    assert.equal(looks, before);
    fake.tellChange('deployments');
    await pass(3);
    assert.equal(looks, before + 1);
  });

  it('has no series for what users write freely, and of no more than 500 autoscalers', async () => {
    fake.addAutoscaler('web', { targets: [...TARGETS, { region: 'anything', deployment: 'anything' }] });
    fake.addDeployment('anything', 2);
    for (let i = 0; i < 600; i++)
      fake.addAutoscaler(`late-${i}`, { targets: [{ region: 'france', deployment: `late-${i}` }] });
    for (let i = 0; i < 600; i++) fake.addDeployment(`late-${i}`, 1);
    const { pass, metric } = start();
    await pass(60);
    const series = metric('gridgate_regional_replicas');
    assert.deepEqual(series.slice(0, 4), [
      'shop web denmark 1',
      'shop web france 1',
      'shop web latvia 1',
      'shop web unknown 2',
    ]);
    assert.equal(series.length, 4 + 499);
    assert.equal(metric('gridgate_regional_cpu_percent').length, 500);
  });

  it('takes no HorizontalPodAutoscaler for that of a Deployment which scales another kind of that name', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.addHpa('france', 1, 5, {}, 'shop', 'example.com/v1');
    fake.world.millicores = 90;
    const { pass } = start();
    await pass(HELD_S);
    assert.deepEqual(scales(), ['scale france 2']);
  });

  it('says where no target requests CPU', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.requests = false;
    const { pass } = start();
    await pass(60);
    assert.equal(condition('MetricsAvailable'), 'False NoRequests');
  });

  it('keeps an outage over the change of leaders: what was filled is not filled again', async () => {
    for (const region of REGIONS) fake.addDeployment(region, 3);
    fake.addAutoscaler('web', { targets: TARGETS.map((one) => ({ ...one, max: 10 })) });
    fake.world.becomesReady = false;
    fake.regions([makeRegion('denmark', 120), makeRegion('france', 40), makeRegion('latvia', 190, { outage: 'fire' })]);
    const first = start();
    await first.pass(30);
    await first.stop();
    const second = start();
    await second.pass(60);
    assert.deepEqual(scales(), ['scale france 6']);
    assert.equal(status().lastDecision.reason, 'WaitingForReady');
    fake.world.becomesReady = true;
    fake.addDeployment('france', 6);
    await second.pass(60);
    assert.deepEqual(scales(), ['scale france 6', 'scale latvia 0']);
    fake.regions([makeRegion('denmark', 120), makeRegion('france', 40), makeRegion('latvia', 190)]);
    await second.pass(600);
    assert.equal(status().outage, undefined);
    assert.equal(
      Object.values(fake.counts()).reduce<number>((sum, count) => sum + Number(count), 0),
      9,
      'the minimum of latvia is healed, and one is taken elsewhere',
    );
  });

  it('refuses what cannot be done, with the reason, until it can be', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    fake.addHpa('france', 1, 5);
    const { pass } = start();
    await pass(200);
    assert.equal(condition('Accepted'), 'False OwnedByHpa');
    assert.deepEqual(scales(), []);
    assert.deepEqual(
      fake.events.map(({ reason, type }) => `${type} ${reason}`),
      ['Warning OwnedByHpa'],
    );
    fake.remove('hpa', 'france');
    await pass(200);
    assert.equal(condition('Accepted'), 'True Valid');
    assert.deepEqual(scales(), ['scale france 2']);
    fake.respec('web', { targets: [{ region: 'france', deployment: 'france', min: 3, max: 2 }] });
    await pass(60);
    assert.equal(condition('Accepted'), 'False Invalid');
    assert.match(JSON.stringify(status().conditions), /spec\.targets\[0\]: min 3 is above max 2/);
    fake.respec('web', { targets: 'all of them' });
    await pass(60);
    assert.equal(condition('Accepted'), 'False Invalid');
  });

  it('lets the older of two have a Deployment that both name', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.addAutoscaler('younger', { targets: [{ region: 'france', deployment: 'france', max: 0 }] });
    const { pass } = start();
    await pass(60);
    assert.deepEqual(scales(), []);
    const refused = fake.of('web', 'younger').status.conditions[0];
    assert.deepEqual(
      [refused.reason, refused.message],
      ['NamedTwice', 'Deployment france is a target of RegionalAutoscaler web, which is older'],
    );
    fake.remove('web', 'web');
    await pass(60);
    assert.deepEqual(scales(), ['scale france 0']);
  });

  it('goes on without a Deployment that is gone, and with a region that nobody knows as the dirtiest; says both', async () => {
    fake.addAutoscaler('web', { targets: [...TARGETS, { region: 'atlantis', deployment: 'atlantis', max: 3 }] });
    fake.addDeployment('atlantis', 2);
    fake.remove('deployment', 'denmark');
    fake.world.millicores = 10;
    const { pass } = start();
    await pass(HELD_S);
    assert.deepEqual(scales(), ['scale atlantis 1']);
    assert.equal(condition('Active'), 'True DeploymentMissing');
    fake.addDeployment('denmark', 1);
    await pass(60);
    assert.equal(condition('Active'), 'True RegionUnknown');
  });

  it('one that others write to all the time gets on, and holds up no other', async () => {
    fake.addDeployment('other', 1);
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.addAutoscaler('other', { targets: [{ region: 'france', deployment: 'other' }] });
    fake.scaleByHand('latvia', 9);
    let conflicts = 0;
    fake.world.before = (write) => {
      if (write === 'status web' && conflicts++ < 20) throw new ApiError('PATCH', { code: 409 });
    };
    const { pass } = start();
    await pass(15);
    fake.scaleByHand('other', 0);
    await pass(15);
    assert.equal(fake.of('deployment', 'other').spec.replicas, 1);
    await pass(60);
    assert.equal(fake.of('deployment', 'latvia').spec.replicas, 3);
  });

  it('announces on fresh state where somebody labels it meanwhile, and not where somebody pauses it', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    const annotations = (value: Record<string, string>) => fake.annotate('web', value);
    let writes = 0;
    fake.world.before = (write) => {
      if (write === 'status web' && ++writes === 2) annotations({ 'example.com/seen': 'yes' });
    };
    const { pass } = start();
    await pass(HELD_S);
    assert.deepEqual(scales(), ['scale france 2']);
    fake.world.before = (write) => {
      if (write === 'status web' && ++writes === 5) annotations({ 'gridgate.dev/paused': 'true' });
    };
    await pass(400);
    assert.deepEqual(scales(), ['scale france 2']);
  });

  it('leaves a paused one as it is', async () => {
    fake.addAutoscaler('web', { targets: TARGETS }, { 'gridgate.dev/paused': 'true' });
    fake.scaleByHand('latvia', 30);
    fake.world.millicores = 90;
    const { pass } = start();
    await pass(300);
    assert.deepEqual(scales(), []);
    assert.equal(condition('Active'), 'False Paused');
    assert.deepEqual([status().lastDecision.decision, status().lastDecision.reason], ['None', 'Paused']);
  });

  it('one that is refused by the API server keeps no other from its work, and is tried again', async () => {
    fake.addDeployment('other', 1);
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.addAutoscaler('other', { targets: [{ region: 'france', deployment: 'other' }] });
    fake.world.millicores = 90;
    fake.world.before = (write) => {
      if (write.startsWith('scale france')) throw new ApiError('PATCH', { code: 403, message: 'not you' });
    };
    const { pass } = start();
    await pass(HELD_S);
    assert.deepEqual(scales(), ['scale denmark 2', 'scale other 2'], 'the next in place of the one that is refused');
    assert.equal(condition('Active'), 'False Refused');
    assert.ok(!fake.events.some(({ note }) => note.startsWith('france in')), 'told as if it had been done');
    fake.scaleByHand('latvia', 0);
    await pass(10);
    assert.equal(fake.counts()['latvia'], 1, 'limits of others are kept');
    fake.world.before = () => {};
    await pass(420);
    assert.equal(fake.counts()['france'], 2);
    assert.equal(condition('Active'), 'True Scaling');
  });

  it('tells in audit what it would do, once for each action, and changes nothing but its status', async () => {
    fake.addAutoscaler('web', { targets: TARGETS });
    fake.world.millicores = 90;
    const { pass, metric } = start({ mode: 'audit' });
    await pass(300);
    assert.deepEqual(scales(), []);
    assert.deepEqual(
      fake.events.map(({ reason }) => reason),
      ['WouldScaleUp'],
    );
    assert.deepEqual(metric('gridgate_regional_actions_total'), ['ScaleUp would 1']);
    assert.equal(condition('Active'), 'False Audit');
    assert.equal(status().lastAction, undefined);
    fake.scaleByHand('latvia', 9);
    await pass(200);
    assert.deepEqual(
      fake.events.map(({ reason }) => reason),
      ['WouldScaleUp', 'WouldLowerCeiling'],
    );
  });

  it('invents CPU where it is to simulate, and marks it', async () => {
    fake.addAutoscaler('web', { targets: TARGETS, simulate: true });
    fake.world.millicores = undefined;
    const { pass } = start();
    await pass(3_600);
    assert.equal(condition('Simulated'), 'True SimulateIsTrue');
    assert.ok(scales().length > 0);
    assert.match(fake.events.find(({ reason }) => reason.startsWith('Scale'))?.note ?? '', /\(CPU is simulated\)$/);
    assert.ok(!fake.events.some(({ type }) => type === 'Warning'));
  });

  describe('in bounds mode', () => {
    const BEFORE = 'gridgate.dev/bounds-before';
    const spec = { mode: 'bounds', targets: TARGETS.map((one) => ({ ...one, max: 6 })) };
    const boundsOf = (name: string) => {
      const { minReplicas, maxReplicas } = fake.of('hpa', name).spec;
      return `${minReplicas}-${maxReplicas}`;
    };

    beforeEach(() => {
      for (const region of REGIONS) fake.addHpa(region, 2, 4);
      fake.addAutoscaler('web', spec);
    });

    it('moves the windows, in one write with what was there, and puts it back when it is gone', async () => {
      fake.world.millicores = 90;
      const { pass } = start();
      await pass(HELD_S);
      assert.deepEqual(
        fake.writes.filter((one) => !one.startsWith('status')),
        ['bounds france 3-5', 'event ScaleUp'],
      );
      assert.match(
        fake.of('hpa', 'france').metadata.annotations[BEFORE],
        /^\{"version":1,"min":2,"max":4,.*"wrote":\{"min":3,"max":5\}\}$/,
      );
      await pass(660);
      assert.deepEqual(REGIONS.map(boundsOf), ['2-4', '4-6', '2-4']);
      fake.remove('web', 'web');
      await pass(60);
      assert.deepEqual(REGIONS.map(boundsOf), ['2-4', '2-4', '2-4']);
      assert.ok(REGIONS.every((name) => fake.of('hpa', name).metadata.annotations?.[BEFORE] === undefined));
    });

    it('goes down in the dirtiest to a minimum of 1, and no further', async () => {
      fake.world.millicores = 10;
      const { pass } = start();
      await pass(3_600);
      assert.deepEqual(REGIONS.map(boundsOf), ['1-3', '1-3', '1-3']);
    });

    it('puts back at the kill switch, and leaves what somebody else wrote meanwhile', async () => {
      fake.world.millicores = 90;
      let mode: CapacityMode = 'on';
      const { pass, controller } = start({ mode: () => mode });
      await pass(HELD_S + 660);
      fake.boundsByHand('france', 1, 9);
      mode = 'off';
      controller.changed('rules');
      await pass(60);
      assert.deepEqual(REGIONS.map(boundsOf), ['2-4', '1-9', '2-4']);
      assert.equal(fake.of('hpa', 'france').metadata.annotations[BEFORE], undefined);
    });

    it('puts back the minimum where its owner has changed only the maximum since, and the other way round', async () => {
      fake.world.millicores = 90;
      const { pass } = start();
      await pass(HELD_S);
      fake.boundsByHand('france', 3, 6);
      await pass(400);
      assert.deepEqual(REGIONS.map(boundsOf), ['3-5', '3-6', '2-4']);
      fake.boundsByHand('denmark', 1, 5);
      fake.remove('web', 'web');
      await pass(60);
      assert.deepEqual(REGIONS.map(boundsOf), ['1-4', '2-6', '2-4']);
      assert.ok(REGIONS.every((name) => fake.of('hpa', name).metadata.annotations?.[BEFORE] === undefined));
    });

    it('lowers a window to a maximum that a budget has lowered, to 1 at least, and rests there', async () => {
      fake.respec('web', {
        ...spec,
        targets: [
          { ...TARGETS[0], max: 3 },
          { region: 'france', deployment: 'france', max: 0 },
        ],
      });
      const { pass } = start();
      await pass(60);
      assert.deepEqual(REGIONS.map(boundsOf), ['2-3', '1-1', '2-4']);
      const before = fake.writes.length;
      await pass(600);
      assert.deepEqual(
        fake.writes.slice(before).filter((one) => one.startsWith('bounds')),
        [],
      );
    });

    it('does nothing again that is done, where a switch put it back or the autoscaler is another by now', async () => {
      fake.world.millicores = 90;
      let mode: CapacityMode = 'on';
      const { pass, controller } = start({ mode: () => mode });
      await pass(HELD_S);
      assert.equal(boundsOf('france'), '3-5');
      fake.world.millicores = 50;
      mode = 'audit';
      controller.changed('rules');
      await pass(40);
      assert.equal(boundsOf('france'), '2-4');
      mode = 'on';
      controller.changed('rules');
      await pass(60);
      assert.equal(boundsOf('france'), '2-4');
    });

    it('leaves a paused HorizontalPodAutoscaler as it is, and says so', async () => {
      fake.annotateHpa('france', 'gridgate.dev/paused', 'true');
      fake.world.millicores = 90;
      const { pass } = start();
      await pass(HELD_S);
      assert.deepEqual(REGIONS.map(boundsOf), ['3-5', '2-4', '2-4']);
      assert.equal(condition('Active'), 'True TargetPaused');
      fake.annotateHpa('latvia', 'gridgate.dev/paused', 'true');
      fake.world.millicores = 10;
      await pass(3_600);
      assert.deepEqual(REGIONS.map(boundsOf), ['1-3', '2-4', '2-4']);
    });

    it('wants exactly one HorizontalPodAutoscaler for each target', async () => {
      fake.remove('hpa', 'latvia');
      const { pass } = start();
      await pass(60);
      assert.equal(condition('Accepted'), 'False NoHpa');
    });

    it('moves out of an outage by minimums: as many as ran there are filled elsewhere, then its window is closed', async () => {
      fake.regions([
        makeRegion('denmark', 120),
        makeRegion('france', 40, { outage: 'fire' }),
        makeRegion('latvia', 190),
      ]);
      for (const region of REGIONS) fake.addDeployment(region, 4);
      const { pass } = start();
      await pass(60);
      assert.deepEqual(REGIONS.map(boundsOf), ['6-6', '2-4', '6-6']);
      for (const region of ['denmark', 'latvia']) fake.addDeployment(region, 6);
      await pass(60);
      assert.deepEqual(REGIONS.map(boundsOf), ['6-6', '1-1', '6-6']);
    });
  });
});
