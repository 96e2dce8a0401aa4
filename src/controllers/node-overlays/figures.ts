import type { OverlayPlan } from '../../capacity/plan-overlays.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { Metric } from '../../telemetry/metric.ts';
import type { OverlayWork } from './plan.ts';

type Change = 'created' | 'changed' | 'deleted';

/** What operators see of the overlays. */
export interface OverlayFigures {
  count(change: Change): void;
  show(plan: OverlayPlan, work: OverlayWork, own: readonly NodeOverlayFacts[]): void;
  clear(): void;
  readonly metrics: readonly Metric[];
}

export function createOverlayFigures(): OverlayFigures {
  const changes: Record<Change, number> = { created: 0, changed: 0, deleted: 0 };
  let overlays: Readonly<Record<string, number>> = {};
  let offerings: Readonly<Record<string, number>> = {};
  return {
    count(change) {
      changes[change] += 1;
    },
    show(plan, { changes: missing, prices, deletions }, own) {
      overlays = {
        wanted: plan.wanted.length,
        due: missing.length + prices.length + deletions.length,
        refused: own.filter(({ verdict }) => verdict?.isValid === false).length,
      };
      const priced = plan.cells.filter(([, price]) => 'group' in price).length;
      offerings = { priced, left_alone: plan.cells.length - priced };
    },
    clear() {
      overlays = {};
      offerings = {};
    },
    metrics: [
      {
        type: 'gauge',
        name: 'gridgate_node_overlays',
        help: 'NodeOverlays of gridgate: wanted, due to be written or deleted (in audit they stay so), refused by Karpenter',
        labelNames: ['state'],
        read: () => Object.entries(overlays).map(([state, count]) => [{ state }, count] as const),
      },
      {
        type: 'gauge',
        name: 'gridgate_node_overlay_offerings',
        help: 'Offerings of instance types that have a price of carbon, and that are left alone',
        labelNames: ['state'],
        read: () => Object.entries(offerings).map(([state, count]) => [{ state }, count] as const),
      },
      {
        type: 'counter',
        name: 'gridgate_node_overlay_changes_total',
        help: 'NodeOverlays that were created, changed and deleted',
        labelNames: ['change'],
        read: () => Object.entries(changes).map(([change, count]) => [{ change }, count] as const),
      },
    ],
  };
}
