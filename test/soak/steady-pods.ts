import { setTimeout as sleep } from 'node:timers/promises';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { readAuditLog } from '../control-plane/audit.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import type { Node } from '../decision/scheduler-model.ts';
import { pod } from '../e2e/objects.ts';
import { type Account, type Attempt, accountFor } from './pod-accounts.ts';

/** Every so many pods one names a region that its policy refuses. */
const REFUSED_EVERY = 10;
/** An event of the audit log may follow its answer by a moment. */
const AUDIT_MS = 1_500;

interface SteadyPods {
  readonly controlPlane: ControlPlane;
  /** In `enforce`; its `regions` are those that are allowed. */
  readonly namespace: string;
  readonly nodes: readonly Node[];
  readonly isAllowed: (region: string) => boolean;
  /** A region that is not allowed. */
  readonly refusedRegion: string;
  readonly perSecond: number;
  readonly prefix: string;
}

/** Creates pods at a steady pace through the API server, whatever it answers, until it is stopped; none waits for another. */
export function startSteadyPods(options: SteadyPods) {
  const { controlPlane, namespace, perSecond, prefix, refusedRegion } = options;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const stopping = new AbortController();
  const attempts: Promise<Attempt>[] = [];

  async function attempt(index: number): Promise<Attempt> {
    const isRefused = index % REFUSED_EVERY === REFUSED_EVERY - 1;
    const made = pod(
      `${prefix}-${index}`,
      isRefused ? { nodeSelector: { [REGION_LABEL]: refusedRegion } } : {},
      index % 3 === 0 ? { class: 'flexible' } : {},
    );
    const wanted = isRefused ? 'a refusal' : 'a place';
    try {
      const { status, body } = await controlPlane.request('POST', path, made);
      return { pod: made, wanted, answer: { status, message: String(body?.message ?? body) } };
    } catch {
      return { pod: made, wanted };
    }
  }

  async function run(): Promise<void> {
    const startedAt = performance.now();
    for (let index = 0; !stopping.signal.aborted; index++) {
      attempts.push(attempt(index));
      const dueAt = startedAt + ((index + 1) * 1_000) / perSecond;
      await sleep(Math.max(1, dueAt - performance.now()), undefined, { signal: stopping.signal }).catch(() => {});
    }
  }
  const running = run();

  return {
    tried: () => attempts.length,
    /** Ends it; what became of each pod, once the API server answers again. */
    async stop(): Promise<readonly Account[]> {
      stopping.abort();
      await running;
      const all = await Promise.all(attempts);
      await sleep(AUDIT_MS);
      const pods = await controlPlane.waitFor('the pods', async () => {
        const { status, body } = await controlPlane.request('GET', path);
        return status === 200 ? (body.items as Rendered[]) : undefined;
      });
      const audit = readAuditLog(controlPlane.auditLog, `"${prefix}-`);
      return accountFor({ ...options, attempts: all, pods, audit });
    },
  };
}
