import { messageOf } from '../../cluster/api-error.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { type BudgetCount, type BudgetVerdict, countLook, isHolding } from '../../scaling/budget-count.ts';
import { type BudgetScope, type BudgetScopes, namespaceKey, scopeKey } from '../../scaling/budget-scope.ts';
import {
  type Emissions,
  emissionsBy,
  type PodPower,
  type PowerKind,
  tellKnown,
} from '../../scaling/component-carbon.ts';
import type { ScaledPod } from '../../scaling/scaled-pod.ts';
import { isScaledKind } from '../../scaling/scaled-workload.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { Clock } from '../pace.ts';
import type { Workloads } from '../workloads.ts';

/** What pods draw and who says so, or why nobody knows, in words. */
export type PowerReading =
  | {
      readonly power: PodPower;
      readonly source: string;
      /** How that source knows pods, which need not be told; `pod` where it is left out. */
      readonly usual?: PowerKind;
    }
  | { readonly problem: string };

/** What is known of one budget. */
export interface BudgetReport {
  readonly scope: BudgetScope;
  readonly count: BudgetCount;
  /** What the last look that found anything found. */
  readonly emissions: Emissions | undefined;
  /** Since when the verdict is so, or holds as it does, epoch milliseconds. */
  readonly since: number;
  /** Who said so, or why nothing is known, in words. */
  readonly source: string;
}

interface LooksDeps {
  readonly workloads: Pick<Workloads, 'pods'>;
  readonly snapshot: () => Snapshot;
  readonly settings: () => { readonly holdCycles: number; readonly loopMs: number };
  readonly readPower: (pods: Iterable<ScaledPod>, signal: AbortSignal) => Promise<PowerReading>;
  readonly clock: Pick<Clock, 'now'>;
  readonly now: () => number;
}

type Wanted = Pick<BudgetScopes, 'scopes'> & { readonly mode: CapacityMode };

/** A timer may fire a little early. */
const EARLY_MS = 100;

/** Looks at what all budgets' pods emit, once a loop, and keeps what that comes to. */
export function createLooks({ workloads, snapshot, settings, readPower, clock, now }: LooksDeps) {
  let reports = new Map<string, BudgetReport>();
  let ofNamespaces: ReadonlyMap<string, Emissions> = new Map();
  let lookedAt = Number.NEGATIVE_INFINITY;

  const dueInMs = () => Math.max(0, lookedAt + settings().loopMs - clock.now());

  async function look(wanted: Wanted, signal: AbortSignal) {
    const { scopes, mode } = wanted;
    forgetUnwanted(wanted);
    if (mode === 'off' || scopes.size === 0 || dueInMs() > EARLY_MS) return;
    lookedAt = clock.now();
    const pods = [...workloads.pods()];
    const reading = await readPower(pods, signal).catch((error): PowerReading => {
      signal.throwIfAborted();
      return { problem: messageOf(error) };
    });
    const power = 'power' in reading ? reading.power : undefined;
    ofNamespaces = power ? emissionsBy(pods, power, snapshot(), ({ namespace }) => namespace) : new Map();
    const emissions = power && emissionsOf(scopes, pods, power);
    reports = new Map(Array.from(scopes, ([key, scope]) => [key, report(key, scope, reading, emissions)]));
  }

  function forgetUnwanted({ scopes, mode }: Wanted): void {
    for (const key of reports.keys()) if (mode === 'off' || !scopes.has(key)) reports.delete(key);
    if (mode === 'off' || scopes.size === 0) ofNamespaces = new Map();
  }

  function emissionsOf(
    scopes: BudgetScopes['scopes'],
    pods: readonly ScaledPod[],
    power: PodPower,
  ): ReadonlyMap<string, Emissions> {
    const workloadKey = ({ namespace, workload }: ScaledPod) => {
      if (!workload || !isScaledKind(workload.kind)) return undefined;
      const key = scopeKey({ kind: workload.kind, namespace, name: workload.name });
      return scopes.has(key) ? key : undefined;
    };
    return new Map([
      ...Array.from(ofNamespaces, ([name, emissions]) => [namespaceKey(name), emissions] as const),
      ...emissionsBy(pods, power, snapshot(), workloadKey),
    ]);
  }

  function report(
    key: string,
    scope: BudgetScope,
    reading: PowerReading,
    all: ReadonlyMap<string, Emissions> | undefined,
  ): BudgetReport {
    const before = reports.get(key);
    const emissions = all?.get(key);
    const { kgPerHour = 0, unknown = 0 } = emissions ?? {};
    const { holdCycles } = settings();
    const count = countLook(before?.count, { limit: scope.limit, holdCycles }, all && { kgPerHour, unknown });
    const since = before && isSameEpisode(before.count.verdict, count.verdict) ? before.since : now();
    const source =
      'power' in reading ? [reading.source, ...tellKnown(emissions, reading.usual)].join('; ') : reading.problem;
    return { scope, count, emissions, since, source };
  }

  return {
    look,
    dueInMs,
    verdictOf: (key: string): BudgetVerdict => reports.get(key)?.count.verdict ?? 'unknown',
    reports: (): readonly BudgetReport[] => [...reports.values()],
    /** What all pods emit by namespace, budgeted or not, as the last look found it; nothing where nobody knows. */
    ofNamespaces: () => ofNamespaces,
    forget(): void {
      reports = new Map();
      ofNamespaces = new Map();
      lookedAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function isSameEpisode(before: BudgetVerdict, now: BudgetVerdict): boolean {
  return before === now || (isHolding(before) && isHolding(now));
}
