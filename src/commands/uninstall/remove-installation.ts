import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { deleteObject } from '../../cluster/delete-object.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { describeReadFailure, lacksRight } from '../../cluster/read-failure.ts';
import { type Pause, retryPassing } from '../../cluster/retry-passing.ts';
import { acceptFor } from '../../cluster/watched-resource.ts';
import { type Progress, progressBar } from '../../terminal/progress.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { letGo } from '../release/let-go.ts';
import { listUnits } from '../release/waiting-units.ts';
import {
  type Asked,
  findWritten,
  type Installation,
  judgeNamespace,
  type Removal,
  type Trace,
} from './find-installation.ts';
import { STEPS, type Step } from './installed-objects.ts';

export interface Removing {
  readonly api: Pick<ApiClient, 'get' | 'send'>;
  readonly asked: Asked;
  readonly progress: Pick<Progress, 'show'>;
  /** Hears of each step that has something to do, as it begins. */
  readonly tell?: (step: Step) => Promise<unknown>;
  readonly pause?: Pause;
}

const AT_ONCE = 8;
const IDLE_TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 500;
/** Longer than a replica's grace period of 30 s. */
const MOST_LOOKS = 120;
const MOST_TRIES = 20;
const FIELD_MANAGER = 'gridgate-uninstall';
const LETTING_GO = { clock: Date.now, fieldManager: FIELD_MANAGER, forgets: true } as const;

/**
 * Where something of these cannot be deleted, what follows would not be safe: admission would wait for pods that are gone, or what
 * is cleaned would be written again. Pods that do not end in time are no obstacle: their right to write is gone.
 */
const BARRIERS: ReadonlySet<Step> = new Set(['webhooks', 'controllers']);
/** Deleted in the foreground: their pods go first. */
const WITH_PODS: ReadonlySet<string> = new Set(['Deployment', 'CronJob']);
/** What must be gone, not only going, before the next step. */
const AWAITED: ReadonlySet<string> = new Set([...WITH_PODS, 'CustomResourceDefinition', 'Namespace']);

interface Refusals {
  /** Without these it does not begin. */
  readonly missingRights: readonly string[];
  /** Of admission, above all: they concern single objects, and the others can go. */
  readonly otherRefusals: readonly string[];
}

/** What would not be removed, a sentence each: every deletion, and a write of each kind, is tried without being done. */
export async function findRefusals(
  { api }: Pick<Removing, 'api'>,
  { removals, traces, waiting }: Installation,
): Promise<Refusals> {
  const missingRights: string[] = [];
  const otherRefusals: string[] = [];
  const tell = (error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404 || error.status === 409) return; // gone, or written meanwhile: read again when its turn comes
    (lacksRight(error) ? missingRights : otherRefusals).push(describeReadFailure(error));
  };
  await inParallel(removals, AT_ONCE, ({ path }) =>
    retryPassing(() => deleteObject(api, path, { isDryRun: true })).catch(tell),
  );
  const oneOfEach = new Map(traces.map((trace) => [trace.kind, trace]));
  await inParallel(oneOfEach.values(), AT_ONCE, ({ path, traces: { patch } }) =>
    retryPassing(() => sendPatch(api, path, patch, { dryRun: 'All' })).catch(tell),
  );
  const waitingOfEach = new Map(waiting.map((unit) => [unit.kind, unit]));
  await inParallel(waitingOfEach.values(), AT_ONCE, (unit) =>
    letGo(unit, { ...LETTING_GO, api, isDryRun: true }).catch(tell),
  );
  return { missingRights: missingRights.sort(), otherRefusals: otherRefusals.sort() };
}

/**
 * Removes all of it, step by step; answers what could not be removed, a sentence each. What is gone meanwhile is fine, so this
 * can be done again after it was interrupted anywhere. Rejects with the network's own error.
 */
