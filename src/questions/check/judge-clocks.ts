import { formatAge } from '../../units/moment.ts';
import type { ApiServerFacts, ClusterFacts } from './facts.ts';
import type { Finding } from './finding.ts';

/** What headers in whole seconds and slow networks make of equal clocks. */
const NOISE_MS = 5_000;
/** Readings that are of the future by more than this are refused. */
const MOST_MS = 5 * 60_000;
/** A date is cut to whole seconds. */
const HALF_A_SECOND_MS = 500;

/** The API server's clock where it told it, else ours (epoch milliseconds). */
export function clockOfCluster({ date, at }: ApiServerFacts): number {
  return date === undefined ? at : date + HALF_A_SECOND_MS;
}

/**
 * How far the clocks of a replica and of this machine are from the API server's: ages of readings, ends of outages and
 * certificates are judged by the replica's, ages in this answer by ours.
 */
export function judgeClocks({ apiServer, onNamespaces, onPods }: ClusterFacts): readonly Finding[] {
  const check = 'clocks';
  if (apiServer.date === undefined)
    return [{ check, state: 'not known', says: "the API server's answers have no Date: a proxy leaves it out" }];
  const ours = apiServer.at - clockOfCluster(apiServer);
  const tried = [onPods, onNamespaces].find((one) => one.outcome === 'answered');
  const own = judgeOffset(check, "this machine's clock", ours, false);
  if (tried?.outcome !== 'answered')
    return [{ check, state: 'not known', says: "no replica answered, so nobody knows a replica's clock" }, own];
  return [judgeOffset(check, "the replica's clock", tried.answer.clock - tried.at + ours, true), own];
}

function judgeOffset(check: string, whose: string, offsetMs: number, matters: boolean): Finding {
  const far = Math.abs(offsetMs);
  if (far <= NOISE_MS) return { check, state: 'ok', says: `${whose} agrees with the API server's` };
  const says = `${whose} is ${formatAge(far)} ${offsetMs > 0 ? 'ahead of' : 'behind'} the API server's`;
  const isTooFar = matters && far > MOST_MS;
  const so = isTooFar ? ': readings are refused, or count as too old' : '';
  return { check, state: isTooFar ? 'failed' : 'warning', says: says + so, todo: 'timedatectl status' };
}
