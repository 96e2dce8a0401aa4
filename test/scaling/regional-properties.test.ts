import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runsOf } from '../decision/random-runs.ts';
import { regionalWorld } from './regional-world.ts';

const RUNS = runsOf(600);
const LOOPS = 120;
const REGIONS = ['denmark', 'france', 'latvia'];
/** What waits for a cooldown. */
const PATIENT: ReadonlySet<string> = new Set(['ScaleUp', 'ScaleDown', 'MoveUp']);
const COOLDOWN_MS = 120_000;

function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a RegionalAutoscaler whatever happens', () => {
  it(`keeps limits and cooldowns, ends every look, and empties nothing while nothing serves elsewhere, in ${RUNS} random worlds`, () => {
    for (let seed = 0; seed < RUNS; seed++) live(seed);
  });

  it(`never has fewer than when outages began, and as many once they are over, in ${RUNS} random worlds`, () => {
    for (let seed = 0; seed < RUNS; seed++) suffer(seed);
  });

  for (const mode of ['replicas', 'bounds'])
    it(`comes to rest in mode ${mode}, and undoes nothing on the way, whatever was before, in ${RUNS} random worlds`, () => {
      for (let seed = 0; seed < RUNS; seed++) settle(seed, mode);
    });
});

type World = ReturnType<typeof regionalWorld>;

function randomWorld(random: () => number, mode = 'replicas') {
  const below = (count: number) => Math.floor(random() * count);
  const targets = REGIONS.map((region) => ({ region, deployment: region, min: below(3), max: 3 + below(8) }));
  const least = below(2) === 0 ? 0 : below(9);
  const spec = {
    ...{ mode, targets, rebalance: below(2) === 0, stepLimit: 1 + below(3) },
    ...{ holdCycles: 1 + below(3), cooldown: '2m', minReplicas: least },
    ...(below(2) === 0 && { maxReplicas: 9 + below(20) }),
  };
  const min = 1 + below(3);
  const replicas = Object.fromEntries(REGIONS.map((name) => [name, below(12)]));
  return { targets, world: regionalWorld(spec, replicas, { min, max: min + below(6) }) };
}

function live(seed: number): void {
  const random = randomOf(seed);
  const below = (count: number) => Math.floor(random() * count);
  const { targets, world } = randomWorld(random);
  for (let loop = 0; loop < LOOPS; loop++) {
    const name = REGIONS[below(REGIONS.length)] ?? '';
    for (const happen of EVENTS) if (random() < happen.chance) happen.to(world, name, random());
    const wasServing = servingElsewhere(world);
    const done = world.run(1);
    const where = `seed ${seed}, loop ${loop}: ${done}`;
    assert.ok(done.length < 30, `${where}: no end`);
    assert.ok(wasServing || !done.some((one) => one.startsWith('Empty')), `${where}: nothing served elsewhere`);
    for (const target of targets) keepsLimits(world, target, where);
  }
  for (const [i, one] of world.announced.entries()) {
    const before = world.announced[i - 1];
    const isPatient = before && PATIENT.has(one.decision);
    assert.ok(!isPatient || one.at - before.at >= COOLDOWN_MS, `seed ${seed}: ${one.message} within a cooldown`);
  }
}

/** Regions go down and come back, pods become Ready or do not, leaders end: CPU is where it asks for nothing, and nobody else scales. */
function suffer(seed: number): void {
  const random = randomOf(seed);
  const below = (count: number) => Math.floor(random() * count);
  const { world } = randomWorld(random);
  world.run(2);
  const before = total(world);
  for (let loop = 0; loop < LOOPS; loop++) {
    const name = REGIONS[below(REGIONS.length)] ?? '';
    for (const happen of EVENTS) if (!happen.isOfLoad && random() < happen.chance) happen.to(world, name, random());
    const done = world.run(1);
    assert.ok(total(world) >= before, `seed ${seed}, loop ${loop}: ${done}: ${total(world)} of ${before}`);
  }
  recover(world);
  world.run(40);
  assert.equal(total(world), before, `seed ${seed}: ${JSON.stringify(world.counts())}`);
}

