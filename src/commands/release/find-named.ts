import type { ApiClient } from '../../cluster/api-client.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import { podsPath } from '../../cluster/live-pods.ts';
import { CRON_JOB, JOB, ownersPath } from '../../cluster/owner-kinds.ts';
import { listJobsOf } from '../../cluster/waiting-work.ts';
import { readFromCluster, type Unread } from '../../world/open-cluster.ts';
import { isOf, nameTarget, type Target, waitingUnder } from './asked.ts';
import type { WaitingUnit } from './waiting-units.ts';
import { whyNot } from './why-not.ts';

const TIMEOUT_MS = 60_000;

interface Within {
  readonly api: Pick<ApiClient, 'get'>;
  readonly namespace: string;
  /** All that waits there. */
  readonly units: readonly WaitingUnit[];
}

interface Found {
  readonly chosen: readonly WaitingUnit[];
  /** Of what is there and does not wait, a sentence each. */
  readonly notes: readonly string[];
  /** Of what is not there. */
  readonly missing: readonly string[];
}

/** What was named of what waits. */
export async function findNamed(targets: readonly Target[], within: Within): Promise<Found | Unread> {
  const chosen = new Set<WaitingUnit>();
  const notes: string[] = [];
  const missing: string[] = [];
  for (const target of targets) {
    const read = await readFromCluster(nameTarget(target), () => look(target, within), TIMEOUT_MS);
    if ('issues' in read) return read;
    const { units = [], object } = read.value;
    for (const unit of units) chosen.add(unit);
    if (object !== undefined) notes.push(whyNot(target, object));
    else if (units.length === 0) missing.push(tellMissing(target, within));
  }
  return { chosen: [...chosen], notes, missing };
}

interface Looked {
  readonly units?: readonly WaitingUnit[];
  /** What is there, and does not wait. */
  readonly object?: object | undefined;
}

async function look(target: Target, { api, namespace, units }: Within): Promise<Looked> {
  const own = units.filter((unit) => isOf(unit, target));
  if (own.length > 0) return { units: own };
  const path = pathOf(target, namespace);
  if (path === undefined) return {};
  const ofJobs = target.kind === 'CronJob' ? await unitsByJobsOf(target.name, { api, namespace, units }) : [];
  if (ofJobs.length > 0) return { units: ofJobs };
  const options = { accept: 'application/json', idleTimeoutMs: TIMEOUT_MS };
  return { object: (await getIfThere(api, path, options)) as object | undefined };
}

/** Of a CronJob whose Jobs are not called by its name and a minute: somebody made them of it by hand. */
async function unitsByJobsOf(cronJob: string, { api, namespace, units }: Within): Promise<readonly WaitingUnit[]> {
  const jobs = await listJobsOf(api, namespace, cronJob);
  return units.filter((unit) => jobs.some((name) => isOf(unit, { kind: 'Job', name })));
}

function pathOf({ kind, name }: Target, namespace: string): string | undefined {
  if (kind === 'Pod') return `${podsPath(namespace)}/${name}`;
  if (kind === 'Job') return `${ownersPath(JOB, namespace)}/${name}`;
  return kind === 'CronJob' ? `${ownersPath(CRON_JOB, namespace)}/${name}` : undefined;
}

function tellMissing(target: Target, { namespace, units }: Within): string {
  const isKnown = pathOf(target, namespace) !== undefined;
  const others = waitingUnder(target.name, units);
  const meant = others.length === 0 ? '' : `; what waits by that name is ${others.join(', ')}`;
  return `nothing called ${nameTarget(target)} waits in namespace ${namespace}${isKnown ? ', and there is none' : ''}${meant}`;
}
