import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { SUCCEEDING_JOBS } from '../../cluster/completed-jobs.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import { textOfLengths } from '../../cluster/learnt-lengths.ts';
import { createReflector, type Reflector } from '../../cluster/reflector.ts';
import {
  LENGTHS_KEY,
  LENGTHS_NAME,
  type LearntLengths,
  lookUpLengths,
  NOTHING_LEARNT,
  readLearntLengths,
  writeLearntLengths,
} from '../../decision/learnt-lengths.ts';
import type { WaitingFacts } from '../../decision/waiting.ts';
import type { Controller } from '../manager.ts';
import { type Clock, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import { createJobRuns } from './job-runs.ts';
import { createLengthLedger, type LengthLedger } from './length-ledger.ts';

const WRITE_EVERY_MS = 60_000;
const READ_MS = 10_000;
const ROUNDS = {
  name: 'run-lengths',
  on: ['namespaces', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 2_000,
  restMs: 1_000,
} as const;

type LearntLength = NonNullable<WaitingFacts['learntLength']>;

export interface RunLengthsDeps {
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'mergePatch'>;
  readonly ownNamespace: string;
  /** Whether any namespace lets pods wait; where none does, nothing is watched, read or written. */
  readonly mayHoldAny: () => boolean;
  readonly mayHoldIn: (namespace: string) => boolean;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface RunLengths extends Controller {
  /** What earlier runs took, as it was last written; nothing while this does not run. */
  readonly learntLength: LearntLength;
  lastEventAt(): LastEvents;
}

interface Learning {
  readonly ledger: LengthLedger;
  readonly reflector: Reflector;
}

/**
 * Learns how long runs of Jobs take, by the owners of their pods, and keeps that in one ConfigMap, which every replica of the webhook
 * follows. Begins with what is written there; no run counts twice, by whomever.
 */
export function createRunLengths(deps: RunLengthsDeps): RunLengths {
  const { api, writer, ownNamespace, mayHoldAny, mayHoldIn, log, clock = MONOTONIC } = deps;
  const configMaps = `/api/v1/namespaces/${encodeURIComponent(ownNamespace)}/configmaps`;
  const path = `${configMaps}/${LENGTHS_NAME}`;
  let learning: Learning | undefined;
  let hasNews = false;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let learntLength: LearntLength = () => undefined;

  async function read(signal: AbortSignal): Promise<LearntLengths> {
    const options = { accept: 'application/json', idleTimeoutMs: READ_MS, signal };
    const object = (await getIfThere(api, path, options)) as KubeObject | undefined;
    const text = object && textOfLengths(object);
    if (text === undefined) return NOTHING_LEARNT;
    const lengths = readLearntLengths(text);
    if (!lengths) log.warn({ configMap: path }, 'learnt lengths of runs cannot be read; they are learnt anew');
    return lengths ?? NOTHING_LEARNT;
  }

  async function open(signal: AbortSignal): Promise<Learning> {
    const known = await read(signal);
    const ledger = createLengthLedger(known);
    const store = createJobRuns(ledger.book, mayHoldIn);
    const reflector = createReflector({ api, resource: SUCCEEDING_JOBS, store, log, onChange, pause: clock.pause });
    reflector.start().catch(() => {}); // rejected only when stopped before the first list
    learntLength = lookUpLengths(known);
    return { ledger, reflector };
  }

  function onChange(): void {
    hasNews = true;
    rounds.changed();
  }

  async function close(): Promise<void> {
    const ending = learning;
    learning = undefined;
    hasNews = false;
    learntLength = () => undefined;
    await ending?.reflector.stop();
  }

  async function write(lengths: LearntLengths): Promise<void> {
    const data = { [LENGTHS_KEY]: writeLearntLengths(lengths) };
    try {
      await writer.mergePatch(path, { data });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      const metadata = { name: LENGTHS_NAME, namespace: ownNamespace };
      await writer.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    }
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    if (!mayHoldAny()) await close();
    else learning ??= await open(signal);
    if (!learning || !hasNews) return 'done';
    const dueInMs = writtenAt + WRITE_EVERY_MS - clock.now();
    if (dueInMs > 0) return { dueInMs };
    const lengths = learning.ledger.learnt();
    hasNews = false;
    try {
      await write(lengths);
    } catch (error) {
      hasNews = true;
      throw error;
    }
    writtenAt = clock.now();
    learntLength = lookUpLengths(lengths);
    return 'done';
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await close();
    },
    learntLength: (...asked) => learntLength(...asked),
    lastEventAt: () => learning?.reflector.lastEvents() ?? {},
  };
}
