import {
  EXPANDER_CONFIG_MAP,
  EXPANDER_KEY,
  hasOurs,
  type PriorityRange,
  parsePriorityRange,
  takeBack,
} from '../../capacity/expander-priorities.ts';
import { isPaused } from '../../capacity/paused.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { type GroupPattern, groupRegions, regionsOfNodes } from '../../regions/group-regions.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { Metric } from '../../telemetry/metric.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { type ConfigMapObject, groupsNow } from './autoscaler-status.ts';
import { isOver, type Placed, type Plan, planPriorities, REST_MS, type RegionOutlook } from './plan.ts';
import { parseStamp, type Stamp, stampText } from './stamp.ts';
import {
  CHANGED,
  DECLARED,
  type Told,
  tellMalformed,
  tellMissing,
  tellOutranked,
  tellRefused,
  tellResting,
  tellStatus,
  tellUndeclared,
  tellWould,
  tellWritten,
  toNotice,
} from './tell.ts';

export const PRIORITY_EXPANDER = 'gridgate-priority-expander';

const ROUNDS = {
  name: 'priority-expander',
  on: ['snapshot', 'rules'],
  /** Node groups come and go without a word. */
  resyncMs: 60_000,
  settleMs: 1_000,
  restMs: 15_000,
} as const;
const WRITES_PER_SECOND = 1;
const READ_MS = 10_000;

/** Where Cluster Autoscaler is. */
export interface ExpanderSettings {
  /** Its own namespace. */
  readonly namespace: string;
  /** The name of the ConfigMap of its status. */
  readonly status: string;
  readonly groups: readonly GroupPattern[];
}

export interface PriorityExpanderDeps extends EventTellerDeps {
  readonly settings: () => ExpanderSettings;
  readonly mode: () => CapacityMode;
  readonly snapshot: () => Snapshot;
  readonly view: { nodes(): Iterable<NodeFacts> };
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'create' | 'mergePatch'>;
  readonly ownNamespace: string;
}

/** What the ConfigMap is to become, and what there is to tell of it. */
interface Decision {
  readonly write?: Write;
  readonly told: readonly Told[];
  /** By region, as it is or would be. */
  readonly priorities?: Placed['priorities'];
}

interface Write {
  readonly change: 'written' | 'put back' | 'forgotten';
  readonly text: string;
  /** `undefined`: the annotation goes. */
  readonly stamp?: Stamp;
}

