import { REASONS } from '../../decision/reasons.ts';
import type { AuditedWorkload } from './audited-workload.ts';

/**
 * A workload as its mode has it, for people: in a namespace that is off it is left alone, wherever `enforce` would place it.
 * The report as data keeps both, the decision as under `enforce` and the mode.
 */
export function asItActs(workload: AuditedWorkload): AuditedWorkload {
  const { mode, gramsPerHour, misplaced, misplacedIn } = workload;
  if (mode !== 'off') return workload;
  return {
    ...workload,
    decision: 'allow',
    reason: 'mode_off',
    message: REASONS.mode_off,
    asks: [],
    regions: [],
    region: null,
    misplaced: misplaced && 0,
    misplacedIn: misplacedIn && {},
    gramsPerHour: { ...gramsPerHour, placed: gramsPerHour.asWritten },
    alternative: null,
  };
}

/** Workloads that are off and would not be under another mode. */
export function countOff(workloads: readonly AuditedWorkload[]): { readonly off: number; readonly assumable: number } {
  const off = workloads.filter(({ mode }) => mode === 'off');
  return { off: off.length, assumable: off.filter(({ reason }) => reason !== 'mode_off').length };
}
