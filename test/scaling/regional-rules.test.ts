import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULTS, regionalWorld, settingsOf } from './regional-world.ts';

const WIDE = ['denmark', 'france', 'latvia'].map((region) => ({ region, deployment: region, min: 1, max: 20 }));

const total = (world: ReturnType<typeof regionalWorld>) => Object.values(world.counts()).reduce((a, b) => a + b, 0);

describe('when a RegionalAutoscaler acts', () => {
  it('only after holdCycles loops in a row', () => {
    const world = regionalWorld();
    world.cpu = 90;
    assert.deepEqual(world.run(2), []);
    world.cpu = 50;
    assert.deepEqual(world.run(1), []);
    world.cpu = 90;
    assert.deepEqual(world.run(2), []);
    assert.deepEqual(world.run(1), ['ScaleUp france 1->2 AboveScaleUp']);
  });

  it('counts loops and not looks: those that a change of the cluster wakes in between count nothing', () => {
    const world = regionalWorld();
    world.cpu = 90;
    for (let i = 0; i < 20; i++) assert.equal(world.look(), 'None Holding');
  });

  it('counts nothing at a first look, in whatever moment of a loop that is', () => {
    const world = regionalWorld({ holdCycles: 2 });
    world.counters = undefined;
    world.monotonicNow = 29_990;
    world.cpu = 90;
    world.look();
    world.pass(20);
    assert.equal(world.look(), 'None Holding');
    world.pass(30_000);
    assert.equal(world.look(), 'ScaleUp france 1->2 AboveScaleUp');
  });

  it('not within the cooldown after an action', () => {
    const world = regionalWorld();
    world.cpu = 90;
    assert.equal(world.run(9).length, 1);
    assert.equal(world.look(), 'None CoolingDown');
    assert.deepEqual(world.run(4), ['ScaleUp france 2->3 AboveScaleUp']);
  });

  it('by stepLimit replicas at most, and never beyond a maximum, of a target or of all', () => {
    const world = regionalWorld({ targets: WIDE, stepLimit: 5, maxReplicas: 10, cooldown: '0' });
    world.cpu = 90;
    assert.deepEqual(world.run(9), ['ScaleUp france 1->6 AboveScaleUp', 'ScaleUp france 6->8 AboveScaleUp']);
    assert.equal(world.look(), 'None NoRoom');
  });

  it('never below minReplicas of all', () => {
    const world = regionalWorld({ minReplicas: 5, cooldown: '0' }, { denmark: 2, france: 2, latvia: 2 });
    world.cpu = 10;
    assert.deepEqual(world.run(9), ['ScaleDown latvia 2->1 BelowScaleDown']);
    assert.equal(world.look(), 'None AtMinimum');
  });

  it('by the average of all targets, or by the busiest', () => {
    const busy = (aggregate: string) => {
      const world = regionalWorld({ cpu: { aggregate }, holdCycles: 1 }, { denmark: 1, france: 9, latvia: 1 });
      world.cpuOf = { denmark: 100, france: 10, latvia: 10 };
      return world.plan().cpuPercent;
    };
    assert.equal(Math.round(busy('average') ?? 0), 18);
    assert.equal(busy('maximum'), 100);
  });

  it('passes over a target that is stuck, one whose pods would be denied, and one of unknown intensity until last', () => {
    const world = regionalWorld({ cooldown: '0', holdCycles: 1 });
    world.cpu = 90;
    world.of('france').isStuck = true;
    assert.deepEqual(world.run(1), ['ScaleUp denmark 1->2 AboveScaleUp']);
    world.denied.add('denmark');
    assert.deepEqual(world.run(1), ['ScaleUp latvia 1->2 AboveScaleUp']);
    world.denied.clear();
    world.grids['denmark'] = undefined;
    assert.deepEqual(world.run(1), ['ScaleUp latvia 2->3 AboveScaleUp']);
  });

  it('does nothing by CPU without metrics, and says so; limits are kept all the same', () => {
    const world = regionalWorld({ targets: WIDE }, { france: 30, latvia: 0 });
    world.cpu = undefined;
    assert.deepEqual(world.run(5), ['LowerCeiling france 30->20 AboveMaximum', 'HealFloor latvia 0->1 BelowMinimum']);
    assert.equal(world.look(), 'None MetricsMissing');
  });

  it('takes what a person has scaled by hand for what there is', () => {
    const world = regionalWorld({ cooldown: '0', holdCycles: 1 });
    world.cpu = 90;
    world.run(1);
    world.scaleByHand('france', 6);
    assert.deepEqual(world.run(1), ['ScaleUp france 6->7 AboveScaleUp']);
  });
});

