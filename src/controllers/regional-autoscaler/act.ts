import { ApiError } from '../../cluster/api-error.ts';
import type { Pod } from '../../decision/pod.ts';
import { type HorizontalAutoscaler, toHorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import { boundsAt, type TargetFacts } from '../../scaling/regional-target.ts';
import type { Action } from '../../scaling/regional-verdict.ts';
import { toScaledWorkload } from '../../scaling/scaled-workload.ts';
import type { WrittenTargets } from './known-better.ts';
import type { DeploymentObject, HpaObject, TargetsWriter } from './targets-writer.ts';

/** Our status updates and those of others come between a read and a write all the time. */
const TRIES = 4;

export interface ActDeps {
  readonly targets: TargetsWriter;
  readonly better: WrittenTargets;
  /** Whether a pod of this template would come to run in a region now, by the same `decide()` as the webhook's. */
  readonly wouldRunIn: (pod: Pod, namespace: string, region: string) => boolean;
}

interface Act {
  readonly namespace: string;
  readonly key: string;
  readonly action: Action;
  readonly facts: TargetFacts;
  /** In bounds mode, as the watch shows it. */
  readonly hpa: HorizontalAutoscaler | undefined;
  /** Writes down what is about to be done; called once all that speaks against it has been asked. */
  readonly announce: () => Promise<void>;
}

/**
 * | answer   | means                                                                       |
 * | -------- | --------------------------------------------------------------------------- |
 * | `done`   | the target is as it was to be                                               |
 * | `denied` | its next pod would not come to run there now: another target is asked           |
 * | `other`  | the target is not as it was seen: what is known of it by now counts instead |
 */
export type ActOutcome = 'done' | 'denied' | 'other';

/** One kind of target: how it is read, judged and written. */
interface Hand<T> {
  /** As it is now; `undefined` where it is not as it was seen, which is kept. */
  read(): Promise<T | undefined>;
  /** What it would make next. */
  podOf(object: T): Promise<Pod>;
  write(object: T): Promise<void>;
}

/** Does one action on the target as it is now, once that was announced. */
export function act(deps: ActDeps, one: Act): Promise<ActOutcome> {
  return one.hpa ? perform(deps, one, boundsHand(deps, one, one.hpa)) : perform(deps, one, scaleHand(deps, one));
}

async function perform<T>(
  { wouldRunIn }: ActDeps,
  { namespace, action, announce }: Act,
  hand: Hand<T>,
): Promise<ActOutcome> {
  for (let tries = 1; ; tries++) {
    const object = await hand.read();
    if (!object) return 'other';
    const isMore = action.to > action.from;
    if (tries === 1 && isMore && !wouldRunIn(await hand.podOf(object), namespace, action.region)) return 'denied';
    if (tries === 1) await announce();
    if (await isWritten(hand.write(object), tries < TRIES)) return 'done';
  }
}

async function isWritten(write: Promise<void>, mayTryAgain: boolean): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (mayTryAgain && isConflict(error)) return false;
    throw error;
  }
}

function scaleHand({ targets, better }: ActDeps, { namespace, key, action }: Act): Hand<DeploymentObject> {
  return {
    async read() {
      const object = await targets.readDeployment(namespace, action.target);
      const is = toScaledWorkload('Deployment', object);
      if (is.uid === action.uid && is.generation === action.generation && is.replicas === action.from) return object;
      better.keepDeployment(key, is);
      return undefined;
    },
    podOf: async (object) => podOf(object),
    async write(object) {
      await targets.scale(object, action.to);
      const was = toScaledWorkload('Deployment', object);
      better.keepDeployment(key, { ...was, generation: was.generation + 1, replicas: action.to });
    },
  };
}

function boundsHand(
  { targets, better }: ActDeps,
  { namespace, key, action, facts }: Act,
  hpa: HorizontalAutoscaler,
): Hand<HpaObject> {
  return {
    async read() {
      const object = await targets.readHpa(namespace, hpa.name);
      const is = toHorizontalAutoscaler(object);
      if (is.uid === hpa.uid && is.min === facts.level && is.max === facts.top) return object;
      better.keepAutoscaler(key, hpa, is);
      return undefined;
    },
    podOf: async () => podOf(await targets.readDeployment(namespace, action.target)),
    async write(object) {
      better.keepAutoscaler(key, hpa, await targets.setBounds(object, boundsAt(action.to, facts)));
    },
  };
}

/** The pod that a Deployment would make next. */
function podOf({ metadata, spec }: DeploymentObject): Pod {
  const template = (spec?.template ?? {}) as Pick<Pod, 'metadata' | 'spec'>;
  return {
    metadata: { ...template.metadata, namespace: metadata.namespace ?? '', generateName: `${metadata.name}-` },
    ...(template.spec && { spec: template.spec }),
  };
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}
