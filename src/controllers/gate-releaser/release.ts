import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError, messageOf } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { JobRecord } from '../../cluster/jobs.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { Decision } from '../../decision/decide.ts';
import type { Mode } from '../../decision/policy.ts';
import { RELEASED } from '../../decision/wait-annotations.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { isoTime } from '../../units/moment.ts';
import { createExpectations } from '../expectations.ts';
import { type Clock, createPace } from '../pace.ts';
import { distinctMembers } from './distinct-members.ts';
import { letGo } from './let-go.ts';
import { isDenial, isUrgent, type PlannedUnit } from './plan.ts';
import { createRefusals } from './refusals.ts';
import type { createSavings } from './savings.ts';
import type { WaitTeller } from './tell-events.ts';
import { type Member, nameOf, type WaitingView } from './units.ts';
import { refusedEvents, releasedEvents } from './wait-events.ts';
import { jobPath } from './waiting-paths.ts';

/** Requests at once: 200 a second want answers within 80 ms. */
const AT_ONCE = 16;
/** A round ends within seconds, so that what becomes urgent meanwhile has its turn. */
const SECONDS_A_ROUND = 2;
const MOST_URGENT_A_ROUND = 1_000;
/** Nothing is begun after so long, since answers may take seconds each; each round more costs a second or two of its own. */
const LONGEST_ROUND_MS = 10_000;
const FORBIDDEN = 403;
const MARKS_PER_SECOND = 20;
const MOST_DELAYS = 100_000;
const NOTHING_ADDED: Pick<Decision, 'patch'> = { patch: [] };

export interface ReleaserDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'jsonPatch' | 'mergePatch'>;
  /** By what is known at this moment. */
  readonly decide: (member: Member) => Decision;
  /** The mode that counts in a namespace. */
  readonly modeOf: (namespace: string) => Mode;
  readonly onRelease: (planned: PlannedUnit, member: Member) => void;
  readonly teller: Pick<WaitTeller, 'tell'>;
  readonly savings: Pick<ReturnType<typeof createSavings>, 'book'>;
  readonly instance: string;
  readonly releaseRate: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Released {
  readonly released: number;
  /** What the API server said where it forbade a release: to one, or to us. */
  readonly forbidden: string | undefined;
}

interface Turn {
  readonly planned: PlannedUnit;
  readonly member: Member;
}

