import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { type Followed, followNow } from '../../cluster/reflector.ts';
import { REGIONAL_MAXIMA } from '../../cluster/regional-autoscalers.ts';
import { inShortTurns } from '../../cluster/short-turns.ts';
import { isLeftAlone } from '../../decision/managed-label.ts';
import { ANNOTATION_PREFIX, type NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Policy } from '../../decision/policy.ts';
import { treatmentOf } from '../../decision/treatment.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { type BudgetScopes, findScopes } from '../../scaling/budget-scope.ts';
import { type BudgetStep, stepOf } from '../../scaling/budget-step.ts';
import type { RegionalMaxima } from '../../scaling/regional-maxima.ts';
import type { ScaledPod } from '../../scaling/scaled-pod.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import type { Workloads } from '../workloads.ts';
import { isRefusedWrite, writeEach } from '../write-each.ts';
import { noticesOf } from './budget-events.ts';
import { createBudgetFigures } from './budget-metrics.ts';
import { createLooks, type PowerReading } from './looks.ts';
import { createLosses, type IsThere } from './losses.ts';
import { giveBack, mayGiveBack, pathOf, writeStep } from './lowered-writer.ts';
import { createRefusals } from './refusals.ts';
import { createSeenSince } from './seen-since.ts';
import { type BudgetWorld, findLowered, isPausedNamespace, type Lowered, reread } from './targets.ts';

/** A budget that is over has all its workloads scaled in one round, two writes each. */
const WRITES_PER_SECOND = 20;
/** So that telling holds up looks and writes for seconds at most: of more the rest is told after the next look. */
const MOST_EVENTS_AT_ONCE = 100;
/** Longer ones are none. */
const LONGEST_CLASS = 64;
const CLASS_KEY = `${ANNOTATION_PREFIX}class`;
const IDLE_TIMEOUT_MS = 10_000;
const ROUNDS = {
  name: 'carbon-budgets',
  on: ['snapshot', 'rules', 'namespaces'],
  resyncMs: 30_000,
  settleMs: 500,
  restMs: 2_000,
} as const;

/** As `gridgate.yaml` says it. */
export interface BudgetSettings {
  /** So many looks in a row make a budget over, or under. */
  readonly holdCycles: number;
  readonly loopMs: number;
}

export interface CarbonBudgetsDeps extends EventTellerDeps {
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'apply' | 'mergePatch'>;
  readonly workloads: Pick<
    Workloads,
    'synced' | 'pods' | 'deployments' | 'statefulSets' | 'horizontalAutoscalers' | 'follow'
  >;
  readonly namespaces: () => Iterable<NamespaceRecord>;
  /** Whose namespace is left alone, like those of Kubernetes itself. */
  readonly ownNamespace: string;
  readonly policyOf: (namespace: NamespaceRecord) => Policy;
  readonly snapshot: () => Snapshot;
  readonly settings: () => BudgetSettings;
  /** What pods draw now; rejects, too, where nobody knows. */
  readonly readPower: (pods: Iterable<ScaledPod>, signal: AbortSignal) => Promise<PowerReading>;
  /** By its option and the kill switch. */
  readonly mode: () => CapacityMode;
}

/** What one round decides with. */
interface Round extends BudgetScopes {
  readonly mode: CapacityMode;
  readonly world: BudgetWorld;
}

/**
 * Has the flexible workloads of namespaces and workloads with a carbon budget (README.md) go down to their least replicas while the
 * budget is over, and back once it is under. All that decides stands on the objects that are scaled.
 */
