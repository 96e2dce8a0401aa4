import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** `<pod name>_<random>`: a pod's host name is its name, and a container that restarts in it is another candidate. */
export function makeIdentity(podName = hostname()): string {
  return `${podName}_${randomUUID()}`;
}
