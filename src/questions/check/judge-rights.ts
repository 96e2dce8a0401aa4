import { nameFew } from '../../units/tell-few.ts';
import type { ClusterFacts } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { APPLY } from './names.ts';

const MOST_NAMED = 5;

/** Whether each account may do what its role needs, as the API server's authorizer says. */
export function judgeRights({ rights }: ClusterFacts): readonly Finding[] {
  return rights.flatMap(({ account, roles, asked }) => {
    const check = 'RBAC';
    return about(check, asked, ({ count, missing }) => {
      const who = `the account ${account} (${roles.join(', ')})`;
      if (missing.length === 0)
        return [{ check, state: 'ok', says: `${who} may do all ${count} things that it needs` }];
      return [
        {
          check,
          state: 'failed',
          says: `${who} may not ${nameFew(missing, MOST_NAMED, String)}${consequences(missing)}`,
          todo: APPLY,
        },
      ];
    });
  });
}

/** What a right that is missing means, where nobody sees it from the right. */
const MEANS: readonly (readonly [right: RegExp, means: string])[] = [
  [
    /^(list|watch) (namespaces|nodes|regions\.gridgate\.dev)$/,
    'nobody sees what changes there, and decisions are by what was known last',
  ],
  [/^patch pods$/, 'no pod that waits is let go'],
  [/^patch jobs\.batch$/, 'no Job that gridgate suspended is resumed'],
  [/^(list|watch) (pods|jobs\.batch|cronjobs\.batch)$/, 'nobody sees what waits, so new pods do not wait'],
  [/^(list|watch) nodepools\.karpenter\.sh$/, 'what Karpenter may bring is not known'],
  [
    /^(list|watch) configmaps (?!gridgate-)/,
    'placement: auto only prefers under Cluster Autoscaler (the Role gridgate-autoscaler-status names its status where that is)',
  ],
  [
    /^\w+ leases\.coordination\.k8s\.io gridgate-releaser /,
    'nobody knows whether what waits is let go, so new pods do not wait',
  ],
  [
    /^get configmaps (?!gridgate)|^\w+ configmaps cluster-autoscaler-priority-expander /,
    'priorities of node groups stay as they are (manifests/capacity/priority-expander)',
  ],
  [/ (nodepools|nodeclaims)\.karpenter\.sh$/, 'NodePools stay as they are (manifests/capacity/node-pools)'],
  [/ nodeoverlays\.karpenter\.sh$/, 'prices of carbon are not kept (manifests/capacity/node-overlays)'],
];

function consequences(missing: readonly string[]): string {
  const means = MEANS.filter(([right]) => missing.some((one) => right.test(one))).map(([, means]) => means);
  return means.length === 0 ? '' : `: ${means.join('; ')}`;
}
