import type { CarbonBook } from '../../capacity/carbon-of-type.ts';
import { type NamedOverlay, stepFor } from '../../capacity/keep-overlays.ts';
import { offeredTypesOf } from '../../capacity/offered-types.ts';
import { isOwn, isPaused } from '../../capacity/own-overlay.ts';
import { type OverlayInput, type OverlayPlan, planInSteps } from '../../capacity/plan-overlays.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import { overlayName, overlayPath } from '../../cluster/node-overlays.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { DEFAULT_POWER_TABLE } from '../../energy/power-table.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { OfferedType } from '../../regions/offered-type.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { type RegionOfZone, zoneRegions } from '../../regions/zone-regions.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome, type RoundOutcome } from '../rounds.ts';
import { inShortTurns } from '../short-turns.ts';
import { writeEach } from '../write-each.ts';
import { createOverlayFigures } from './figures.ts';
import { type DueOverlay, type OverlayWork, planRemoval, planWork } from './plan.ts';
import { createSeenTypes } from './seen-types.ts';
import { type Told, tellProblem, tellTooMany, tellUsers, tellVerdicts, tellWould, toNotice } from './tell.ts';
import { type KarpenterWatch, type WatchDeps, watchKarpenter } from './watches.ts';

export const NODE_OVERLAYS_MANAGER = 'gridgate-node-overlays';

const ROUNDS = {
  name: 'node-overlays',
  on: ['snapshot', 'nodes', 'rules', 'overlay-inputs'],
  resyncMs: 60_000,
  settleMs: 1_000,
  restMs: 5_000,
} as const;
/** What was not there before, and what nobody wants any more: 2,000 within four minutes. */
const CHANGES_PER_SECOND = 10;
/** Prices follow the grid at 50 a minute: each has Karpenter look at all overlays anew. */
const PRICES_PER_SECOND = 50 / 60;
/** So that what is missing has its turn soon, and a kill switch counts. */
const MOST_CHANGES_A_ROUND = 300;
const MOST_PRICES_A_ROUND = 25;
const EVENTS_PER_SECOND = 1;
const READ_MS = 10_000;

/** What people decided, and what they know of machines. */
export interface OverlayInputs extends Pick<OverlayInput, 'settings'>, Omit<CarbonBook, 'table'> {
  /** Of a file; without one the cluster shows them. */
  readonly types: readonly OfferedType[] | undefined;
}

export interface NodeOverlaysDeps extends EventTellerDeps {
  readonly mode: () => CapacityMode;
  readonly overlayInputs: () => OverlayInputs | { readonly problem: string };
  readonly snapshot: () => Snapshot;
  readonly view: { nodes(): Iterable<NodeFacts> };
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'apply' | 'delete'>;
  readonly watch?: (deps: WatchDeps) => KarpenterWatch;
}

