import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices, type Notice } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import {
  eventName,
  findMalformed,
  findUnenforceable,
  malformedEvent,
  type Unenforceable,
  unenforceableEvent,
  unenforceableName,
} from './plan.ts';
import { malformedPolicies, unenforceablePolicies } from './policy-metrics.ts';

const WRITES_PER_SECOND = 5;
const ROUNDS = {
  name: 'policy-reporter',
  on: ['namespaces', 'known-regions', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 5_000,
} as const;

export interface PolicyReporterDeps extends EventTellerDeps {
  readonly namespaces: () => Iterable<NamespaceRecord>;
  /** What is wrong with a namespace's annotations, in sentences. */
  readonly mistakesOf: (namespace: NamespaceRecord) => readonly string[];
  /** What a namespace allows where nothing that is known here is among it; absent: nobody looks. */
  readonly unenforceableOf?: (namespace: NamespaceRecord) => Omit<Unenforceable, 'namespace'> | undefined;
  /** The regions that are known, in words. */
  readonly known?: () => string;
  readonly ownNamespace?: string | undefined;
}

export interface PolicyReporter extends Controller {
  /** How many namespaces have a malformed policy; undefined while this does not run. */
  malformed(): number | undefined;
  /** The namespaces that allow nothing that is known here; undefined while this does not run. */
  unenforceable(): readonly string[] | undefined;
}

/**
 * Tells of each policy that is malformed, and of each that allows nothing that is known here, with one Event in its
 * namespace, once for the same mistakes or regions.
 */
export function createPolicyReporter(deps: PolicyReporterDeps): PolicyReporter {
  const { namespaces, mistakesOf, unenforceableOf = () => undefined, known = () => '' } = deps;
  const { ownNamespace, instance, writer, now, log, clock = MONOTONIC } = deps;
  const tell = createNotices({ writer, pace: createPace({ perSecond: WRITES_PER_SECOND, clock }) });
  let found: { readonly malformed: number; readonly unenforceable: readonly string[] } | undefined;

  async function round(signal: AbortSignal): Promise<Outcome> {
    const malformed = findMalformed(namespaces(), mistakesOf, ownNamespace);
    const unenforceable = findUnenforceable(namespaces(), unenforceableOf, ownNamespace);
    found = { malformed: malformed.length, unenforceable: unenforceable.map(({ namespace }) => namespace) };
    const items: readonly Notice[] = [
      ...malformed.map((one) => ({
        namespace: one.namespace,
        name: eventName(one),
        event: () => malformedEvent(one, instance, now()),
      })),
      ...unenforceable.map((one) => ({
        namespace: one.namespace,
        name: unenforceableName(one),
        event: () => unenforceableEvent(one, known(), { instance, now: now() }),
      })),
    ];
    return tell(items, signal);
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  const malformed = () => found?.malformed;
  const unenforceable = () => found?.unenforceable;
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      found = undefined;
    },
    malformed,
    unenforceable,
    metrics: [malformedPolicies(malformed), unenforceablePolicies(unenforceable)],
  };
}
