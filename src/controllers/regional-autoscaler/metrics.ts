import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { RegionalDecision } from '../../scaling/regional-state.ts';
import type { RegionalStatus } from '../../scaling/regional-status.ts';
import type { Metric } from '../../telemetry/metric.ts';

/** What was found of one at the last look. */
export interface Told {
  readonly one: RegionalAutoscaler;
  readonly status: RegionalStatus;
}

interface Sources {
  /** Of all at the last look; nothing while this does not run. */
  readonly told: () => Iterable<Told> | undefined;
  readonly actions: ReadonlyMap<string, number>;
  /** What anybody may write into a spec is no label. */
  readonly isRegion: (name: string) => boolean;
}

/** Whoever may make RegionalAutoscalers may make many: series are of the oldest alone. */
const MOST_SHOWN = 500;
/** A status that somebody else has written may have any. */
const MOST_REASONS = 40;

/** As a key of `actions`. */
export function actionKey(decision: RegionalDecision, outcome: 'done' | 'would'): string {
  return `${decision}/${outcome}`;
}

export function regionalMetrics({ told, actions, isRegion }: Sources): readonly Metric[] {
  const shown = () =>
    Array.from(told() ?? [])
      .toSorted((a, b) => a.one.createdAt - b.one.createdAt)
      .slice(0, MOST_SHOWN);
  return [
    {
      type: 'gauge',
      name: 'gridgate_regional_replicas',
      help: `Replicas of the targets of RegionalAutoscalers by region ("unknown": one that nobody knows); of the ${MOST_SHOWN} oldest`,
      labelNames: ['namespace', 'autoscaler', 'region'],
      read: () =>
        shown().flatMap(({ one: { namespace, name: autoscaler }, status }) =>
          Array.from(
            Map.groupBy(status.targets, ({ region }) => (isRegion(region) ? region : 'unknown')),
            ([region, targets]) => {
              const replicas = targets.reduce((sum, one) => sum + one.replicas, 0);
              return [{ namespace, autoscaler, region }, replicas] as const;
            },
          ),
        ),
    },
    {
      type: 'gauge',
      name: 'gridgate_regional_cpu_percent',
      help: 'CPU that the targets of a RegionalAutoscaler use of what they request, as it is judged; none where nobody knows, and of the oldest alone',
      labelNames: ['namespace', 'autoscaler'],
      read: () =>
        shown().flatMap(({ one: { namespace, name: autoscaler }, status: { cpuPercent } }) =>
          cpuPercent === undefined ? [] : [[{ namespace, autoscaler }, cpuPercent] as const],
        ),
    },
    {
      type: 'gauge',
      name: 'gridgate_regional_autoscalers',
      help: 'RegionalAutoscalers by what their last look came to: a reason of an action, or why there was none',
      labelNames: ['reason'],
      read: () => {
        const reasons = Array.from(told() ?? [], ({ status }) => reasonOf(status));
        const known = new Set([...new Set(reasons)].slice(0, MOST_REASONS));
        return Array.from(
          Map.groupBy(reasons, (reason) => (known.has(reason) ? reason : 'Other')),
          ([reason, all]) => [{ reason }, all.length] as const,
        );
      },
    },
    {
      type: 'counter',
      name: 'gridgate_regional_actions_total',
      help: 'What RegionalAutoscalers did to a target; outcome "would" in audit, where nothing is written',
      labelNames: ['decision', 'outcome'],
      read: () =>
        Array.from(actions, ([key, count]) => {
          const [decision = '', outcome = ''] = key.split('/');
          return [{ decision, outcome }, count] as const;
        }),
    },
  ];
}

function reasonOf({ lastDecision, conditions }: RegionalStatus): string {
  const refused = conditions.find(({ type, status }) => type === 'Accepted' && status === 'False');
  return refused?.reason ?? lastDecision?.reason ?? 'None';
}