describe('limits', () => {
  it('are kept at once, all of them in one loop, cooldown or not', () => {
    const world = regionalWorld({ targets: WIDE, minReplicas: 12 }, { denmark: 0, france: 0, latvia: 25 });
    assert.deepEqual(world.run(1), [
      'LowerCeiling latvia 25->20 AboveMaximum',
      'HealFloor denmark 0->1 BelowMinimum',
      'HealFloor france 0->1 BelowMinimum',
    ]);
  });

  it('of all targets: filled in the cleanest, taken from the dirtiest', () => {
    const world = regionalWorld({ targets: WIDE, minReplicas: 12 });
    assert.deepEqual(world.run(1), ['HealFloor france 1->10 BelowTotalMinimum']);
    world.respec({ minReplicas: 0, maxReplicas: 6 });
    assert.deepEqual(world.run(1), ['LowerCeiling france 10->4 AboveTotalMaximum']);
  });

  it('of all in bounds mode: minimums count below, maximums above, and neither is kept at the price of the other', () => {
    const world = regionalWorld(
      { mode: 'bounds', targets: WIDE, minReplicas: 6, maxReplicas: 9 },
      {},
      { min: 2, max: 4 },
    );
    assert.deepEqual(world.run(2), []);
    world.respec({ minReplicas: 5 });
    assert.deepEqual(world.run(2), ['LowerCeiling latvia 2->1 AboveTotalMaximum']);
    world.respec({ minReplicas: 9, maxReplicas: 13 });
    assert.deepEqual(world.run(2), ['HealFloor france 2->4 BelowTotalMinimum']);
  });

  it('in bounds mode a window that is only too high at its upper end keeps its minimum, and the message says so', () => {
    const world = regionalWorld(
      { mode: 'bounds', targets: WIDE.map((one) => ({ ...one, max: 3 })) },
      {},
      { min: 2, max: 4 },
    );
    world.pass(30_000);
    const { message } = world.plan().verdict;
    assert.equal(message, 'minimum 2, maximum 4 to 3 of HPA denmark in denmark: its maximum is 3');
    assert.equal(world.run(1).length, 3);
    assert.deepEqual(world.boundsOf('denmark'), { min: 2, max: 3 });
  });

  it('a budget that lowers a maximum counts at once, and is given back by CPU', () => {
    const world = regionalWorld({}, { latvia: 6 });
    world.respec({ targets: [{ region: 'latvia', deployment: 'latvia', max: 0 }] });
    assert.deepEqual(world.run(1), ['LowerCeiling latvia 6->0 AboveMaximum']);
  });
});