/** All that may happen happens, and then nothing more. */
function settle(seed: number, mode: string): void {
  const random = randomOf(seed);
  const { targets, world } = randomWorld(random, mode);
  for (let loop = 0; loop < 20; loop++) {
    const name = REGIONS[Math.floor(random() * REGIONS.length)] ?? '';
    for (const happen of EVENTS) if (random() < happen.chance) happen.to(world, name, random());
    world.run(1);
    if (mode === 'bounds') for (const { deployment, max } of targets) keepsWindow(world, deployment, max);
  }
  if (random() < 0.5) world.down.clear();
  world.becomesReady = true;
  world.counters = undefined;
  const changes = Array.from({ length: 400 }, () => {
    for (const name of REGIONS) world.hold(name, world.of(name).replicas);
    return world.run(1).map((said) => changeOf(said, world.now));
  }).flat();
  const where = `seed ${seed}: ${changes.map(({ said }) => said).join(', ')}`;
  assert.ok(!changes.some(({ at }) => world.now - at < 20 * 30_000), `${where}: no rest`);
  for (const [i, one] of changes.entries()) {
    const undone = changes.slice(i + 1).find((other) => undoes(other, one));
    assert.ok(!undone, `${where}: ${undone?.said} undoes ${one.said}`);
  }
}

interface Change {
  readonly said: string;
  readonly target: string;
  readonly by: number;
  readonly at: number;
}

function changeOf(said: string, at: number): Change {
  const [, target = '', from, to] = /^\w+ (\w+) (\d+)->(\d+)/.exec(said) ?? [];
  return { said, target, by: Number(to) - Number(from), at };
}

function undoes(later: Change, one: Change): boolean {
  return later.target === one.target && later.by * one.by < 0 && later.at - one.at < COOLDOWN_MS;
}

const total = (world: World) => Object.values(world.counts()).reduce((a, b) => a + b, 0);

function recover(world: World): void {
  world.down.clear();
  world.denied.clear();
  world.becomesReady = true;
  for (const name of REGIONS) {
    world.hold(name, world.of(name).replicas);
    world.of(name).isStuck = false;
  }
}

function keepsWindow(world: World, deployment: string, most: number): void {
  const { min, max } = world.boundsOf(deployment);
  assert.ok(1 <= min && min <= max && max <= most, `${deployment}: ${min}-${max}, ${most} at most`);
}

/** What may happen in a loop, to a target, with a number from 0 to 1. */
const EVENTS: readonly {
  readonly chance: number;
  /** It changes how many there are to be. */
  readonly isOfLoad?: boolean;
  readonly to: (world: World, name: string, number: number) => void;
}[] = [
  {
    chance: 0.9,
    isOfLoad: true,
    to: (world, _, number) => {
      world.cpu = 100 * number;
    },
  },
  {
    chance: 0.1,
    to: (world) => {
      world.cpu = undefined;
    },
  },
  {
    chance: 0.1,
    to: (world, name, number) => {
      world.grids[name] = 400 * number;
    },
  },
  { chance: 0.08, to: (world, name) => void world.down.add(name) },
  { chance: 0.15, to: (world, name) => void world.down.delete(name) },
  { chance: 0.05, isOfLoad: true, to: (world, name, number) => world.scaleByHand(name, Math.floor(12 * number)) },
  {
    chance: 0.1,
    to: (world) => {
      world.becomesReady = !world.becomesReady;
    },
  },
  {
    chance: 0.3,
    to: (world, name) => {
      world.of(name).ready = world.of(name).replicas;
    },
  },
  {
    chance: 0.1,
    to: (world, name) => {
      world.of(name).isStuck = world.of(name).ready < world.of(name).replicas;
    },
  },
  { chance: 0.05, to: (world, name) => void world.denied.add(name) },
  { chance: 0.1, to: (world) => world.denied.clear() },
  {
    chance: 0.05,
    to: (world) => {
      world.counters = undefined;
    },
  },
  {
    // A leader that ends between what it announces and what it does.
    chance: 0.1,
    to(world) {
      world.announce();
      world.counters = undefined;
    },
  },
];

/** Whether anything serves, or will at once, in a region that is up. */
function servingElsewhere(world: World): boolean {
  const up = REGIONS.filter((name) => !world.down.has(name));
  return up.some((name) => world.of(name).ready > 0 || world.becomesReady);
}

function keepsLimits(world: World, target: { deployment: string; min: number; max: number }, where: string): void {
  const { deployment, min, max } = target;
  const { replicas } = world.of(deployment);
  assert.ok(replicas <= max, `${where}: ${deployment} has ${replicas}, ${max} at most`);
  const hasFloor = !world.down.has(deployment) && !world.denied.has(deployment);
  assert.ok(replicas >= min || !hasFloor, `${where}: ${deployment} has ${replicas}, ${min} at least`);
}
