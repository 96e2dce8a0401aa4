import type { ApiWriter } from '../../cluster/api-writer.ts';
import { type LiveRegion, REGIONS_PATH, toRegion } from '../../cluster/regions.ts';
import { type RegionStatus, writeStatus } from '../../regions/region-status.ts';
import type { Pace } from '../pace.ts';
import type { Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { planStatus, planStatuses, type StatusFacts } from './plan.ts';
import type { Term } from './term.ts';

export interface WriteStatusesDeps {
  readonly term: Term;
  readonly facts: () => StatusFacts;
  readonly writer: Pick<ApiWriter, 'apply'>;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** A round is so short that a new outage never waits long behind writes of less weight. */
const WRITES_PER_ROUND = 20;

/** Writes what is due, as much as fits into one round; `more` says that something is left. */
export async function writeStatuses(deps: WriteStatusesDeps): Promise<{ outcome: Outcome; more: boolean }> {
  const { term, facts, pace, signal } = deps;
  const planned = planStatuses(term.regions(), facts());
  const outcome = await writeEach({
    items: planned.slice(0, WRITES_PER_ROUND).map(({ metadata }) => metadata.name),
    isDue: (name) => statusDue(name, deps) !== undefined,
    write: (name) => write(name, deps),
    pace,
    signal,
  });
  return { outcome, more: planned.length > WRITES_PER_ROUND };
}

/** Planned anew just before its write: what came meanwhile goes with it. */
function statusDue(name: string, { term, facts }: WriteStatusesDeps) {
  const region = term.regions().find(({ metadata }) => metadata.name === name);
  const status = region && planStatus(region, facts());
  return status && { region, status };
}

async function write(name: string, deps: WriteStatusesDeps): Promise<void> {
  const due = statusDue(name, deps);
  if (!due) return;
  const path = `${REGIONS_PATH}/${encodeURIComponent(name)}/status`;
  const answer = toRegion(await deps.writer.apply(path, applied(due.region, due.status), { force: true }));
  if (!('issues' in answer)) deps.term.written(due.region, answer);
}

/** With the resourceVersion that was read, a change in between is a 409. */
function applied({ metadata: { name, resourceVersion } }: LiveRegion, status: RegionStatus): object {
  return {
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'Region',
    metadata: { name, resourceVersion },
    status: writeStatus(status),
  };
}
