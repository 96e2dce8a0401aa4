import { formatAge } from '../../units/moment.ts';
import type { ClusterFacts } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';
import { clockOfCluster } from './judge-clocks.ts';
import { controllersLog } from './names.ts';
import { isWaitingThere, tellThings } from './tell-things.ts';

/** Another takes over after one duration; renewals and clocks are not exact. */
const MOST_DURATIONS = 3;

/** Whether one of the controllers leads now, and what nobody does where none does. */
export function judgeLeader(facts: ClusterFacts): readonly Finding[] {
  const { lease, apiServer, systemNamespace } = facts;
  const check = 'leader';
  return about(check, lease, (found) => {
    const todo = controllersLog(systemNamespace);
    const so = `nothing is measured or labelled${unattended(facts)}`;
    if (!found || found.holder === '')
      return [{ check, state: 'failed', says: `none of the controllers leads: ${so}`, todo }];
    const age = clockOfCluster(apiServer) - found.renewedAt;
    const renewed = `${found.holder} renewed its Lease ${formatAge(age)} ago`;
    if (isLeading(facts)) return [{ check, state: 'ok', says: renewed }];
    return [{ check, state: 'failed', says: `${renewed}, and nobody leads since: ${so}`, todo }];
  });
}

export function isLeading({ lease, apiServer }: Pick<ClusterFacts, 'lease' | 'apiServer'>): boolean {
  const found = valueOr(lease, undefined);
  if (!found || found.holder === '') return false;
  return clockOfCluster(apiServer) - found.renewedAt < MOST_DURATIONS * found.durationMs;
}

function unattended(facts: ClusterFacts): string {
  if (!isWaitingThere(facts)) return '';
  return `, and nobody plans for ${tellThings(valueOr(facts.things, []))}`;
}
