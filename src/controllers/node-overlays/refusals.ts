import { overlaps } from '../../capacity/keep-overlays.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { Outcome } from '../rounds.ts';
import type { DueOverlay } from './plan.ts';

/** What the API server refused in a round. */
export interface Refused {
  /** The first, to be thrown when all else is done. */
  readonly failure: ApiError | undefined;
  /** What was said of which overlay. */
  readonly refused: ReadonlyMap<string, string>;
}

export const NONE_REFUSED: Refused = { failure: undefined, refused: new Map() };

/** Collects refusals, so that a round goes on without what was refused; whatever else goes wrong ends it. */
export interface Refusals {
  /** Throws what is no refusal. */
  note(one: DueOverlay, error: unknown): void;
  /** Notes what is thrown of it when it has tried all. */
  through(run: () => Promise<Outcome>): Promise<Outcome>;
  /** Whether an overlay prices what one that was refused should. */
  isStandIn(one: NodeOverlayFacts): boolean;
  found(): Refused;
}

/** Gone, or changed meanwhile: seen anew. */
const HARMLESS = [404, 409];

export function createRefusals(): Refusals {
  const refused = new Map<string, string>();
  const waiting: DueOverlay['wanted'][] = [];
  let failure: ApiError | undefined;
  return {
    note({ wanted }, error) {
      if (!(error instanceof ApiError) || HARMLESS.includes(error.status ?? 0)) throw error;
      failure ??= error;
      waiting.push(wanted);
      refused.set(wanted.name, error.message);
    },
    async through(run) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        failure ??= error;
        return 'done';
      }
    },
    isStandIn: (one) => waiting.some((wanted) => overlaps(wanted.requirements, one.requirements)),
    found: () => ({ failure, refused }),
  };
}