describe('a region in outage', () => {
  const FIVE = { denmark: 5, france: 5, latvia: 5 };

  it('is filled up elsewhere, cleanest first, up to maximums, and then emptied', () => {
    const world = regionalWorld({}, FIVE);
    world.down.add('latvia');
    assert.deepEqual(world.run(1), ['Fill france 5->10 RegionDown', 'Empty latvia 5->0 RegionDown']);
    assert.deepEqual(world.run(20), [], 'its floor does not apply');
    world.down.clear();
    assert.deepEqual(world.run(1), ['HealFloor latvia 0->1 BelowMinimum']);
  });

  it('is emptied only when as many are Ready elsewhere as were filled', () => {
    const world = regionalWorld({}, FIVE);
    world.becomesReady = false;
    world.down.add('france');
    assert.deepEqual(world.run(1), ['Fill denmark 5->10 RegionDown']);
    assert.deepEqual(world.run(3), []);
    assert.equal(world.look(), 'None WaitingForReady');
    world.of('denmark').ready = 9;
    assert.deepEqual(world.run(1), []);
    world.of('denmark').ready = 10;
    assert.deepEqual(world.run(1), ['Empty france 5->0 RegionDown']);
  });

  it('what does not become Ready is filled elsewhere, and then not waited for', () => {
    const world = regionalWorld({}, FIVE);
    world.becomesReady = false;
    world.down.add('france');
    world.run(1);
    world.of('denmark').ready = 7;
    world.of('denmark').isStuck = true;
    assert.deepEqual(world.run(1), ['Fill latvia 5->8 RegionDown']);
    world.of('latvia').ready = 8;
    assert.deepEqual(world.run(1), ['Empty france 5->0 RegionDown']);
  });

  it('keeps what nobody else can take, until there is room', () => {
    const world = regionalWorld({ targets: WIDE.map((one) => ({ ...one, max: 6 })) }, FIVE);
    world.down.add('latvia');
    assert.deepEqual(world.run(1), [
      'Fill france 5->6 RegionDown',
      'Fill denmark 5->6 RegionDown',
      'Empty latvia 5->3 RegionDown',
    ]);
    assert.equal(world.look(), 'None NoRoomElsewhere');
    assert.match(world.plan().verdict.message, /^latvia is down, and keeps 3 that no region that is up can take$/);
    assert.deepEqual(world.run(20), []);
    world.respec({ targets: WIDE.map((one) => ({ ...one, max: 8 })) });
    assert.deepEqual(world.run(1), [
      'Fill france 6->8 RegionDown',
      'Fill denmark 6->7 RegionDown',
      'Empty latvia 3->0 RegionDown',
    ]);
  });

  it('keeps all of it where policy refuses pods everywhere else', () => {
    const world = regionalWorld({}, { denmark: 1, france: 1, latvia: 8 });
    world.down.add('latvia');
    world.denied = new Set(['denmark', 'france']);
    assert.deepEqual(world.run(9), []);
    assert.equal(total(world), 10);
    world.denied.clear();
    assert.deepEqual(world.run(1), ['Fill france 1->9 RegionDown', 'Empty latvia 8->0 RegionDown']);
  });

  it('that comes and goes adds nothing each time, and what was added is taken back a cooldown after its end', () => {
    const world = regionalWorld({ targets: WIDE }, FIVE);
    world.becomesReady = false;
    for (let flap = 0; flap < 5; flap++) {
      world.down.add('latvia');
      world.run(1);
      world.down.clear();
      world.run(1);
    }
    assert.deepEqual(world.counts(), { denmark: 5, france: 10, latvia: 5 });
    world.becomesReady = true;
    assert.deepEqual(world.run(20), ['MoveBack latvia 5->1 OutageOver', 'MoveBack denmark 5->4 OutageOver']);
    assert.equal(total(world), 15);
    assert.equal(world.state.outage, undefined);
  });

  it('that comes back again and again, each time whole, leaves as many as there were', () => {
    const world = regionalWorld({ targets: WIDE }, FIVE);
    for (const loops of [2, 30, 2, 30, 2, 2]) {
      world.down.add('latvia');
      world.run(loops);
      world.down.clear();
      world.run(loops);
    }
    world.run(30);
    assert.equal(total(world), 15);
  });

  it('takes nothing back that CPU needs by then, nor that a person has taken away', () => {
    const flapped = () => {
      const world = regionalWorld({ targets: WIDE }, FIVE);
      world.becomesReady = false;
      world.down.add('latvia');
      world.run(1);
      world.down.clear();
      world.becomesReady = true;
      return world;
    };
    const busy = flapped();
    busy.cpu = 90;
    assert.ok(!busy.run(20).some((one) => one.startsWith('MoveBack')));
    const lowered = flapped();
    lowered.scaleByHand('france', 6);
    assert.deepEqual(lowered.run(20), ['MoveBack latvia 5->4 OutageOver']);
  });

  it('lets more be added by CPU while what was filled is waited for, and less not', () => {
    const world = regionalWorld({ targets: WIDE, cooldown: '1m' }, FIVE);
    world.becomesReady = false;
    world.down.add('latvia');
    world.run(1);
    world.cpu = 99;
    assert.deepEqual(world.run(3), ['ScaleUp france 10->11 AboveScaleUp']);
    world.cpu = 5;
    assert.deepEqual(world.run(9), []);
    world.cpu = 50;
    world.of('france').ready = 11;
    assert.deepEqual(world.run(1), ['Empty latvia 5->0 RegionDown']);
    assert.equal(total(world), 16);
  });

  it('in bounds mode: minimums elsewhere rise by what ran there, and its window is closed when as many are Ready', () => {
    const targets = WIDE.map((one) => ({ ...one, max: 12 }));
    const ran = { denmark: 4, france: 8, latvia: 4 };
    const world = regionalWorld({ mode: 'bounds', targets }, ran, { min: 2, max: 10 });
    world.becomesReady = false;
    world.down.add('france');
    assert.deepEqual(world.run(1), ['Fill denmark 2->12 RegionDown']);
    assert.deepEqual(world.boundsOf('denmark'), { min: 12, max: 12 });
    assert.equal(world.look(), 'None WaitingForReady');
    world.of('denmark').ready = 12;
    world.becomesReady = true;
    assert.deepEqual(world.run(1), ['Empty france 2->1 RegionDown']);
    assert.deepEqual(world.boundsOf('france'), { min: 1, max: 1 });
    assert.deepEqual(world.run(20), []);
    world.down.clear();
    assert.deepEqual(world.run(1), ['HealFloor france 1->1 NarrowWindow']);
    assert.deepEqual(world.boundsOf('france'), { min: 1, max: 9 });
    assert.deepEqual(world.run(20), ['MoveBack latvia 2->1 OutageOver', 'MoveBack denmark 12->4 OutageOver']);
    assert.deepEqual(world.boundsOf('denmark'), { min: 4, max: 12 });
    assert.equal(world.boundsOf('denmark').min + world.boundsOf('france').min + world.boundsOf('latvia').min, 6);
  });

  it('during a move counts what was added as filled for it, and the move is over', () => {
    const world = regionalWorld({ rebalance: true }, { denmark: 3, france: 1, latvia: 3 });
    world.becomesReady = false;
    assert.deepEqual(world.run(1), ['MoveUp france 1->2 CleanerRegion']);
    world.down.add('latvia');
    assert.deepEqual(world.run(1), ['Fill france 2->4 RegionDown']);
    assert.equal(world.state.moving, undefined);
    world.of('france').ready = 4;
    assert.deepEqual(world.run(1), ['Empty latvia 3->0 RegionDown']);
    assert.equal(total(world), 7);
  });

  it('stays as it is where every region is down, or nothing is Ready anywhere else', () => {
    const world = regionalWorld({}, FIVE);
    world.down = new Set(['denmark', 'france', 'latvia']);
    assert.deepEqual(world.run(2), []);
    assert.equal(world.look(), 'None AllRegionsDown');
    world.down = new Set(['latvia', 'france']);
    world.becomesReady = false;
    world.of('denmark').ready = 0;
    assert.deepEqual(world.run(1), ['Fill denmark 5->10 RegionDown']);
    world.of('denmark').isStuck = true;
    assert.deepEqual(world.run(2), []);
    assert.equal(world.look(), 'None NothingReadyElsewhere');
  });

  it('a second one that goes down while the first is moved fills what both had', () => {
    const world = regionalWorld({ targets: WIDE }, FIVE);
    world.becomesReady = false;
    world.down.add('latvia');
    assert.deepEqual(world.run(1), ['Fill france 5->10 RegionDown']);
    world.down.add('france');
    assert.deepEqual(world.run(1), ['Fill denmark 5->15 RegionDown']);
    world.of('denmark').ready = 15;
    assert.deepEqual(world.run(1), ['Empty france 10->0 RegionDown', 'Empty latvia 5->0 RegionDown']);
  });

  it('that is over before it was emptied leaves everything as it is for a cooldown', () => {
    const world = regionalWorld({}, FIVE);
    world.becomesReady = false;
    world.down.add('latvia');
    world.run(1);
    world.down.clear();
    assert.deepEqual(world.run(3), []);
    assert.equal(total(world), 20);
    world.becomesReady = true;
    world.run(20);
    assert.equal(total(world), 15);
    assert.equal(world.state.outage, undefined);
  });
});

