import type { CarbonBook } from '../../capacity/carbon-of-type.ts';
import { type NamedOverlay, stepFor } from '../../capacity/keep-overlays.ts';
import { offeredTypesOf } from '../../capacity/offered-types.ts';
import { isKept, isOwn } from '../../capacity/own-overlay.ts';
import { isPaused } from '../../capacity/paused.ts';
import { type OverlayInput, type OverlayPlan, planInSteps } from '../../capacity/plan-overlays.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { ClusterView } from '../../cluster/cluster-view.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import { overlayName, overlayPath } from '../../cluster/node-overlays.ts';
import { inShortTurns } from '../../cluster/short-turns.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { OfferedType } from '../../regions/offered-type.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { rememberZones, zoneRegions } from '../../regions/zone-regions.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices } from '../notices.ts';
import { createPace, MONOTONIC, type Pace } from '../pace.ts';
import { createRounds, type Outcome, type RoundOutcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { createOverlayFigures } from './figures.ts';
import { type DueOverlay, type OverlayWork, planRemoval, planWork } from './plan.ts';
import { createRefusals, NONE_REFUSED, type Refused } from './refusals.ts';
import { createSeenTypes } from './seen-types.ts';
import {
  type Told,
  tellHigh,
  tellLeftOut,
  tellProblem,
  tellRefused,
  tellUsers,
  tellVerdicts,
  tellWould,
  toNotice,
} from './tell.ts';
import { type OverlayWatch, type WatchDeps, watchOverlays } from './watches.ts';

export const NODE_OVERLAYS_MANAGER = 'gridgate-node-overlays';

const ROUNDS = {
  name: 'node-overlays',
  on: ['snapshot', 'nodes', 'nodepools', 'rules', 'overlay-inputs'],
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

/** Why nothing is priced. */
export interface NoInputs {
  readonly problem: string;
  /** Nobody asks for prices of carbon: what the controller has written goes. Else it stays until the problem is gone. */
  readonly isUnasked?: boolean;
}

/** What people decided, and what they know of machines. */
export interface OverlayInputs extends Pick<OverlayInput, 'settings'>, CarbonBook {
  /** Of a file; without one the cluster shows them. */
  readonly types: readonly OfferedType[] | undefined;
}

export interface NodeOverlaysDeps extends EventTellerDeps {
  readonly mode: () => CapacityMode;
  readonly overlayInputs: () => OverlayInputs | NoInputs;
  readonly snapshot: () => Snapshot;
  readonly view: Pick<ClusterView, 'nodes' | 'nodePools'>;
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'apply' | 'delete'>;
  readonly watch?: (deps: WatchDeps) => OverlayWatch;
}

/** Keeps NodeOverlays that price carbon for Karpenter (README.md). */
export function createNodeOverlays(deps: NodeOverlaysDeps): Controller {
  const { mode, overlayInputs, snapshot, view, api, writer, now, log } = deps;
  const { clock = MONOTONIC, watch: openWatch = watchOverlays } = deps;
  const changePace = createPace({ perSecond: CHANGES_PER_SECOND, clock });
  const pricePace = createPace({ perSecond: PRICES_PER_SECOND, clock });
  const tell = createNotices({ writer, pace: createPace({ perSecond: EVENTS_PER_SECOND, clock }) });
  const seen = createSeenTypes(clock.now);
  const figures = createOverlayFigures();
  let watch: OverlayWatch | undefined;

  /** What the API server refused in the last round stands behind the rest, so that it holds none of it up. */
  let refused: ReadonlyMap<string, string> = new Map();

  const own = () => [...(watch?.overlays() ?? [])].filter(isKept);

  async function planNow({ settings, types, ...book }: OverlayInputs, signal: AbortSignal): Promise<OverlayPlan> {
    const nodes = [...view.nodes()];
    const pools = view.nodePools() ?? [];
    const picture = snapshot();
    const steps = planInSteps({
      types: types ?? seen.add(offeredTypesOf(nodes, pools), own()),
      pools,
      overlays: [...(watch?.overlays() ?? [])],
      regionOfZone: rememberZones(zoneRegions(nodes, picture.byName.keys())),
      gramsPerKwhOf: (region) => {
        const known = picture.byName.get(region);
        return known && comparableReading(known, picture)?.gramsPerKwh;
      },
      book,
      settings,
      leaveAppliedByHand: true,
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
    if (there && !isKept(there)) return;
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
    if (!there || there.uid !== uid || !isKept(there) || isPaused(there.annotations)) return;
    await writer.delete(overlayPath(name), { uid, resourceVersion: there.resourceVersion });
    figures.count('deleted');
  }

  function removeAll(items: readonly NodeOverlayFacts[], signal: AbortSignal): Promise<Outcome> {
    const due = items.slice(0, MOST_CHANGES_A_ROUND);
    return writeEach({ items: due, isDue: () => true, write: remove, pace: changePace, signal });
  }

  async function takeAllBack(signal: AbortSignal): Promise<Acted> {
    const refusals = createRefusals();
    const outcome = await refusals.through(() => removeAll(planRemoval(own()), signal));
    return { outcome, ...refusals.found() };
  }

  /**
   * What is missing first, then what nobody wants any more: an offering has a price of ours all the time. What the API server refuses
   * holds up only the deletions that hang on it.
   */
  async function act(work: OverlayWork, signal: AbortSignal): Promise<Acted> {
    const refusals = createRefusals();
    const writeAll = (items: readonly DueOverlay[], pace: Pace) =>
      writeEach({
        items,
        isDue: () => mode() === 'on',
        write: (one) => write(one).catch((error: unknown) => refusals.note(one, error)),
        pace,
        signal,
      });
    const changes = refusedLast(work.changes).slice(0, MOST_CHANGES_A_ROUND);
    const changed = await writeAll(changes, changePace);
    if (changed === 'again') return { outcome: changed, ...refusals.found() };
    if (changes.length < work.changes.length) return { outcome: { dueInMs: 0 }, ...refusals.found() };
    const deletions = work.deletions.filter((one) => !refusals.isStandIn(one));
    const removed = await refusals.through(() => removeAll(deletions, signal));
    const prices = refusedLast(work.prices).slice(0, MOST_PRICES_A_ROUND);
    const priced = await writeAll(prices, pricePace);
    if (removed === 'again' || priced === 'again') return { outcome: 'again', ...refusals.found() };
    const isAll = prices.length === work.prices.length && deletions.length <= MOST_CHANGES_A_ROUND;
    return { outcome: isAll ? dueAt(work) : { dueInMs: 0 }, ...refusals.found() };
  }

  function dueAt({ dueAt }: OverlayWork): RoundOutcome {
    return dueAt === undefined ? 'done' : { dueInMs: Math.max(0, dueAt - now()) };
  }

  function refusedLast(items: readonly DueOverlay[]): readonly DueOverlay[] {
    const isRefused = ({ wanted }: DueOverlay) => refused.has(wanted.name);
    return [...items.filter((one) => !isRefused(one)), ...items.filter(isRefused)];
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    watch ??= openWatch({ api, log, onChange: rounds.changed });
    if (!watch.isReady() || !view.nodePools()) return 'done';
    const inputs = overlayInputs();
    const current = mode();
    const { told, outcome, failure } =
      'problem' in inputs ? await doWithout(inputs, current, signal) : await keep(inputs, current, signal);
    const all = current === 'on' ? [...told, ...tellVerdicts(own(), now())] : told;
    const notices = current === 'off' ? [] : all.map((one) => toNotice(one, deps));
    const answer = await tell(notices, signal);
    if (failure) throw failure;
    return answer === 'again' ? answer : outcome;
  }

  async function doWithout(
    inputs: NoInputs,
    current: CapacityMode,
    signal: AbortSignal,
  ): Promise<Acted & { readonly told: readonly Told[] }> {
    const isGoing = current !== 'on' || inputs.isUnasked;
    const acted: Acted = isGoing ? await takeAllBack(signal) : { outcome: 'done', ...NONE_REFUSED };
    return { ...acted, told: [tellProblem(inputs)] };
  }

  async function keep(
    inputs: OverlayInputs,
    current: CapacityMode,
    signal: AbortSignal,
  ): Promise<Acted & { readonly told: readonly Told[] }> {
    if (current === 'off') return { ...(await takeAllBack(signal)), told: [] };
    const back = current === 'audit' ? await takeAllBack(signal) : undefined;
    const { plan, work } = await lookAt(inputs, signal);
    figures.show(plan, work, own());
    const acted = back ?? (await act(work, signal));
    refused = acted.refused;
    const would = current === 'audit' ? tellWould(plan, work) : [];
    const all = [tellUsers(plan, usersOf(watch)), tellLeftOut(plan), tellHigh(plan), tellRefused(refused), would];
    return { ...acted, told: all.flat() };
  }

  async function lookAt(
    { settings, ...rest }: OverlayInputs,
    signal: AbortSignal,
  ): Promise<{ readonly plan: OverlayPlan; readonly work: OverlayWork }> {
    const plan = await planNow({ settings, ...rest }, signal);
    const wanted = plan.wanted.map((one): NamedOverlay => ({ ...one, name: overlayName(one.content) }));
    const steps = planWork({ wanted, own: own(), settings, now: now() });
    return { plan, work: await inShortTurns(steps, { clock, signal }) };
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await watch?.stop();
      watch = undefined;
      seen.clear();
      refused = new Map();
      figures.clear();
    },
    lastEventAt: (): LastEvents => watch?.lastEventAt() ?? {},
    metrics: figures.metrics,
  };
}

/** What a round came to. */
interface Acted extends Refused {
  readonly outcome: RoundOutcome;
}

function usersOf(watch: OverlayWatch | undefined): readonly NodeOverlayFacts[] {
  return [...(watch?.overlays() ?? [])].filter((one) => !isOwn(one));
}