export function createCarbonBudgets(deps: CarbonBudgetsDeps): Controller {
  const { api, writer, workloads, instance, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  const tell = createNotices({
    writer,
    pace: createPace({ perSecond: WRITES_PER_SECOND, clock }),
    mostAtOnce: MOST_EVENTS_AT_ONCE,
  });
  const losses = createLosses(clock);
  const looks = createLooks({ ...deps, clock });
  const seenSince = createSeenSince(clock);
  const refusals = createRefusals({ clock, log });
  const figures = createBudgetFigures();
  let regionals: Followed<RegionalMaxima> | undefined;

  async function begin(signal: AbortSignal): Promise<Round> {
    const namespaces = ours(deps.namespaces(), ({ name }) => name);
    const found = await inShortTurns(findScopes(namespaces, allWorkloads()), { clock, signal });
    const mode = deps.mode();
    const world: BudgetWorld = {
      scopes: found.scopes,
      verdictOf: looks.verdictOf,
      isFlexible: flexibleIn(deps),
      isOn: mode === 'on',
    };
    return { ...found, mode, world };
  }

  function* allWorkloads(): Generator<ScaledWorkload> {
    yield* ours(workloads.deployments(), namespaceIn);
    yield* ours(workloads.statefulSets(), namespaceIn);
  }

  function* ours<T>(all: Iterable<T>, namespaceOf: (one: T) => string): Generator<T> {
    for (const one of all) if (!isLeftAlone(namespaceOf(one), deps.ownNamespace)) yield one;
  }

  async function lowered(world: BudgetWorld, signal: AbortSignal): Promise<readonly Lowered[]> {
    const seen = {
      namespaces: deps.namespaces(),
      workloads: allWorkloads(),
      horizontal: ours(workloads.horizontalAutoscalers(), namespaceIn),
      regional: ours(regionals?.values() ?? [], namespaceIn),
    };
    return gather(findLowered(seen, world), signal);
  }

  function decide(one: Lowered): BudgetStep | undefined {
    if (one.isPaused) return undefined;
    return stepOf(one, { now: now(), seenForMs: seenSince.forMs(one) });
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    regionals ??= follow();
    if (!workloads.synced() || !regionals.synced()) return 'done'; // wakes this once they are
    const current = await begin(signal);
    await looks.look(current, signal);
    const all = await lowered(current.world, signal);
    seenSince.keep(all);
    const lost = lookForLosses(all);
    const would = current.mode === 'audit' ? await imagine(current, signal) : [];
    const written = await writeEach({
      items: all.filter((one) => decide(one) !== undefined),
      isDue: refusals.mayTry,
      write: (one) => write(one, current),
      pace,
      signal,
    });
    const shown = {
      ...{ ...current, lowered: all, would, reports: looks.reports() },
      ofNamespaces: looks.ofNamespaces(),
      ...{ refused: refusals.of(all), losses: lost },
    };
    figures.show(shown);
    const told = await tell(await gather(noticesOf(shown, { instance, now: now() }), signal), signal).catch(
      passOverRefusal,
    );
    if (written === 'again' || told === 'again') return 'again';
    return { dueInMs: Math.max(0, looks.dueInMs() - ROUNDS.restMs) }; // it rests before that begins to count
  }

  /** What many steps find, in short turns. */
  async function gather<T>(steps: Iterable<readonly T[]>, signal: AbortSignal): Promise<readonly T[]> {
    const all: T[] = [];
    await inShortTurns(
      (function* collect() {
        for (const some of steps) yield all.push(...some);
      })(),
      { clock, signal },
    );
    return all;
  }

  function lookForLosses(all: readonly Lowered[]) {
    const horizontal = new Set(Array.from(workloads.horizontalAutoscalers(), ({ uid }) => uid));
    const targets = new Map(
      Array.from(regionals?.values() ?? [], ({ uid, targets }) => [uid, new Set(targets.map((one) => one.deployment))]),
    );
    const isThere: IsThere = ({ uid, deployment = '' }) =>
      horizontal.has(uid) || targets.get(uid)?.has(deployment) === true;
    const replicas = new Map(Array.from(allWorkloads(), (one) => [one.uid, one.replicas]));
    return losses.look(all, isThere, (uid) => replicas.get(uid));
  }

  /** In audit: what would be lowered now. */
  async function imagine({ world }: Round, signal: AbortSignal): Promise<readonly Lowered[]> {
    const all = await lowered({ ...world, isOn: true }, signal);
    return all.filter((one) => !one.isPaused && decide({ ...one, status: undefined })?.kind === 'hold');
  }

  /** What is refused of one object holds up no other: neither in this round nor in the next. */
  async function write(one: Lowered, current: Round): Promise<void> {
    try {
      await act(one, current);
      refusals.forgive(one);
    } catch (error) {
      if (!isRefusedWrite(error)) throw error;
      refusals.note(one, error);
    }
  }

  /** Decides on the object as it is now: what the watch shows may be older than a write of ours. */
  async function act(one: Lowered, { world }: Round): Promise<void> {
    const object = await read(one);
    const fresh = reread(one, object, world);
    const step = fresh && decide({ ...fresh, isPaused: one.isPaused || isPausedNow(fresh) });
    if (!fresh || !step) return;
    await writeStep(writer, fresh, object, step);
    if (step.kind === 'restore' && mayGiveBack(fresh)) await handBack(fresh, world);
    figures.count(step.kind);
    const { kind, namespace, name, deployment, value } = fresh;
    const to = 'to' in step ? step.to : value;
    log.info({ kind, namespace, object: name, deployment, step: step.kind, from: value, to }, DONE[step.kind]);
  }

  function isPausedNow(fresh: Lowered): boolean {
    return fresh.isPaused || isPausedNamespace(deps.namespaces(), fresh.namespace);
  }

  async function read(one: Lowered): Promise<KubeObject> {
    return (await api.get(pathOf(one), { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS })) as KubeObject;
  }

  async function handBack(one: Lowered, world: BudgetWorld): Promise<void> {
    const object = await read(one);
    const restored = reread(one, object, world);
    if (restored && !isPausedNow(restored)) await giveBack(writer, restored, object);
  }

  function follow(): Followed<RegionalMaxima> {
    return followNow({ api, resource: REGIONAL_MAXIMA, log, onChange: () => rounds.changed() });
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  workloads.follow(() => rounds.changed());
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await regionals?.stop();
      regionals = undefined;
      looks.forget();
      seenSince.forget();
      refusals.forget();
      losses.forget();
      figures.clear();
    },
    lastEventAt: () => regionals?.lastEvents() ?? {},
    metrics: figures.metrics,
  };
}

