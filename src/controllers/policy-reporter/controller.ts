import type { Logger } from 'pino';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome, type Rounds } from '../rounds.ts';
import { eventsPath } from '../warning-event.ts';
import { writeEach } from '../write-each.ts';
import { eventName, findMalformed, type Malformed, malformedEvent } from './plan.ts';

const WRITES_PER_SECOND = 5;
const ROUNDS = {
  name: 'policy-reporter',
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 5_000,
};
const TOLD_BEFORE = 409;

export interface PolicyReporterDeps {
  readonly namespaces: () => Iterable<NamespaceRecord>;
  /** What is wrong with a namespace's annotations, in sentences. */
  readonly mistakesOf: (namespace: NamespaceRecord) => readonly string[];
  readonly ownNamespace?: string | undefined;
  /** Who reports, for people: the pod or the host. */
  readonly instance: string;
  readonly writer: Pick<ApiWriter, 'create'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface PolicyReporter extends Rounds {
  /** How many namespaces have a malformed policy; undefined while this does not run. */
  malformed(): number | undefined;
}

/** Tells of each malformed policy with one Event in its namespace, once for the same mistakes. */
export function createPolicyReporter(deps: PolicyReporterDeps): PolicyReporter {
  const { namespaces, mistakesOf, ownNamespace, instance, writer, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  /** The Event of each namespace that is malformed now; one that is mended and broken again is told again. */
  let told = new Map<string, string>();
  let found: number | undefined;

  const isDue = (malformed: Malformed) => told.get(malformed.namespace) !== eventName(malformed);

  async function write(malformed: Malformed): Promise<void> {
    const { namespace } = malformed;
    await writer.create(eventsPath(namespace), malformedEvent(malformed, instance, now())).catch(unlessToldBefore);
    told.set(namespace, eventName(malformed));
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    const items = findMalformed(namespaces(), mistakesOf, ownNamespace);
    found = items.length;
    const names = new Set(items.map(({ namespace }) => namespace));
    told = new Map([...told].filter(([namespace]) => names.has(namespace)));
    return writeEach({ items, isDue, write, pace, signal });
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      found = undefined;
    },
    malformed: () => found,
  };
}

/** The leader before, or this one before it was stopped, told the same within the hour that Events live. */
function unlessToldBefore(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== TOLD_BEFORE) throw error;
}
