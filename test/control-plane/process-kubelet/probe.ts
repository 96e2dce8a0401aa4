import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Pod } from './pod.ts';

/** One answer to a probe's `httpGet`, as a kubelet judges it: 200 to 399 is a success, no answer in time is none. */
function answersProbe(probe: Pod, container: Pod, address: string): Promise<boolean> {
  const { httpGet, timeoutSeconds = 1 } = probe;
  const named = container.ports?.find(({ name }: Pod) => name === httpGet.port)?.containerPort;
  const isTls = httpGet.scheme === 'HTTPS';
  const options = {
    host: httpGet.host ?? address,
    port: named ?? httpGet.port,
    path: httpGet.path ?? '/',
    timeout: timeoutSeconds * 1000,
    agent: false,
  };
  return new Promise((resolve) => {
    const outgoing = isTls ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    outgoing.once('response', ({ statusCode = 0 }) => {
      outgoing.destroy();
      resolve(statusCode >= 200 && statusCode < 400);
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => resolve(false));
    outgoing.once('close', () => resolve(false));
    outgoing.end();
  });
}

/** Counts answers in a row against a probe's thresholds. */
export function createProbe(probe: Pod, container: Pod, address: string) {
  const { periodSeconds = 10, initialDelaySeconds = 0, failureThreshold = 3, successThreshold = 1 } = probe;
  let dueAt = Date.now() + initialDelaySeconds * 1000;
  let [failures, successes] = [0, 0];
  return {
    /** `undefined`: as before. */
    async poll(): Promise<'success' | 'failure' | undefined> {
      if (Date.now() < dueAt) return undefined;
      dueAt = Date.now() + periodSeconds * 1000;
      const isFine = await answersProbe(probe, container, address);
      failures = isFine ? 0 : failures + 1;
      successes = isFine ? successes + 1 : 0;
      if (successes >= successThreshold) return 'success';
      return failures >= failureThreshold ? 'failure' : undefined;
    },
  };
}
