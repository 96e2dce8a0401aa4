import { setTimeout as sleep } from 'node:timers/promises';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { pod } from '../e2e/objects.ts';

/** What became of the pods that were asked for. */
export interface PodCounts {
  readonly asked: number;
  readonly created: number;
  /** Names of those that came out of admission without gridgate's requirements: it was not asked, or not understood. */
  readonly unsteered: readonly string[];
  /** What the API server said of those that it did not create. */
  readonly failed: readonly string[];
  /** The longest that one creation took. */
  readonly slowestMs: number;
}

export interface PodStream {
  counts(): PodCounts;
  /** Asks for no more, and resolves when all that were asked for are answered. */
  stop(): Promise<PodCounts>;
}

/** Creates so many pods a second in a namespace, whether or not the ones before are answered yet. */
export function startPodStream(
  { request }: Pick<ControlPlane, 'request'>,
  namespace: string,
  perSecond: number,
): PodStream {
  const unsteered: string[] = [];
  const failed: string[] = [];
  const answers = new Set<Promise<void>>();
  const began = performance.now();
  let [asked, created, slowestMs] = [0, 0, 0];
  let isStopped = false;

  async function create(name: string): Promise<void> {
    const sent = performance.now();
    const { status, body } = await request('POST', `/api/v1/namespaces/${namespace}/pods`, pod(name));
    slowestMs = Math.max(slowestMs, performance.now() - sent);
    if (status !== 201) return void failed.push(`${name}: ${status} ${body.message}`);
    created++;
    if (!isSteered(body)) unsteered.push(name);
  }

  function ask(): void {
    const name = `p${asked++}`;
    const answer: Promise<void> = create(name)
      .catch((error: unknown) => void failed.push(`${name}: ${error}`))
      .finally(() => answers.delete(answer));
    answers.add(answer);
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
      while (asked < due) ask();
      await sleep(1_000 / perSecond);
    }
  }

  const running = run();
  const counts = () => ({ asked, created, unsteered, failed, slowestMs: Math.round(slowestMs) });
  return {
    counts,
    async stop() {
      isStopped = true;
      await running;
      await Promise.all(answers);
      return counts();
    },
  };
}

function isSteered({ metadata, spec }: Rendered): boolean {
  return metadata.annotations?.['gridgate.dev/decision'] !== undefined && spec.affinity?.nodeAffinity !== undefined;
}
