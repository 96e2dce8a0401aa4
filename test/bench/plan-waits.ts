import { decide } from '../../src/decision/decide.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import { buildSnapshot, type SnapshotInput } from '../../src/regions/build-snapshot.ts';
import { random } from '../forecast/series.ts';
import { type Figure, median, report } from './figures.ts';

const HOUR = 3_600_000;
const REGIONS = 30;
const HOURS = 72;
const RUNS = 2_000;

/** Median time of a decision that a pod waits, 30 regions of which 72 hours are forecast: under a snapshot of its own each, and remembered. */
export function measurePlanningOne(figures: Figure[]): void {
  const now = Date.now();
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
  const { policy } = parsePolicy({ 'gridgate.dev/mode': 'enforce', 'gridgate.dev/defer': '72h' });
  const pod: Pod = {
    metadata: { namespace: 'batch', annotations: { 'gridgate.dev/class': 'flexible', 'gridgate.dev/duration': '4h' } },
    spec: { restartPolicy: 'Never' },
  };
  const snapshotNow = () =>
    buildSnapshot({
      regions,
      regionsReadAt: now,
      fallbackReading: () => undefined,
      regionLabel: 'topology.kubernetes.io/region',
      policySignal: 'average-lifecycle',
      now,
    });
  const milliseconds = (of: () => ReturnType<typeof snapshotNow>) =>
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
