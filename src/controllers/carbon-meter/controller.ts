import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { gramsAt, type HourlySeries } from '../../forecast/outlook.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { Controller } from '../manager.ts';
import { type Clock, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { avoidedGrams } from './avoided-grams.ts';
import { createCarbonLedger, type NamespaceCarbon } from './carbon-ledger.ts';
import { carbonMetrics } from './carbon-metrics.ts';
import type { MeteredPod } from './metered-pod.ts';
import { type PodWatch, watchPods } from './pod-watch.ts';

const ROUNDS = {
  name: 'carbon-meter',
  on: ['namespaces', 'snapshot', 'rules'],
  resyncMs: 60_000,
  settleMs: 200,
  restMs: 1_000,
} as const;

export interface CarbonMeterDeps {
  readonly api: ApiClient;
  readonly namespaces: () => Iterable<NamespaceRecord>;
  /** Where pods of a namespace would have gone; undefined where gridgate places none. */
  readonly homeOf: (namespace: NamespaceRecord) => string | undefined;
  readonly snapshot: () => Snapshot;
  /** The readings of a region by the hour, as far as they are known; what a pod that waited would have run on. */
  readonly pastOf?: (region: string) => HourlySeries | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface CarbonMeter extends Controller {
  /** Up to this moment; undefined while this does not run. */
  carbon(): readonly NamespaceCarbon[] | undefined;
  lastEventAt(): LastEvents;
}

/**
 * Estimates the grams of CO2e that pods avoid, or add, where they run instead of at home, for the time that it
 * sees them run. Where no namespace has its pods placed it watches none. What it has counted stays for as long as the
 * process: a counter never falls, and another leader's begins at 0.
 */
export function createCarbonMeter(deps: CarbonMeterDeps): CarbonMeter {
  const { api, namespaces, homeOf, snapshot, now, log, clock = MONOTONIC } = deps;
  const ledger = createCarbonLedger();
  let isRunning = false;
  let watch: PodWatch | undefined;
  /** Under which pods were counted since the last round: a new snapshot does not change what was. */
  let homes: ReadonlyMap<string, string> = new Map();
  let seen: Snapshot | undefined;

  /** A node that is not known, or says no region, and a namespace without a home: nothing is counted. */
  function use({ namespace, node, vcpu, memoryGb, waitedMs }: MeteredPod, hours: number): void {
    const home = homes.get(namespace);
    const region = seen?.topology?.byName.get(node)?.region;
    if (!seen || home === undefined || region === undefined) return;
    const homeThen = waitedMs === undefined ? undefined : gramsAt(deps.pastOf?.(home), now() - waitedMs);
    const usage = { region, vcpuHours: vcpu * hours, memoryGbHours: memoryGb * hours, homeThen };
    const grams = avoidedGrams(usage, home, seen);
    if (grams !== undefined) ledger.book(namespace, grams);
  }

  function look(): void {
    const all = [...namespaces()];
    homes = new Map(
      all.flatMap((namespace) => {
        const home = homeOf(namespace);
        return home === undefined ? [] : [[namespace.name, home] as const];
      }),
    );
    for (const namespace of homes.keys()) ledger.open(namespace);
    ledger.closeOld(new Set(all.map(({ name }) => name)), clock.now());
    seen = snapshot();
  }

  async function close(): Promise<void> {
    const ending = watch;
    watch = undefined;
    await ending?.stop();
  }

  async function round(): Promise<Outcome> {
    watch?.settle();
    look();
    if (homes.size === 0) await close();
    else watch ??= watchPods({ api, use, now, clock, log });
    return 'done';
  }

  function carbon(): readonly NamespaceCarbon[] | undefined {
    if (!isRunning) return undefined;
    watch?.settle();
    return ledger.read();
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    start() {
      isRunning = true;
      rounds.start();
    },
    async stop() {
      await rounds.stop();
      watch?.settle();
      isRunning = false;
      seen = undefined;
      await close();
    },
    carbon,
    lastEventAt: () => watch?.lastEventAt() ?? {},
    metrics: carbonMetrics(carbon),
  };
}
