import { isPaused } from '../../capacity/paused.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { BOUNDS_BEFORE } from '../../scaling/bounds-before.ts';
import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { Clock, Pace } from '../pace.ts';
import { isConflict } from './act.ts';
import { byTurns } from './by-turns.ts';
import { createPatience } from './patience.ts';
import { keyOf, type Surroundings } from './surroundings.ts';
import type { TargetsWriter } from './targets-writer.ts';

/** Whoever may annotate HorizontalPodAutoscalers could make them look like ours: each takes a turn of all who scale. */
const MOST_A_ROUND = 20;
const MOST_A_NAMESPACE = 5;
const REFUSED = { firstMs: 30_000, longestMs: 3_600_000 } as const;

/** Autoscalers whose bounds are ours, and which nobody moves any more; paused ones are left as they are. */
export function orphansOf(
  { owners, autoscalersOf }: Pick<Surroundings, 'owners' | 'autoscalersOf'>,
  mode: CapacityMode,
): readonly HorizontalAutoscaler[] {
  const held = [...autoscalersOf.values()].flat().filter(({ annotations }) => annotations[BOUNDS_BEFORE] !== undefined);
  return held.filter(({ namespace, target: { name }, annotations }) => {
    const owner = owners.get(keyOf(namespace, name));
    if (isPaused(annotations) || (owner && isPaused(owner.annotations))) return false;
    const isMoved = owner && 'spec' in owner.wish && owner.wish.spec.mode === 'bounds';
    return mode !== 'on' || !isMoved;
  });
}

export interface PutBack {
  /** Some are left, or were written by somebody else in between: another round is due soon. */
  readonly isAgain: boolean;
  /** The first refusal of one; the others went on. */
  readonly failure: ApiError | undefined;
}

interface OrphansDeps {
  readonly targets: Pick<TargetsWriter, 'readHpa' | 'putBack'>;
  readonly pace: Pace;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Puts the bounds of orphans back, a few a round and in turns of namespaces. One that is refused is left alone for 30 s, then twice as long each time up to an
 * hour, or until it is another.
 */
export function createOrphans({ targets, pace, clock }: OrphansDeps) {
  /** Another projection is another object: it is tried at once. */
  const patience = createPatience<HorizontalAutoscaler>({ clock, ...REFUSED });

  async function putBackOne(one: HorizontalAutoscaler): Promise<ApiError | undefined> {
    try {
      await targets.readHpa(one.namespace, one.name).then(targets.putBack);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return undefined;
      if (isConflict(error)) return error;
      patience.refused(one);
      return error;
    }
    return undefined;
  }

  return {
    async putBack(orphans: readonly HorizontalAutoscaler[], signal: AbortSignal): Promise<PutBack> {
      const due = byTurns(orphans.filter(patience.mayTry), MOST_A_NAMESPACE);
      let isAgain = due.left > 0 || due.items.length > MOST_A_ROUND;
      let failure: ApiError | undefined;
      for (const one of due.items.slice(0, MOST_A_ROUND)) {
        await pace.take(signal);
        const error = await putBackOne(one);
        if (error && isConflict(error)) isAgain = true;
        else failure ??= error;
      }
      return { isAgain, failure };
    },
  };
}
