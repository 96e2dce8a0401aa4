/**
 * `npm run bench-releases`: how many waiting pods a second the leader lets go on a real API server, when all are due at once: the API server
 * alone, and with scheduler, controller manager and KWOK nodes beside it.
 */
import { inParallel } from '../../src/units/in-parallel.ts';
import { skip } from '../control-plane/assets.ts';
import type { ControlPlaneOptions } from '../control-plane/start.ts';
import { HOUR_MS, isHeld, type ReleasingCluster, startReleasing } from '../e2e/releasing.ts';
import { type Figure, keepsLimit, report } from './figures.ts';

const PODS = 2_000;
const AT_ONCE = 16;
/** Cleaner two hours from now. */
const LATER = Array<number>(22).fill(400);
const NAMESPACE = 'batch';

const figures: Figure[] = [];
if (skip) process.stdout.write('skipped: no control plane here; make control-plane builds one\n');
else {
  // Accounts of namespaces are the controller manager's; pods without an owner are nothing to it.
  await measure('API server alone', 200, { workers: ['kube-controller-manager'] });
  await measure('scheduler and KWOK beside it', 50, {});
  const over = figures.filter((figure) => !keepsLimit(figure));
  process.exitCode = over.length > 0 ? 1 : 0;
}

async function measure(what: string, limit: number, options: Pick<ControlPlaneOptions, 'workers'>) {
  const cluster = await startReleasing({ clean: [300, 300, 100, ...LATER] }, options);
  try {
    await createHeldPods(cluster);
    const releaser = cluster.startReleaser({ releaseRate: 100_000 });
    await cluster.waitFor('the plans', async () => (releaser.waiting().length > 0 ? true : undefined));
    cluster.advance(2 * HOUR_MS);
    cluster.setGrids({ clean: [100, ...LATER] });
    const started = performance.now();
    await cluster.waitFor('the last to go', async () => (releaser.waiting().length === 0 ? true : undefined));
    const value = PODS / ((performance.now() - started) / 1_000);
    const held = (await cluster.podsOf(NAMESPACE)).filter(isHeld);
    if (held.length > 0) throw new Error(`${held.length} pods wait on`);
    report(figures, { name: `releases a second, ${what}`, value, unit: 'pods/s', limit, keep: 'at least' });
  } finally {
    await cluster.stop();
  }
}

async function createHeldPods(cluster: ReleasingCluster): Promise<void> {
  await cluster.createNamespace(NAMESPACE);
  const names = Array.from({ length: PODS }, (_, index) => `train-${index}`);
  await inParallel(names, AT_ONCE, async (name) => void (await cluster.createHeld(NAMESPACE, name)));
}