describe('rebalance', () => {
  const SPREAD = { denmark: 3, france: 1, latvia: 3 };

  it('moves one replica a cooldown from the dirtiest to the cleanest: first up, then down', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    assert.deepEqual(world.run(1), ['MoveUp france 1->2 CleanerRegion', 'MoveDown latvia 3->2 CleanerRegion']);
    assert.deepEqual(world.run(8), []);
    assert.deepEqual(world.run(2), ['MoveUp france 2->3 CleanerRegion', 'MoveDown latvia 2->1 CleanerRegion']);
    assert.equal(
      Object.values(world.counts()).reduce((a, b) => a + b),
      7,
    );
  });

  it('takes none from the dirtiest before what was added is Ready', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    world.becomesReady = false;
    assert.deepEqual(world.run(5), ['MoveUp france 1->2 CleanerRegion']);
    assert.equal(world.look(), 'None WaitingForReady');
    world.of('france').ready = 2;
    assert.deepEqual(world.run(1), ['MoveDown latvia 3->2 CleanerRegion']);
  });

  it('takes back what does not become Ready', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    world.becomesReady = false;
    world.run(1);
    world.of('france').isStuck = true;
    assert.deepEqual(world.run(1), ['MoveBack france 2->1 NotReady']);
    assert.deepEqual(world.counts(), SPREAD);
  });

  it('ends where what does not become Ready cannot be taken back, and limits of all count again', () => {
    const targets = WIDE.map((one) => ({ ...one, min: one.region === 'france' ? 1 : 0 }));
    const world = regionalWorld({ rebalance: true, targets }, SPREAD);
    world.becomesReady = false;
    world.run(1);
    world.respec({ targets: targets.map((one) => ({ ...one, min: one.region === 'france' ? 2 : 0 })), maxReplicas: 7 });
    world.of('france').isStuck = true;
    assert.deepEqual(world.run(1), ['LowerCeiling latvia 3->2 AboveTotalMaximum']);
    assert.equal(world.state.moving, undefined);
  });

  it('takes back what was added where the dirtier has no more to give by then', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    world.becomesReady = false;
    world.run(1);
    world.scaleByHand('latvia', 1);
    world.of('france').ready = 2;
    assert.deepEqual(world.run(1), ['MoveBack france 2->1 NothingToTake']);
  });

  it('lets CPU add more while what was added is waited for', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    world.becomesReady = false;
    world.run(1);
    world.cpu = 99;
    assert.deepEqual(world.run(20), ['ScaleUp france 2->3 AboveScaleUp', 'ScaleUp france 3->4 AboveScaleUp']);
  });

  it('moves nothing where the hours to come do not pay for it, or CPU asks for something else', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    world.hoursOf = (region) => (region === 'france' ? [40, ...Array(23).fill(260)] : [190, ...Array(23).fill(190)]);
    assert.deepEqual(world.run(3), []);
    world.hoursOf = (region) => [world.grids[region] ?? 0];
    assert.deepEqual(world.run(3), [], 'one hour alone is known');
    world.hoursOf = (region) => Array<number>(24).fill(world.grids[region] ?? 0);
    world.cpu = 90;
    assert.deepEqual(world.run(2), []);
  });

  it('moves nothing between regions that are within 5% of each other', () => {
    const world = regionalWorld({ rebalance: true }, SPREAD);
    world.grids = { denmark: 100, france: 100, latvia: 104 };
    assert.deepEqual(world.run(3), []);
  });

  it('is off unless asked for', () => {
    assert.deepEqual(regionalWorld({}, SPREAD).run(30), []);
  });

  it('keeps within maxReplicas of all but for the moment of the move', () => {
    const world = regionalWorld({ rebalance: true, maxReplicas: 7 }, SPREAD);
    assert.deepEqual(world.run(1), ['MoveUp france 1->2 CleanerRegion', 'MoveDown latvia 3->2 CleanerRegion']);
  });
});

