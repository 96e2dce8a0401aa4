import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide } from '../../src/decision/decide.ts';
import { encodePatch } from '../../src/decision/patch.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import { buildSnapshot, type SnapshotInput } from '../../src/regions/build-snapshot.ts';
import { readRegions } from '../../src/world/read-files.ts';
import { type Figure, median, report } from './figures.ts';
import { capturedReview, SPREAD, writeRegions } from './workload.ts';

/** Median time of one decision with its encoded patch, 30 regions: remembered, and afresh under a new snapshot each. */
export async function measureDecide(figures: Figure[], smoke: boolean): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gridgate-decide-'));
  const regions = (await readRegions(await writeRegions(directory, 30))).value;
  await rm(directory, { recursive: true });
  const plain: Pod = (await capturedReview()).request.object;
  const { policy } = parsePolicy({ 'gridgate.dev/mode': 'enforce' });
  const now = Date.now();
  const input: SnapshotInput = {
    regions,
    regionsReadAt: now,
    fallbackReading: () => undefined,
    regionLabel: 'topology.kubernetes.io/region',
    policySignal: 'average-lifecycle',
    now,
  };
  const runs = smoke ? 500 : 20_000;
  const snapshot = buildSnapshot(input);
  const microseconds = (count: number, next: (index: number) => typeof snapshot, pod = plain) =>
    median(
      Array.from({ length: count }, (_, index) => {
        const current = next(index);
        const started = performance.now();
        encodePatch(decide({ pod, policy, snapshot: current, now }).patch);
        return (performance.now() - started) * 1000;
      }),
    );
  const figure = { unit: 'microseconds', limit: 30, keep: 'at most' } as const;
  report(figures, {
    ...figure,
    name: 'decide and patch, plain pod, 30 regions',
    value: microseconds(runs, () => snapshot),
  });
  const spreading = { ...plain, spec: { ...plain.spec, topologySpreadConstraints: SPREAD } };
  report(figures, {
    ...figure,
    name: 'the same, a pod that spreads over hosts and zones',
    value: microseconds(runs, () => snapshot, spreading),
  });
  // As the loads do, not while the compiler is at work on it.
  microseconds(runs, () => buildSnapshot(input));
  const afresh = microseconds(runs, () => buildSnapshot(input));
  report(figures, { ...figure, name: 'the same, first pod of a snapshot', value: afresh });
}
