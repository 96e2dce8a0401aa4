import type { Decision } from './decide.ts';
import { warning } from './messages.ts';
import type { PatchOperation } from './patch.ts';
import { MODES, type Mode } from './policy.ts';

/** What a review answers. */
export interface Effect {
  readonly allowed: boolean;
  readonly patch: readonly PatchOperation[];
  readonly warnings: readonly string[];
  /** Set in audit mode: the decision that was not carried out. */
  readonly would?: Decision['decision'];
}

/** A denial as two warnings, since one is too short for it; none where nothing is denied. */
export function refusalWarnings(will: string, { sentences }: Decision): readonly string[] {
  if (!sentences) return [];
  const [why, advice] = sentences;
  return [warning(`${will}: ${why}`), warning(advice)];
}

/** The mode that counts under the cluster's kill switch: the weaker of the two, off < audit < warn < enforce. */
export function capMode(mode: Mode, cap: Mode | undefined): Mode {
  return cap === undefined || MODES.indexOf(mode) <= MODES.indexOf(cap) ? mode : cap;
}

/**
 * What a namespace's mode makes of a decision:
 *
 * | mode      | allow        | steer        | deny                            |
 * | --------- | ------------ | ------------ | ------------------------------- |
 * | `audit`   | nothing      | nothing      | nothing                         |
 * | `warn`    | allow        | steer        | allow, with the denial as a warning |
 * | `enforce` | allow        | steer        | deny                            |
 */
export function effectOf(decision: Decision, mode: Mode): Effect {
  if (mode === 'off') return { allowed: true, patch: [], warnings: [] };
  if (mode === 'audit') return { allowed: true, patch: [], warnings: [], would: decision.decision };
  const { patch, warnings } = decision;
  if (decision.decision !== 'deny') return { allowed: true, patch, warnings };
  if (mode === 'enforce') return { allowed: false, patch: [], warnings };
  return { allowed: true, patch: [], warnings: [...refusalWarnings('would be denied', decision), ...warnings] };
}
