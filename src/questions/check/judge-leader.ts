import { formatAge } from '../../units/moment.ts';
import type { ClusterFacts } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { clockOfCluster } from './judge-clocks.ts';
import { controllersLog } from './names.ts';

/** Another takes over after one duration; renewals and clocks are not exact. */
const MOST_DURATIONS = 3;

/** Whether one of the controllers leads now. */
export function judgeLeader({ lease, apiServer, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'leader';
  return about(check, lease, (found) => {
    const todo = controllersLog(systemNamespace);
    if (!found || found.holder === '')
      return [{ check, state: 'failed', says: 'none of the controllers leads: nothing is measured or labelled', todo }];
    const age = clockOfCluster(apiServer) - found.renewedAt;
    const renewed = `${found.holder} renewed its Lease ${formatAge(age)} ago`;
    if (age < MOST_DURATIONS * found.durationMs) return [{ check, state: 'ok', says: renewed }];
    return [
      { check, state: 'failed', says: `${renewed}, and nobody leads since: nothing is measured or labelled`, todo },
    ];
  });
}
