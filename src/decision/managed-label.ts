import type { Mode } from './policy.ts';

/** The webhook configurations exclude these, whatever their labels say. */
export const NEVER_MANAGED: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** Whether gridgate never acts in a namespace, its own among them, whatever the mode there says. */
export function isLeftAlone(name: string, ownNamespace: string | undefined): boolean {
  return NEVER_MANAGED.has(name) || name === ownNamespace;
}

/**
 * Whether a namespace should have the label `gridgate.dev/managed`; undefined where gridgate leaves the label alone.
 *
 * | namespace | mode                 | label  |
 * | --------- | -------------------- | ------ |
 * | excluded  | any                  | -      |
 * | other     | off                  | none   |
 * | other     | audit, warn, enforce | "true" |
 */
export function shouldBeManaged(name: string, mode: Mode, excluded = NEVER_MANAGED): boolean | undefined {
  return excluded.has(name) ? undefined : mode !== 'off';
}