/** Keeps the priorities of Cluster Autoscaler's node groups by the ranking of their regions (README.md). */
export function createPriorityExpander(deps: PriorityExpanderDeps): Controller {
  const { settings, mode, snapshot, view, api, writer, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  const tell = createNotices({ writer, pace });
  let priorities: Placed['priorities'] = new Map();
  const changes = { written: 0, 'put back': 0 };

  async function read(name: string, signal: AbortSignal): Promise<ConfigMapObject | undefined> {
    const options = { accept: 'application/json', idleTimeoutMs: READ_MS, signal };
    return (await getIfThere(api, pathOf(settings().namespace, name), options)) as ConfigMapObject | undefined;
  }

  async function decide(signal: AbortSignal, map: ConfigMapObject): Promise<Decision> {
    const called = `${settings().namespace}/${EXPANDER_CONFIG_MAP}`;
    const { annotations = {} } = map.metadata;
    const declared = annotations[DECLARED];
    if (isPaused(annotations)) return { told: [] };
    if (mode() !== 'on' || declared === undefined) {
      const back = putBack(map, called);
      if (back) return back;
    }
    if (mode() === 'off') return { told: [] };
    if (declared === undefined) return { told: [tellUndeclared(called)] };
    const range = parsePriorityRange(declared);
    return range ? plan(signal, map, range) : { told: [tellMalformed(called, declared)] };
  }

  /** Only what stands beside our annotation is ours, whatever it looks like. That stays until it holds nothing up any more. */
  function putBack(map: ConfigMapObject, called: string): Decision | undefined {
    const stamp = map.metadata.annotations?.[CHANGED];
    if (stamp === undefined) return undefined;
    const text = textOf(map);
    if (!hasOurs(text))
      return isOver(REST_MS, { changed: parseStamp(stamp), now: now() })
        ? { write: { change: 'forgotten', text }, told: [] }
        : undefined;
    const rest = takeBack(text);
    return typeof rest === 'string'
      ? { write: { change: 'put back', text: rest, stamp: { at: now(), by: 'return' } }, told: [] }
      : { told: [tellRefused(called, `the text under ${EXPANDER_KEY} ${rest.problem}`)] };
  }

  async function plan(signal: AbortSignal, map: ConfigMapObject, range: PriorityRange): Promise<Decision> {
    const { namespace, status, groups: patterns } = settings();
    const known = groupsNow(await read(status, signal), now());
    if ('problem' in known) return { told: [tellStatus(`${namespace}/${status}`, known.problem)] };
    const { groups } = known;
    const named = groups.map((name) => ({ name }));
    // What audit tells of waits for nothing: what was there is put back by now.
    const changed = mode() === 'on' ? parseStamp(map.metadata.annotations?.[CHANGED]) : undefined;
    const planned = planPriorities({
      ...{ text: textOf(map), range, groups, changed, outlookOf, now: now() },
      nodeRegionsOf: (name) => [...(regionsOfNodes([{ name }], view.nodes()).get(name) ?? [])].sort(),
      regionOfGroup: groupRegions(named, view.nodes(), snapshot().byName.keys(), patterns),
    });
    return act(planned, `${namespace}/${EXPANDER_CONFIG_MAP}`, changed);
  }

  function act(planned: Plan, called: string, changed: Stamp | undefined): Decision {
    if (planned.action === 'refuse') return { told: [tellRefused(called, planned.why)] };
    const outranked = tellOutranked(planned);
    const { priorities } = planned;
    if (mode() !== 'on')
      return { priorities, told: [...(planned.action === 'write' ? [tellWould(planned)] : []), ...outranked] };
    if (planned.action === 'keep')
      return changed?.by === 'return'
        ? { told: [tellResting(changed.at + REST_MS)] }
        : { priorities, told: [...tellWritten(planned, changed?.at), ...outranked] };
    const { text, by } = planned;
    const stamp: Stamp = { at: now(), by };
    const told = [...tellWritten(planned, stamp.at), ...outranked];
    return { priorities, write: { change: 'written', text, stamp }, told };
  }

  function outlookOf(name: string): RegionOutlook | undefined {
    const region = snapshot().byName.get(name);
    if (!region) return undefined;
    const { gramsPerKwh, freshness } = comparableReading(region, snapshot()) ?? {};
    return { gramsPerKwh, isAverage: freshness === 'embedded', isDown: region.outage?.active === true };
  }

  async function write(map: ConfigMapObject, { change, text, stamp }: Write): Promise<void> {
    const { resourceVersion } = map.metadata;
    const annotations = { [CHANGED]: stamp ? stampText(stamp) : null };
    // Where nothing is left, there was nothing: Cluster Autoscaler takes an empty text for a mistake, and none as well.
    const data = change !== 'forgotten' && { data: { [EXPANDER_KEY]: text === '' ? null : text } };
    await writer.mergePatch(
      pathOf(settings().namespace, EXPANDER_CONFIG_MAP),
      { metadata: { resourceVersion, annotations }, ...data },
      { fieldManager: PRIORITY_EXPANDER },
    );
    if (change === 'forgotten') return;
    changes[change] += 1;
    log.info(
      { controller: ROUNDS.name, priorities: Object.fromEntries(priorities) },
      `priorities of node groups: ${change}`,
    );
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    const map = await read(EXPANDER_CONFIG_MAP, signal);
    const missing: Decision = {
      told: mode() === 'off' ? [] : [tellMissing(`${settings().namespace}/${EXPANDER_CONFIG_MAP}`)],
    };
    const decision = map ? await decide(signal, map) : missing;
    priorities = decision.priorities ?? new Map();
    const due = decision.write;
    const outcome: Outcome =
      map && due
        ? await writeEach({ items: [map], isDue: () => true, write: () => write(map, due), pace, signal })
        : 'done';
    if (outcome === 'again') return 'again'; // decided anew before anything is told
    const notices = decision.told.map((one) => toNotice(one, deps));
    const told = await tell(notices, signal);
    return due && due.change !== 'written' ? 'again' : told; // in audit there is more to tell then
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      priorities = new Map();
    },
    metrics: expanderMetrics(() => priorities, changes),
  };
}

export function expanderMetrics(
  priorities: () => Placed['priorities'],
  changes: Readonly<Record<string, number>>,
): readonly Metric[] {
  return [
    {
      type: 'gauge',
      name: 'gridgate_priority_expander_priority',
      help: "Priority that the node groups of a region have in Cluster Autoscaler's priority expander, or would have in audit; none where gridgate gives none",
      labelNames: ['region'],
      read: () => [...priorities()].map(([region, priority]) => [{ region }, priority] as const),
    },
    {
      type: 'counter',
      name: 'gridgate_priority_expander_changes_total',
      help: "Changes of the ConfigMap of Cluster Autoscaler's priority expander: written, put back",
      labelNames: ['change'],
      read: () => Object.entries(changes).map(([change, count]) => [{ change }, count] as const),
    },
  ];
}

function textOf({ data }: ConfigMapObject): string {
  return data?.[EXPANDER_KEY] ?? '';
}

function pathOf(namespace: string, name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
}