/** Keeps NodeOverlays that price carbon for Karpenter (README.md). */
export function createNodeOverlays(deps: NodeOverlaysDeps): Controller {
  const { mode, overlayInputs, snapshot, view, api, writer, now, log } = deps;
  const { clock = MONOTONIC, watch: openWatch = watchKarpenter } = deps;
  const changePace = createPace({ perSecond: CHANGES_PER_SECOND, clock });
  const pricePace = createPace({ perSecond: PRICES_PER_SECOND, clock });
  const tell = createNotices({ writer, pace: createPace({ perSecond: EVENTS_PER_SECOND, clock }) });
  const seen = createSeenTypes(clock.now);
  const figures = createOverlayFigures();
  let watch: KarpenterWatch | undefined;

  const own = () => [...(watch?.overlays() ?? [])].filter(isOwn);

  async function planNow(
    { settings, types, embodied, utilisation }: OverlayInputs,
    signal: AbortSignal,
  ): Promise<OverlayPlan> {
    const nodes = [...view.nodes()];
    const pools = [...(watch?.pools() ?? [])];
    const picture = snapshot();
    const steps = planInSteps({
      types: types ?? seen.add(offeredTypesOf(nodes, pools)),
      pools,
      overlays: [...(watch?.overlays() ?? [])],
      regionOfZone: rememberZones(zoneRegions(nodes, picture.byName.keys())),
      gramsPerKwhOf: (region) => {
        const known = picture.byName.get(region);
        return known && comparableReading(known, picture)?.gramsPerKwh;
      },
      book: { table: DEFAULT_POWER_TABLE, embodied, utilisation },
      settings,
    });
    return inShortTurns(steps, { clock, signal });
  }

  async function read(name: string): Promise<KubeObject | undefined> {
    const options = { accept: 'application/json', idleTimeoutMs: READ_MS };
    return (await getIfThere(api, overlayPath(name), options)) as KubeObject | undefined;
  }

  /** Decides once more on the object as it is now: somebody may have paused or edited it since. */
  async function write({ wanted, weight }: DueOverlay): Promise<void> {
    const object = await read(wanted.name);
    const there = object && toNodeOverlayFacts(object);
    if (there && !isOwn(there)) return;
    const step = stepFor(wanted, there, { weight, now: now() });
    if (step.do !== 'write') return;
    const metadata = {
      ...step.object.metadata,
      ...(there && { uid: there.uid, resourceVersion: there.resourceVersion }),
    };
    const options = { fieldManager: NODE_OVERLAYS_MANAGER, force: true };
    await writer.apply(overlayPath(wanted.name), { ...step.object, metadata }, options);
    figures.count(step.why === 'missing' ? 'created' : 'changed');
  }

  async function remove({ name, uid }: NodeOverlayFacts): Promise<void> {
    const object = await read(name);
    const there = object && toNodeOverlayFacts(object);
    if (!there || there.uid !== uid || !isOwn(there) || isPaused(there)) return;
    await writer.delete(overlayPath(name), { uid, resourceVersion: there.resourceVersion });
    figures.count('deleted');
  }

  function removeAll(items: readonly NodeOverlayFacts[], signal: AbortSignal): Promise<Outcome> {
    const due = items.slice(0, MOST_CHANGES_A_ROUND);
    return writeEach({ items: due, isDue: () => true, write: remove, pace: changePace, signal });
  }

  /** What is missing first, then what nobody wants any more: an offering has a price of ours all the time. */
  async function act(work: OverlayWork, signal: AbortSignal): Promise<RoundOutcome> {
    const isDue = () => mode() === 'on';
    const items = work.changes.slice(0, MOST_CHANGES_A_ROUND);
    const changed = await writeEach({ items, isDue, write, pace: changePace, signal });
    if (changed === 'again' || items.length < work.changes.length)
      return changed === 'again' ? changed : { dueInMs: 0 };
    const removed = await removeAll(work.deletions, signal);
    const prices = work.prices.slice(0, MOST_PRICES_A_ROUND);
    const priced = await writeEach({ items: prices, isDue, write, pace: pricePace, signal });
    if (removed === 'again' || priced === 'again') return 'again';
    const isAll = prices.length === work.prices.length && work.deletions.length <= MOST_CHANGES_A_ROUND;
    if (!isAll) return { dueInMs: 0 };
    return work.dueAt === undefined ? 'done' : { dueInMs: Math.max(0, work.dueAt - now()) };
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    watch ??= openWatch({ api, log, onChange: rounds.changed });
    if (!watch.isReady()) return 'done';
    const inputs = overlayInputs();
    const current = mode();
    const told: Told[] = [];
    let outcome: RoundOutcome = 'done';
    if (current !== 'on') outcome = await removeAll(planRemoval(own()), signal);
    if ('problem' in inputs) told.push(tellProblem(inputs.problem));
    else if (current !== 'off') {
      const { plan, work } = await lookAt(inputs, signal);
      figures.show(plan, work, own());
      told.push(...tellUsers(plan, usersOf(watch)), ...tellTooMany(plan));
      if (current === 'audit') told.push(...tellWould(plan, work));
      else outcome = await act(work, signal);
    }
    if (current === 'on') told.push(...tellVerdicts(own(), now()));
    if (current === 'off') return outcome;
    const answer = await tell(
      told.map((one) => toNotice(one, deps)),
      signal,
    );
    return answer === 'again' ? 'again' : outcome;
  }

  async function lookAt(
    { settings, ...rest }: OverlayInputs,
    signal: AbortSignal,
  ): Promise<{ readonly plan: OverlayPlan; readonly work: OverlayWork }> {
    const plan = await planNow({ settings, ...rest }, signal);
    const wanted = plan.wanted.map((one): NamedOverlay => ({ ...one, name: overlayName(one.content) }));
    return { plan, work: planWork({ wanted, own: own(), settings, now: now() }) };
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await watch?.stop();
      watch = undefined;
      seen.clear();
      figures.clear();
    },
    lastEventAt: (): LastEvents => watch?.lastEventAt() ?? {},
    metrics: figures.metrics,
  };
}

function usersOf(watch: KarpenterWatch): readonly NodeOverlayFacts[] {
  return [...watch.overlays()].filter((one) => !isOwn(one));
}

/** Thousands of offerings are in a few zones. */
function rememberZones(regionOf: RegionOfZone): RegionOfZone {
  const known = new Map<string, string | undefined>();
  return (zone) => {
    if (!known.has(zone)) known.set(zone, regionOf(zone));
    return known.get(zone);
  };
}