/** Lets units go, each once however far behind the view is, and marks their Jobs afterwards. */
export function createReleaser(deps: ReleaserDeps) {
  const { writer, decide, modeOf, onRelease, teller, savings, instance, releaseRate, now, clock, log } = deps;
  const pace = createPace({ perSecond: releaseRate, clock });
  const markPace = createPace({ perSecond: MARKS_PER_SECOND, clock });
  const expectations = createExpectations(clock);
  const refusals = createRefusals(clock);
  /** Jobs of which something went, by uid, and when. */
  const unmarked = new Map<string, { readonly job: JobRecord; readonly at: number }>();
  const mostAtOnce = Math.ceil(releaseRate * SECONDS_A_ROUND);
  let delays: number[] = [];

  function turnsOf(due: readonly PlannedUnit[]): readonly Turn[] {
    const turns = due.flatMap((planned) => planned.unit.members.map((member) => ({ planned, member })));
    const [urgent, gentle] = [true, false].map((wanted) =>
      turns
        .filter(({ planned, member }) => isUrgent(planned, now()) === wanted && !refusals.isPaused(member))
        .sort((a, b) => refusals.failuresOf(a.member) - refusals.failuresOf(b.member)),
    );
    // What is left of a unit has begun, and so comes first in the next round.
    return [...(urgent ?? []).slice(0, MOST_URGENT_A_ROUND), ...(gentle ?? []).slice(0, mostAtOnce)];
  }

  function podsThatMayGo(planned: PlannedUnit): number {
    const going = planned.unit.members.filter((member) => !refusals.isPaused(member));
    return going.length === 0 || (planned.reason !== 'begun' && isDenied(planned))
      ? 0
      : going.reduce((sum, { pods }) => sum + pods, 0);
  }

  /** A unit goes as a whole or, until its latest start, not at all. */
  function isDenied({ unit }: PlannedUnit): boolean {
    const mode = modeOf(unit.namespace);
    return distinctMembers(unit).some((member) => isDenial(tryToDecide(member), mode));
  }

  /** What cannot be decided about goes as its author wrote it: nobody is held back by a mistake of ours. */
  function tryToDecide(member: Member): Decision | undefined {
    try {
      return decide(member);
    } catch (error) {
      log.error({ err: error, waiting: nameOf(member) }, 'deciding failed: let go with nothing added');
      return undefined;
    }
  }

  /** Rejects where nothing is taken at the moment; one that is refused alone holds up nobody. */
  async function release(due: readonly PlannedUnit[], signal: AbortSignal): Promise<Released> {
    expectations.forgetOld();
    const turns = turnsOf(due);
    const endsAt = clock.now() + LONGEST_ROUND_MS;
    let released = 0;
    let forbidden: string | undefined;

    async function takeTurn(turn: Turn): Promise<void> {
      const { planned, member } = turn;
      if (!isUrgent(planned, now())) await pace.take(signal);
      signal.throwIfAborted();
      if (clock.now() >= endsAt) return;
      const answer = await releaseMember(turn).catch((error: unknown) => {
        refusals.failed(member);
        throw error;
      });
      if (!answer) released += 1;
      else if (answer.status === FORBIDDEN) forbidden = messageOf(answer);
    }

    await inParallel(turns, AT_ONCE, takeTurn);
    if (released > 0) log.info({ released, waiting: due.length }, 'let go what waited');
    return { released, forbidden };
  }

  /** What is refused is tried again and again, and told of once. */
  function noteRefusal(member: Member, { message }: ApiError): void {
    const isNews = refusals.refused(member);
    log[isNews ? 'warn' : 'debug']({ waiting: nameOf(member), failure: message }, 'could not be let go');
  }

  async function releaseMember({ planned, member }: Turn): Promise<ApiError | undefined> {
    const { reason, startAt, latestStart } = planned;
    let decision: Decision | undefined;
    const answer = await letGo(member, {
      ...deps,
      decide(current) {
        decision = reason === 'not_placed' ? undefined : tryToDecide(current);
        return decision ?? NOTHING_ADDED;
      },
    });
    const { uid = '', resourceVersion = '' } = member.metadata;
    if (answer instanceof ApiError) {
      noteRefusal(member, answer);
      return answer;
    }
    refusals.went(member);
    expectations.expectChange(uid, resourceVersion);
    if (answer === 'gone') return undefined;
    onRelease(planned, member);
    const at = now();
    if (delays.length < MOST_DELAYS) delays.push(Math.max(0, at - Math.min(startAt, latestStart)) / 1_000);
    savings.book(planned, member, at);
    if (member.kind === 'Pod' && member.job && !member.job.isMarked)
      unmarked.set(member.job.metadata.uid ?? '', { job: member.job, at });
    teller.tell(releasedEvents(planned, member, { instance, now: at }));
    if (decision && isDenial(decision, modeOf(planned.unit.namespace)))
      teller.tell(refusedEvents(member, decision, { instance, now: at }));
    return undefined;
  }

  return {
    /** Pods that may go in one round of those that nothing presses. */
    mostAtOnce,
    /** How many of a unit that nothing presses would be let go now. */
    podsThatMayGo,
    failuresOf: ({ unit }: PlannedUnit) =>
      unit.members.reduce((least, member) => Math.min(least, refusals.failuresOf(member)), Number.POSITIVE_INFINITY),
    release,
    /** Whether the view merely shows what a write of ours has ended. */
    isBehind: ({ uid = '', resourceVersion = '' }: KubeObject['metadata']) =>
      expectations.isBehind(uid, resourceVersion),
    /**
     * Says on Jobs of which pods went that they did: whoever leads next knows that later ones do not wait. Through the status,
     * where the API server drops every change of a spec. Answers how many it marked.
     */
    async markJobs(view: Pick<WaitingView, 'job'>, signal: AbortSignal): Promise<number> {
      let marked = 0;
      for (const [uid, { job, at }] of [...unmarked].slice(0, MARKS_PER_SECOND)) {
        const { name, namespace = '' } = job.metadata;
        const current = view.job(namespace, name);
        if (current?.metadata.uid === uid && !current.isMarked) {
          await markPace.take(signal);
          const annotations = { [RELEASED]: isoTime(at) };
          const written = await writer
            .mergePatch(`${jobPath(job)}/status`, { metadata: { uid, annotations } })
            .catch(toleratingRefusal);
          if (written) marked += 1;
        }
        unmarked.delete(uid);
      }
      return marked;
    },
    /** Seconds, since the last time. */
    takeDelays(): readonly number[] {
      const taken = delays;
      delays = [];
      return taken;
    },
  };
}

function toleratingRefusal(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
