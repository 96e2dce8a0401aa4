import type { Logger } from 'pino';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { createMemory, remember } from '../../decision/remember.ts';
import { type Clock, createPace } from '../pace.ts';
import { type Correction, correctionPatch, correctionsOf } from './corrections.ts';
import type { PlannedUnit } from './plan.ts';
import { type Member, nameOf } from './units.ts';
import { pathOf } from './waiting-paths.ts';

const PER_SECOND = 20;
/** A round ends within a second or so. */
const MOST_A_ROUND = 20;
const MOST_REMEMBERED = 20_000;

const ofPlan = createMemory<PlannedUnit, readonly Correction[]>();

interface Try {
  /** The version that was corrected, or would not be. */
  readonly version: string;
  /** Counts tries: those of before are lower. */
  readonly number: number;
}

/**
 * Has what waits say when it is planned to go, a few at a time, of each namespace in turn: what was never corrected before what
 * was, and of that the newest first, whose plan is the webhook's guess.
 */
export function createCorrector(deps: {
  readonly writer: Pick<ApiWriter, 'jsonPatch' | 'mergePatch'>;
  readonly clock: Clock;
  readonly log: Logger;
}) {
  const { writer, clock, log } = deps;
  const pace = createPace({ perSecond: PER_SECOND, clock });
  const tried = new Map<string, Try>();
  let tries = 0;

  const triedLast = ({ metadata: { uid = '' } }: Member) => tried.get(uid);

  function inTurn(waiting: readonly PlannedUnit[]): readonly Correction[] {
    const due = waiting
      .flatMap((one) =>
        remember(ofPlan, one, () => correctionsOf(one)).map((correction) => ({ ...correction, of: one.unit })),
      )
      .filter(({ member }) => triedLast(member)?.version !== member.metadata.resourceVersion)
      .sort(
        (a, b) =>
          (triedLast(a.member)?.number ?? 0) - (triedLast(b.member)?.number ?? 0) || b.of.createdAt - a.of.createdAt,
      );
    const ranks = new Map<string, number>();
    return due
      .map((correction) => {
        const rank = ranks.get(correction.of.namespace) ?? 0;
        ranks.set(correction.of.namespace, rank + 1);
        return { correction, rank };
      })
      .sort((a, b) => a.rank - b.rank)
      .map(({ correction }) => correction);
  }

  async function write(correction: Correction): Promise<boolean> {
    const { member } = correction;
    const { uid = '', resourceVersion = '' } = member.metadata;
    if (tried.size >= MOST_REMEMBERED) tried.clear();
    tries += 1;
    tried.set(uid, { version: resourceVersion, number: tries });
    const patch = correctionPatch(correction);
    try {
      if (Array.isArray(patch)) await writer.jsonPatch(pathOf(member), patch);
      else await writer.mergePatch(pathOf(member), patch);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log.debug({ waiting: nameOf(member), failure: error.message }, 'when it starts could not be written');
      return false;
    }
  }

  return {
    /** Answers how many were corrected. */
    async correct(waiting: readonly PlannedUnit[], signal: AbortSignal): Promise<number> {
      let corrected = 0;
      for (const correction of inTurn(waiting).slice(0, MOST_A_ROUND)) {
        await pace.take(signal);
        if (await write(correction)) corrected += 1;
      }
      return corrected;
    },
  };
}
