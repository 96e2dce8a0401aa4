import { type NamedOverlay, type OverlayStep, stepFor, weigh } from '../../capacity/keep-overlays.ts';
import { isPaused } from '../../capacity/paused.ts';
import type { OverlaySettings } from '../../capacity/price-cells.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';

/** An overlay that is to be written. */
export interface DueOverlay {
  readonly wanted: NamedOverlay;
  readonly weight: number;
}

/** What a round has to do. */
export interface OverlayWork {
  /** Missing, or not as we write them: at once. */
  readonly changes: readonly DueOverlay[];
  /** Those whose price of carbon alone is another, the one that is farthest off first: slowly. */
  readonly prices: readonly DueOverlay[];
  /** Ours that nobody wants any more; only once the others are there. */
  readonly deletions: readonly NodeOverlayFacts[];
  /** When the next price may change, epoch milliseconds; absent: none is off. */
  readonly dueAt?: number;
}

interface WorkInput {
  readonly wanted: readonly NamedOverlay[];
  /** Those of the controller that are there. */
  readonly own: readonly NodeOverlayFacts[];
  readonly settings: Pick<OverlaySettings, 'weights'>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Compares what there should be with what there is; a step for each overlay. */
export function* planWork({ wanted, own, settings, now }: WorkInput): Generator<void, OverlayWork> {
  const byName = new Map(own.map((one) => [one.name, one]));
  const weights = weigh(wanted, own, settings.weights);
  yield;
  const steps: { readonly due: DueOverlay; readonly step: OverlayStep }[] = [];
  for (const overlay of wanted) {
    const weight = weights.get(overlay.name) ?? overlay.leastWeight;
    const step = stepFor(overlay, byName.get(overlay.name), { weight, now });
    steps.push({ due: { wanted: overlay, weight }, step });
    yield;
  }
  const writes = steps.flatMap(({ due, step }) => (step.do === 'write' ? [{ due, step }] : []));
  const prices = writes.filter(({ step }) => step.why === 'price').sort((a, b) => b.step.drift - a.step.drift);
  const times = steps.flatMap(({ step }) => dueAtOf(step));
  return {
    changes: writes.filter(({ step }) => step.why !== 'price').map(({ due }) => due),
    prices: prices.map(({ due }) => due),
    deletions: planRemoval(own, new Set(wanted.map(({ name }) => name))),
    ...(times.length > 0 && { dueAt: Math.min(...times) }),
  };
}

/** Ours that are to go: all but those that are wanted, and those that somebody paused. */
export function planRemoval(
  own: readonly NodeOverlayFacts[],
  wanted: ReadonlySet<string> = new Set(),
): readonly NodeOverlayFacts[] {
  return own.filter((one) => !wanted.has(one.name) && !isPaused(one.annotations));
}

function dueAtOf(step: OverlayStep): readonly number[] {
  return step.do === 'keep' && step.dueAt !== undefined ? [step.dueAt] : [];
}
