import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide } from '../../src/decision/decide.ts';
import { encodePatch } from '../../src/decision/patch.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import { buildSnapshot, type SnapshotInput } from '../../src/regions/build-snapshot.ts';
import { type NodePoolFacts, toNodePoolFacts } from '../../src/regions/node-pool.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { readRegions } from '../../src/world/read-files.ts';
import { type Figure, median, report } from './figures.ts';
import { capturedReview, SPREAD, writeRegions } from './workload.ts';

const FEW = 200;
const TEAM = 'example.com/team';

/** 500 that are not alike, each in three regions and with twenty values of a label. */
function manyNodePools(regions: readonly { readonly metadata: { readonly name: string } }[]): readonly NodePoolFacts[] {
  const nameAt = (index: number) => regions[index % regions.length]?.metadata.name ?? '';
  const valuesOf = (make: (index: number) => string, count: number) => Array.from({ length: count }, (_, i) => make(i));
  return Array.from({ length: 500 }, (_, pool) =>
    toNodePoolFacts({
      metadata: { name: `pool-${pool}` },
      spec: {
        template: {
          spec: {
            requirements: [
              {
                key: 'topology.kubernetes.io/region',
                operator: 'In',
                values: valuesOf((i) => nameAt(pool + 7 * i), 3),
              },
              { key: TEAM, operator: 'In', values: valuesOf((i) => `team-${pool}-${i}`, 20) },
            ],
          },
        },
      },
    }),
  );
}

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

  const ofPools = { ...input, topology: buildTopology([]), nodePools: manyNodePools(regions), nodeGroups: [] };
  const pooled = buildSnapshot(ofPools);
  report(figures, {
    ...figure,
    name: 'decide and patch, plain pod, 30 regions without nodes, 500 NodePools',
    value: microseconds(runs, () => pooled),
  });
  const selecting = { ...plain, spec: { ...plain.spec, nodeSelector: { [TEAM]: 'team-7-3' } } };
  const next = () => buildSnapshot({ ...ofPools, supply: pooled.supply });
  microseconds(FEW, next, selecting);
  report(figures, {
    ...figure,
    limit: 3_000,
    name: 'the same, first pod of a snapshot that asks for a label of one NodePool',
    value: microseconds(FEW, next, selecting),
  });
}
