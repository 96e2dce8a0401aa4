import type { Mode } from '../decision/policy.ts';
import type { CapacityMode } from '../units/capacity-mode.ts';

/**
 * What a controller of capacity does, by its option and the kill switch. Whatever is not `on` changes nothing new, and puts back what
 * `on` has changed.
 *
 * | option  | kill switch        | mode    |
 * | ------- | ------------------ | ------- |
 * | `on`    | none, warn, enforce | `on`    |
 * | `on`    | audit              | `audit` |
 * | `audit` | any but off        | `audit` |
 * | any     | off                | `off`   |
 */
export function capacityMode(option: CapacityMode, cap: Mode | undefined): CapacityMode {
  if (cap === 'off') return 'off';
  return option === 'on' && cap === 'audit' ? 'audit' : option;
}

/** On an object that a controller of capacity changes: it leaves the object as it is now. */
export const PAUSED = 'gridgate.dev/paused';

/**
 * Whether a person wants an object left as it is; what is neither yes nor no is taken for yes. The guards of the controllers' account
 * read it alike (manifests/capacity).
 *
 * | gridgate.dev/paused | then      |
 * | ------------------- | --------- |
 * | absent, `false`     | followed  |
 * | anything else       | left alone |
 */
export function isPaused({ [PAUSED]: paused }: Readonly<Record<string, string>>): boolean {
  return paused !== undefined && paused.trim() !== 'false';
}