export async function removeInstallation(removing: Removing, found: Installation): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const step of STEPS) {
    const failedBefore = failures.length;
    await tellOfWork(step, removing, found);
    if (step === 'waiting') await letAllGo();
    // Until its controllers were gone it wrote on.
    const written = step === 'traces' ? await findWritten(removing.api, removing.asked, removing.progress.show) : NONE;
    const known = found.removals.filter((one) => one.step === step);
    const going = await removeAll(byPath([...known, ...written.removals]));
    if (BARRIERS.has(step) && failures.length > failedBefore)
      return [...failures, 'nothing that must come later was begun'];
    if (step === 'traces') await cleanAll(byPath([...found.traces, ...written.traces]));
    for (const removal of going)
      await attempt(`delete ${removal.kind} ${removal.called}`, () => untilGone(removal, removing));
    // An API server that heard late that the webhooks are gone may have had more made to wait: no pod is left that could.
    if (step === 'controllers') await letAllGo();
  }
  return [...new Set(failures)];

  /** Answers those that are going, and are to be gone before the next step. */
  async function removeAll(removals: readonly Removal[]): Promise<readonly Removal[]> {
    const going: Removal[] = [];
    for (const removal of removals) {
      const what = `delete ${removal.kind} ${removal.called}`;
      const isDone = await attempt(what, () => remove(removal, removing, found.stays.ofOthers));
      if (isDone && AWAITED.has(removal.kind)) going.push(removal);
    }
    return going;
  }

  async function letAllGo(): Promise<void> {
    removing.progress.show('look for what waits');
    const waiting = await listUnits(removing.api, {});
    let done = 0;
    await inParallel(waiting, AT_ONCE, async (unit) => {
      await attempt(`let go ${unit.kind} ${unit.object.metadata.namespace}/${unit.object.metadata.name}`, async () => {
        await letGo(unit, { ...LETTING_GO, ...removing });
      });
      removing.progress.show(progressBar(++done, waiting.length, 'that wait'));
    });
  }

  async function attempt(what: string, act: () => Promise<void>): Promise<boolean> {
    removing.progress.show(what);
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof StaysError)) throw error;
      failures.push(`cannot ${what}: ${describeReadFailure(error)}`);
      return false;
    }
  }

  async function cleanAll(traces: readonly Trace[]): Promise<void> {
    let done = 0;
    await inParallel(traces, AT_ONCE, async (trace) => {
      await attempt(`clean ${trace.kind.kind} ${nameIn(trace.path)}`, () => clean(trace, removing));
      removing.progress.show(progressBar(++done, traces.length, 'labels, taints and annotations'));
    });
  }
}

/** Of work that is known before the step begins. */
async function tellOfWork(step: Step, { tell }: Removing, { removals, traces, waiting }: Installation): Promise<void> {
  const written: Partial<Record<Step, readonly unknown[]>> = { waiting, traces };
  if ((written[step] ?? []).length > 0 || removals.some((one) => one.step === step)) await tell?.(step);
}

class StaysError extends Error {}

const NONE = { removals: [], traces: [] };

/** Each once, as it was seen last. */
function byPath<T extends { readonly path: string }>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [one.path, one])).values()];
}

/** A namespace is looked into once more: what came since it was judged must not go with it. */
async function remove(
  { path, uid, kind, step }: Removal,
  { api, asked, pause }: Removing,
  ofOthers: readonly string[],
): Promise<void> {
  if (step === 'namespace') {
    const { goes, stays } = await judgeNamespace(api, asked, ofOthers);
    if (stays) throw new StaysError('something came into it meanwhile');
    if (!goes) return;
  }
  const isForeground = WITH_PODS.has(kind);
  await retryPassing(() => deleteObject(api, path, { isForeground, ...(step === 'namespace' && { uid }) }), pause);
}

async function untilGone({ path, kind }: Removal, { api, pause = sleep }: Removing): Promise<void> {
  const options = { accept: acceptFor('metadata', 'one'), idleTimeoutMs: IDLE_TIMEOUT_MS };
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    if ((await retryPassing(() => getIfThere(api, path, options), pause)) === undefined) return;
    await pause(LOOK_AGAIN_MS);
  }
  const what = WITH_PODS.has(kind) ? 'its pods are still there' : 'something in it holds it';
  throw new StaysError(
    `it is going, but ${what} after ${(MOST_LOOKS * LOOK_AGAIN_MS) / 1_000} s; run this again when it is gone`,
  );
}

/**
 * Writes until nothing of gridgate is on the object. Somebody else's write in between is a 409; and an API server that has yet to
 * hear that the webhooks are gone has gridgate put its label back, which the answer shows.
 */
async function clean({ kind, path, traces }: Trace, removing: Removing): Promise<void> {
  let patch: Trace['traces']['patch'] | undefined = traces.patch;
  for (let tries = 0; patch && tries < MOST_TRIES; tries++) {
    if (tries > 0) await (removing.pause ?? sleep)(LOOK_AGAIN_MS);
    const written = await writeUnlessChanged(removing, path, patch);
    if (written === 'gone') return;
    const now = written === 'changed' ? await read(removing, path) : written;
    patch = now && kind.find(now)?.patch;
  }
  if (patch) throw new StaysError('somebody writes it back');
}

async function writeUnlessChanged(
  { api, pause }: Removing,
  path: string,
  patch: object,
): Promise<KubeObject | 'gone' | 'changed'> {
  try {
    return await retryPassing(() => sendPatch(api, path, patch), pause);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
    return error.status === 404 ? 'gone' : 'changed';
  }
}

async function read({ api, pause }: Removing, path: string): Promise<KubeObject | undefined> {
  const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS };
  return (await retryPassing(() => getIfThere(api, path, options), pause)) as KubeObject | undefined;
}

async function sendPatch(
  api: Pick<ApiClient, 'send'>,
  path: string,
  body: object,
  query: { readonly dryRun?: 'All' } = {},
): Promise<KubeObject> {
  const contentType = 'application/merge-patch+json';
  const options = {
    contentType,
    body,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    query: { fieldManager: FIELD_MANAGER, ...query },
  };
  return (await api.send('PATCH', path, options)) as KubeObject;
}

function nameIn(path: string): string {
  const [, namespace, name] = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)/.exec(path) ?? [];
  return name === undefined ? (path.split('/').at(-1) ?? '') : `${namespace}/${name}`;
}