describe('what was announced', () => {
  it('and not done is done by whoever comes next, once, whatever CPU says by then', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.pass(30_000);
    assert.equal(world.announce().verdict.decision, 'ScaleUp');
    world.counters = undefined; // another leader
    world.cpu = 10;
    assert.equal(world.look(), 'ScaleUp france 1->2 AboveScaleUp');
    assert.deepEqual(world.run(1), []);
  });

  it('and done is not done again', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.pass(30_000);
    world.look();
    world.counters = undefined;
    assert.equal(world.look(), 'None Holding');
    assert.deepEqual(world.run(1), []);
    assert.equal(world.look(), 'None CoolingDown');
    assert.deepEqual(world.counts(), { denmark: 1, france: 2, latvia: 1 });
  });

  it('is theirs where a person has changed the Deployment since, even back to what it was', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.pass(30_000);
    world.announce();
    world.scaleByHand('france', 1);
    assert.equal(world.look(), 'None CoolingDown');
  });

  it('and would be refused by policy by now is not done', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.pass(30_000);
    world.announce();
    world.denied.add('france');
    assert.equal(world.look(), 'None CoolingDown');
  });

  it('of a move and cannot be done takes nothing in the dirtier region', () => {
    const world = regionalWorld({ rebalance: true }, { denmark: 3, france: 1, latvia: 3 });
    world.pass(30_000);
    assert.equal(world.announce().verdict.decision, 'MoveUp');
    world.denied.add('france');
    assert.deepEqual(world.run(3), []);
    assert.ok(world.state.moving);
    world.denied.clear();
    assert.deepEqual(world.run(1), ['MoveUp france 1->2 CleanerRegion', 'MoveDown latvia 3->2 CleanerRegion']);
  });

  it('of a move is forgotten after 10 minutes', () => {
    const world = regionalWorld({ rebalance: true }, { denmark: 3, france: 1, latvia: 3 });
    world.pass(30_000);
    world.announce();
    world.denied.add('france');
    world.grids['denmark'] = 190;
    assert.deepEqual(world.run(30), []);
    assert.equal(world.state.moving, undefined);
  });

  for (const [what, change] of [
    ['its region went down meanwhile', (world) => void world.down.add('france')],
    [
      'a budget lowered its maximum meanwhile',
      (world) => world.respec({ targets: WIDE.map((one) => ({ ...one, max: 1 })) }),
    ],
    ['all together may have no more by now', (world) => world.respec({ maxReplicas: 3 })],
  ] satisfies [string, (world: ReturnType<typeof regionalWorld>) => void][])
    it(`is not done where ${what}`, () => {
      const world = regionalWorld({ holdCycles: 1 });
      world.cpu = 90;
      world.pass(30_000);
      world.announce();
      change(world);
      world.run(2);
      assert.ok(world.of('france').replicas <= 1);
    });

  it('holds up no floor of another where it cannot be done', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.pass(30_000);
    world.announce();
    world.denied.add('france');
    world.scaleByHand('latvia', 0);
    assert.deepEqual(world.run(1), ['HealFloor latvia 0->1 BelowMinimum']);
  });

  it('is decided anew after 10 minutes', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.pass(30_000);
    world.announce();
    world.counters = undefined;
    world.pass(11 * 60_000);
    world.cpu = 50;
    assert.equal(world.look(), 'None Steady');
  });
});

