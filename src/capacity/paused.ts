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
