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