describe('a clock that jumps', () => {
  for (const [hours, what] of [
    [-5, 'back'],
    [5, 'forward'],
  ] as const)
    it(`${what}: the cooldown is as long as ever for who runs on`, () => {
      const world = regionalWorld({ holdCycles: 1 });
      world.cpu = 90;
      world.run(1);
      world.now += hours * 3_600_000;
      assert.deepEqual(world.run(9), []);
      assert.deepEqual(world.run(1), ['ScaleUp france 2->3 AboveScaleUp']);
    });

  it('back: another leader waits for one cooldown at most', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.run(1);
    world.now -= 5 * 3_600_000;
    world.counters = undefined;
    assert.deepEqual(world.run(10), []);
    assert.deepEqual(world.run(1), ['ScaleUp france 2->3 AboveScaleUp']);
  });

  it('not: another leader goes on with the cooldown that began before it', () => {
    const world = regionalWorld({ holdCycles: 1 });
    world.cpu = 90;
    world.run(5);
    world.counters = undefined;
    assert.deepEqual(world.run(5), []);
    assert.deepEqual(world.run(1), ['ScaleUp france 2->3 AboveScaleUp']);
  });
});

describe('a spec that does not fit together', () => {
  const target = (parts: object) => ({ region: 'eu', deployment: 'web', ...parts });
  for (const [what, spec, said] of [
    [
      'a minimum above its maximum',
      { targets: [target({ min: 3, max: 2 })] },
      /spec\.targets\[0\]: min 3 is above max 2/,
    ],
    ['a Deployment named twice', { targets: [target({}), target({ region: 'us' })] }, /web is named twice/],
    [
      'minimums above what all may have',
      { targets: [target({ min: 5 })], maxReplicas: 4 },
      /below what the targets have at least, 5/,
    ],
    [
      'scaleDown not below scaleUp',
      { targets: [target({})], cpu: { scaleUp: 70, scaleDown: 70 } },
      /scaleDown 70 is not below scaleUp 70/,
    ],
    ['a loop of a second', { targets: [target({})], loop: '1s' }, /spec\.loop: must be .* at least 5s and at most 24h/],
  ] as const)
    it(`is refused: ${what}`, () => void assert.throws(() => settingsOf(spec), said));

  it('a default never contradicts what is said', () => {
    const [web] = settingsOf({ targets: [target({ max: 0 })] }).targets;
    assert.deepEqual([web?.min, web?.max], [0, 0]);
    const [big] = settingsOf({ targets: [target({ min: 20 })] }).targets;
    assert.deepEqual([big?.min, big?.max], [20, 20]);
    const [held] = settingsOf({ mode: 'bounds', targets: [target({ max: 0 })] }).targets;
    assert.deepEqual([held?.min, held?.max], [1, 1], 'bounds are 1 at least');
    assert.equal(settingsOf({ targets: [target({})], cpu: { scaleUp: 25 } }).scaleDown, 24);
    assert.equal(settingsOf({ targets: [target({})], cpu: { scaleDown: 80 } }).scaleUp, 81);
  });

  it('minimums that nobody asked for share what all may have, and one is left where nothing is', () => {
    const [a, b] = [target({}), target({ deployment: 'api' })];
    const minimums = (spec: object) => {
      const { targets, minReplicas } = settingsOf(spec, { ...DEFAULTS, min: 3 });
      return [...targets.map(({ min }) => min), minReplicas];
    };
    assert.deepEqual(minimums({ targets: [a, b] }), [3, 3, 0]);
    assert.deepEqual(minimums({ targets: [a, b], maxReplicas: 5 }), [2, 2, 0]);
    assert.deepEqual(minimums({ targets: [a, { ...b, min: 4 }], maxReplicas: 5 }), [1, 4, 0]);
    assert.deepEqual(minimums({ targets: [a, b], maxReplicas: 1 }), [0, 0, 1]);
    assert.throws(() => minimums({ mode: 'bounds', targets: [a, b], maxReplicas: 1 }), /at least, 2/);
  });
});
