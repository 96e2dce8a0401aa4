import type { ApiClient } from '../cluster/api-client.ts';
import { getIfThere } from '../cluster/get-if-there.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { textOfLengths } from '../cluster/learnt-lengths.ts';
import type { Lease } from '../cluster/lease.ts';
import { describeReadFailure } from '../cluster/read-failure.ts';
import { HEARTBEAT_LEASE } from '../cluster/releaser-heartbeat.ts';
import { LENGTHS_NAME, lookUpLengths, readLearntLengths } from '../decision/learnt-lengths.ts';
import { ASSUMED_FACTS, type WaitingFacts } from '../decision/waiting.ts';
import { formatAge } from '../units/moment.ts';

/** A renewal that is older counts for nothing; the leader renews every 10 s. */
const ALIVE_MS = 60_000;
const IDLE_TIMEOUT_MS = 15_000;

interface Deps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly signal: AbortSignal;
  /** Where gridgate is installed. */
  readonly namespace: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface ReadFacts {
  readonly facts: Pick<WaitingFacts, 'isReleaserAlive' | 'learntLength'>;
  /** What is not known, or keeps all from waiting, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * What the webhook knows of waiting, as far as the caller may read it; never rejects. It sees renewals happen, where this sees one time in
 * the Lease and compares it with the clock of this machine.
 */
export async function readWaitingFacts(deps: Deps): Promise<ReadFacts> {
  const [heartbeat, lengths] = await Promise.all([readHeartbeat(deps), readLengths(deps)]);
  return { facts: { ...heartbeat.facts, ...lengths.facts }, notes: [...heartbeat.notes, ...lengths.notes] };
}

/**
 * | the Lease                                   | somebody lets go what waits |
 * | ------------------------------------------- | --------------------------- |
 * | held, renewed in the last 60 s (or later)   | yes                         |
 * | not there, of nobody, or renewed before     | no, and a note              |
 * | may not be read                             | assumed, and a note         |
 */
async function readHeartbeat({ now, ...deps }: Deps): Promise<ReadFacts> {
  const named = `Lease ${deps.namespace}/${HEARTBEAT_LEASE}`;
  const dead = (why: string) => ({ facts: { isReleaserAlive: false }, notes: [`${why}: ${NOBODY}`] });
  try {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(deps.namespace)}/leases/${HEARTBEAT_LEASE}`;
    const lease = (await read(deps, path)) as Lease | undefined;
    const { holderIdentity, renewTime } = lease?.spec ?? {};
    const age = now - Date.parse(renewTime ?? '');
    if (!lease) return dead(`there is no ${named}`);
    if (!holderIdentity || Number.isNaN(age)) return dead(`nobody holds the ${named}`);
    if (age >= ALIVE_MS) return dead(`the ${named} was renewed ${formatAge(age)} ago, by the clock of this machine`);
    return { facts: { isReleaserAlive: true }, notes: [] };
  } catch (error) {
    return { facts: ASSUMED_FACTS, notes: [`${describeReadFailure(error)}: ${ASSUMED}`] };
  }
}

const NOBODY = 'nobody lets go what waits, and so nothing new is made to wait; gridgate check says more';
const ASSUMED = 'that somebody lets go what waits is assumed';

async function readLengths(deps: Deps): Promise<{ facts: Pick<WaitingFacts, 'learntLength'>; notes: string[] }> {
  const named = `ConfigMap ${deps.namespace}/${LENGTHS_NAME}`;
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(deps.namespace)}/configmaps/${LENGTHS_NAME}`;
    const configMap = (await read(deps, path)) as KubeObject | undefined;
    const text = configMap && textOfLengths(configMap);
    if (text === undefined) return { facts: {}, notes: [] };
    const lengths = readLearntLengths(text);
    if (lengths) return { facts: { learntLength: lookUpLengths(lengths) }, notes: [] };
    return { facts: {}, notes: [`the ${named} is not what gridgate writes: what earlier runs took does not count`] };
  } catch (error) {
    return { facts: {}, notes: [`${describeReadFailure(error)}: what earlier runs took is not known`] };
  }
}

function read({ api, signal }: Pick<Deps, 'api' | 'signal'>, path: string): Promise<unknown> {
  return getIfThere(api, path, { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS, signal });
}
