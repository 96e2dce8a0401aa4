/**
 * `npm run bench-node-pools`: 500 NodePools of Karpenter that follow the grid on a real API server, in all four modes: how long one look at them
 * takes when nothing is to be done and when all of them turn, and how many writes a minute real grids take.
 */
import { toCarbonPool } from '../../src/controllers/node-pools/carbon-pool.ts';
import { WRITES_PER_SECOND } from '../../src/controllers/node-pools/controller.ts';
import { findPlaces } from '../../src/controllers/node-pools/places.ts';
import { decidePool } from '../../src/controllers/node-pools/plan.ts';
import { rankWorld } from '../../src/controllers/node-pools/rank-world.ts';
import { inParallel } from '../../src/units/in-parallel.ts';
import { makeNode, makeSnapshot, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { skip } from '../control-plane/assets.ts';
import { type FollowingCluster, HOUR_MS, NODE_POOLS_PATH, nodePool, startFollowing } from '../e2e/following-pools.ts';
import grids from '../fixtures/hourly-intensity.json' with { type: 'json' };
import { type Figure, keepsLimit, median, report } from './figures.ts';

const POOLS = 500;
const NODES = 5_000;
const REGIONS = 20;
const AT_ONCE = 16;
const LOOKS = 11;
const QUIET_MS = 1_500;
const HOURS = 24;
/** The controller's pauses are as much shorter: what it writes in an hour of the grid is the same. */
const FASTER = 50;
const MODES = ['pause', 'weight', 'hardware', 'requirement'];
const names = Array.from({ length: REGIONS }, (_, i) => `region-${i}`);
const requires = (key: string, ...values: readonly string[]) => ({ key, operator: 'In', values });

/** Each in one region, or in four of them where it is to choose. */
function pool(index: number) {
  const mode = MODES[index % MODES.length] ?? '';
  const region = names[index % REGIONS] ?? '';
  const zones = [0, 1, 2, 3].map((i) => `${names[(index + i) % REGIONS]}a`);
  const where = mode === 'requirement' ? requires(ZONE_LABEL, ...zones) : requires(REGION_LABEL, region);
  const spot = requires('karpenter.sh/capacity-type', 'spot');
  return nodePool(`pool-${index}`, {
    annotations: { 'carbon-aware': mode, ...(mode !== 'weight' && { threshold: '250' }) },
    requirements: [requires('kubernetes.io/arch', 'amd64'), where, spot],
    spec: {
      limits: { cpu: '1000' },
      disruption: { budgets: [{ nodes: '1', reasons: ['Drifted'] }], consolidateAfter: '1m' },
    },
  });
}

const intensities = (grams: (index: number) => number) =>
  Object.fromEntries(names.map((name, index) => [name, grams(index)]));

const figures: Figure[] = [];
if (skip) process.stdout.write('skipped: no control plane here; make control-plane builds one\n');
else {
  const cluster = await startFollowing(
    intensities(() => 100),
    { workers: [] },
  );
  try {
    await cluster.controlPlane.installKarpenter();
    const pools = Array.from({ length: POOLS }, (_, index) => pool(index));
    await inParallel(pools, AT_ONCE, async (one) => void (await cluster.send('POST', NODE_POOLS_PATH, one)));
    await measureLooks(cluster);
    await measureDay(cluster);
  } finally {
    await cluster.stop();
  }
  const over = figures.filter((figure) => !keepsLimit(figure));
  process.exitCode = over.length > 0 ? 1 : 0;
}

/** What a round does but its writes, of pools as the API server has them. */
async function measureLooks(cluster: FollowingCluster): Promise<void> {
  const { items } = await cluster.send('GET', NODE_POOLS_PATH);
  const nodes = Array.from({ length: NODES }, (_, i) => makeNode(`node-${i}`, `${names[i % REGIONS]}/a`));
  for (const [what, grams] of [
    ['with nothing to do', 100],
    ['when all turn', 400],
  ] as const) {
    const times: number[] = [];
    for (let look = 0; look < LOOKS; look++) {
      const started = performance.now();
      const pools = items.map(toCarbonPool);
      const snapshot = makeSnapshot(intensities((index) => grams + 20 * index));
      const places = findPlaces(nodes, snapshot);
      const world = { snapshot, places, rankOf: rankWorld(pools, places, snapshot) };
      const input = { mode: 'on', now: Date.now(), world } as const;
      for (const one of pools) decidePool(one, input);
      times.push((performance.now() - started) / 1_000);
    }
    report(figures, {
      name: `one look at ${POOLS} pools and ${NODES} nodes, ${what}`,
      value: median(times),
      unit: 's',
      limit: 2,
      keep: 'at most',
    });
  }
}

/** Hour by hour, each region some hours behind another; an hour is over once nothing is written any more. */
async function measureDay(cluster: FollowingCluster): Promise<void> {
  let writes = 0;
  const count = async () => {
    writes += 1;
  };
  const controller = cluster.startController('on', count, FASTER);
  const series = Object.values(grids).map((one) => one.map((grams) => grams ?? 0));
  const gramsAt = (hour: number) =>
    intensities((index) => series[index % series.length]?.[(hour + 3 * index) % 700] ?? 0);
  cluster.turn(gramsAt(0), 0);
  await untilQuiet(() => writes);
  const first = writes;
  process.stdout.write(
    `     ${first} writes when all ${POOLS} pools are first judged, Events included: ${seconds(first)} s\n`,
  );
  let most = 0;
  for (let hour = 1; hour <= HOURS; hour++) {
    const before = writes;
    cluster.turn(gramsAt(hour), HOUR_MS);
    await untilQuiet(() => writes);
    most = Math.max(most, writes - before);
  }
  await controller.stop();
  const name = `writes of ${POOLS} pools over ${HOURS} hours of real grids, Events included`;
  const detail = `${writes - first} writes; ${most} in the busiest hour: ${seconds(most)} s`;
  const value = (writes - first) / (HOURS * 60);
  report(figures, { name, value, unit: 'a minute', limit: 60, keep: 'at most' }, detail);
}

/** How long the controller takes for so many writes. */
function seconds(writes: number): string {
  return (writes / WRITES_PER_SECOND).toFixed(0);
}

/** Rounds come within a tenth of a second after a change. */
async function untilQuiet(writes: () => number): Promise<void> {
  for (let before = -1; before !== writes(); ) {
    before = writes();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}