/** What was done, for the log. */
const DONE: Readonly<Record<BudgetStep['kind'], string>> = {
  hold: 'a carbon budget is over: scaled down',
  restore: 'put back what was there before a carbon budget was over',
  finish: 'a change for a carbon budget is finished that another leader began',
  'let-go': 'somebody else scaled what a carbon budget holds down: that counts',
  forget: 'what a carbon budget had remembered is forgotten',
};

/** Whether the pods of a workload may be scaled down for carbon: their class as the policy of their namespace has it. */
function flexibleIn({ namespaces, policyOf }: Pick<CarbonBudgetsDeps, 'namespaces' | 'policyOf'>) {
  const byName = new Map(Array.from(namespaces(), (one) => [one.name, one]));
  return ({ namespace, podAnnotations }: ScaledWorkload): boolean => {
    const record = byName.get(namespace);
    if (!record) return false;
    // The class alone: what else an author writes there decides nothing here, and takes time.
    const { [CLASS_KEY]: claimed = 'standard' } = podAnnotations;
    const annotations = { [CLASS_KEY]: claimed.slice(0, LONGEST_CLASS) };
    return treatmentOf({ metadata: { annotations } }, policyOf(record)).treatment.podClass === 'flexible';
  };
}

function namespaceIn({ namespace }: { readonly namespace: string }): string {
  return namespace;
}

/** A namespace that ends takes no Events: whoever is there is told with the next round. */
function passOverRefusal(error: unknown): 'done' {
  if (error instanceof ApiError) return 'done';
  throw error;
}
