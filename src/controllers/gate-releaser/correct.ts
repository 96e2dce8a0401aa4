import type { Logger } from 'pino';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { createMemory, remember } from '../../decision/remember.ts';
import { type Clock, createPace } from '../pace.ts';
import { type Correction, correctionPatch, correctionsOf } from './corrections.ts';
import type { PlannedUnit } from './plan.ts';
import { nameOf } from './units.ts';
import { pathOf } from './waiting-paths.ts';

const PER_SECOND = 20;
/** A round ends within a second or so. */
const MOST_A_ROUND = 20;
const MOST_REMEMBERED = 20_000;

const ofPlan = createMemory<PlannedUnit, readonly Correction[]>();

/** Has what waits say when it is planned to go, a few at a time; the newest first, whose plan is the webhook's guess. */
export function createCorrector(deps: {
  readonly writer: Pick<ApiWriter, 'jsonPatch' | 'mergePatch'>;
  readonly clock: Clock;
  readonly log: Logger;
}) {
  const { writer, clock, log } = deps;
  const pace = createPace({ perSecond: PER_SECOND, clock });
  /** Of each object the version that was corrected, or would not be. */
  const tried = new Map<string, string>();

  async function write(correction: Correction): Promise<void> {
    const { member } = correction;
    const { uid = '', resourceVersion = '' } = member.metadata;
    if (tried.size >= MOST_REMEMBERED) tried.clear();
    tried.set(uid, resourceVersion);
    const patch = correctionPatch(correction);
    try {
      if (Array.isArray(patch)) await writer.jsonPatch(pathOf(member), patch);
      else await writer.mergePatch(pathOf(member), patch);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log.debug({ waiting: nameOf(member), failure: error.message }, 'when it starts could not be written');
    }
  }

  return {
    async correct(waiting: readonly PlannedUnit[], signal: AbortSignal): Promise<void> {
      const due = waiting
        .flatMap((one) =>
          remember(ofPlan, one, () => correctionsOf(one)).map((correction) => ({
            correction,
            createdAt: one.unit.createdAt,
          })),
        )
        .filter(
          ({ correction: { member } }) => tried.get(member.metadata.uid ?? '') !== member.metadata.resourceVersion,
        )
        .sort((a, b) => b.createdAt - a.createdAt);
      for (const { correction } of due.slice(0, MOST_A_ROUND)) {
        await pace.take(signal);
        await write(correction);
      }
    },
  };
}
