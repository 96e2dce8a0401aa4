import { toJobRecord } from '../../src/cluster/jobs.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { toUnscheduledPod } from '../../src/cluster/unscheduled-pods.ts';
import { planUnit } from '../../src/controllers/gate-releaser/plan.ts';
import { groupUnits } from '../../src/controllers/gate-releaser/units.ts';
import { decide } from '../../src/decision/decide.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import { buildSnapshot, type SnapshotInput } from '../../src/regions/build-snapshot.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { random } from '../forecast/series.ts';
import { type Figure, median, report } from './figures.ts';

const HOUR = 3_600_000;
const REGIONS = 30;
const HOURS = 72;
const RUNS = 2_000;
const WAITING = 10_000;

/** Median time of a decision that a pod waits, 30 regions of which 72 hours are forecast: under a snapshot of its own each, and remembered. */
export function measurePlanningOne(figures: Figure[]): void {
  const now = Date.now();
  const snapshotNow = () => snapshotAt(now);
  const { policy } = parsePolicy({ 'gridgate.dev/mode': 'enforce', 'gridgate.dev/defer': '72h' });
  const pod: Pod = {
    metadata: { namespace: 'batch', annotations: { 'gridgate.dev/class': 'flexible', 'gridgate.dev/duration': '4h' } },
    spec: { restartPolicy: 'Never' },
  };
  const milliseconds = (of: () => Snapshot) =>
    median(
      Array.from({ length: RUNS }, () => {
        const snapshot = of();
        const started = performance.now();
        const { decision } = decide({ pod, policy, snapshot, now, waiting: { isReleaserAlive: true } });
        if (decision !== 'defer') throw new Error(`the pod was to wait, not to ${decision}`);
        return performance.now() - started;
      }),
    );
  const figure = { unit: 'ms', limit: 1, keep: 'at most' } as const;
  report(figures, {
    ...figure,
    name: 'planning one pod, 30 regions, 72 h, first of a snapshot',
    value: milliseconds(snapshotNow),
  });
  const snapshot = snapshotNow();
  report(figures, { ...figure, name: 'planning one pod, any other', value: milliseconds(() => snapshot) });
}

/** How long it takes to plan 10,000 waiting pods, each of a Job of its own, after new readings; the median of five. */
export function measurePlanningAll(figures: Figure[]): void {
  const now = Date.now();
  const created = new Date(now - HOUR).toISOString();
  const { policy } = parsePolicy({ 'gridgate.dev/mode': 'enforce', 'gridgate.dev/defer': '72h' });
  const names = Array.from({ length: WAITING }, (_, index) => `job-${index}`);
  const metadata = { namespace: 'batch', resourceVersion: '1', creationTimestamp: created };
  const jobs = new Map(
    names.map((name) => [name, toJobRecord({ metadata: { ...metadata, name, uid: name } })] as const),
  );
  const pods = names.map((name) =>
    toUnscheduledPod({
      metadata: {
        ...metadata,
        name: `${name}-x`,
        uid: `${name}-x`,
        annotations: { 'gridgate.dev/class': 'flexible', 'gridgate.dev/duration': '4h' },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: name, controller: true }],
      },
      spec: { schedulingGates: [{ name: 'gridgate.dev/defer' }], restartPolicy: 'Never' },
    } as KubeObject),
  );
  const view = {
    pods: () => pods,
    jobs: () => jobs.values(),
    job: (_: string, name: string) => jobs.get(name),
    cronJob: () => undefined,
  };
  const seconds = Array.from({ length: 5 }, () => {
    const snapshot = snapshotAt(now);
    const started = performance.now();
    const units = groupUnits(view, { isBehind: () => false, hasBegun: () => false });
    const planned = units.map((unit) =>
      planUnit(unit, {
        ...{ policy, mode: policy.mode, now, nextRun: () => undefined, patience: 0.5 },
        decide: ({ pod }) => decide({ pod, policy, snapshot, now, isReleased: true }),
      }),
    );
    const waits = planned.filter(({ reason }) => reason === 'cleaner_later').length;
    if (waits !== WAITING) throw new Error(`${waits} of ${WAITING} pods were to wait`);
    return (performance.now() - started) / 1000;
  });
  const name = `planning ${WAITING} waiting pods anew, 30 regions, 72 h`;
  report(figures, { name, value: median(seconds), unit: 's', limit: 2, keep: 'at most' });
}

function snapshotAt(now: number): Snapshot {
  const next = random(1);
  const regions = Array.from({ length: REGIONS }, (_, index) => ({
    metadata: { name: `region-${index}` },
    spec: {},
    observed: {
      reading: {
        gramsPerKwh: 400,
        signal: 'average-lifecycle',
        source: 'electricity-maps',
        measuredAt: now,
        estimated: false,
        freshness: 'fresh',
      },
      forecast: Array.from({ length: HOURS }, (_, hour) => ({
        from: (Math.floor(now / HOUR) + hour) * HOUR,
        gramsPerKwh: 100 + 250 * next(),
      })),
    },
  })) satisfies SnapshotInput['regions'];
  return buildSnapshot({
    regions,
    regionsReadAt: now,
    fallbackReading: () => undefined,
    regionLabel: 'topology.kubernetes.io/region',
    policySignal: 'average-lifecycle',
    now,
  });
}
