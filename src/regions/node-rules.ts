import type { Band } from './band.ts';
import type { GroupPattern } from './group-regions.ts';

export interface NodeRules {
  /** Keys of taints that go away by themselves when a node has started. */
  readonly startupTaints: readonly string[];
  /** The bands whose nodes gridgate taints, and so may carry its taint at any time. */
  readonly taintedBands: readonly Band[];
  /** Pools that have no node now may carry the taint: every pod gets its tolerations, whatever nodes say. */
  readonly tolerateAlways: boolean;
  readonly clusterAutoscaler: ClusterAutoscalerRules;
}

export interface ClusterAutoscalerRules {
  /** Its own. */
  readonly namespace: string;
  /** The ConfigMap of its status. */
  readonly status: string;
  /** Which regions its node groups are in; the first that matches counts. */
  readonly groups: readonly GroupPattern[];
}

/** Bands that a taint can keep pods away from: `low` is where they should go. */
export const TAINTABLE_BANDS = ['medium', 'high'] as const satisfies readonly Band[];

export const NO_NODE_RULES: NodeRules = {
  startupTaints: [],
  taintedBands: [],
  tolerateAlways: false,
  clusterAutoscaler: { namespace: 'kube-system', status: 'cluster-autoscaler-status', groups: [] },
};
