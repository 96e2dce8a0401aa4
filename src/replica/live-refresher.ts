import type { ApiClient } from '../cluster/api-client.ts';
import type { ApiWriter } from '../cluster/api-writer.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { nodeConditions } from '../cluster/nodes.ts';
import { type Followed, followResource } from '../cluster/reflector.ts';
import type { LiveRegion } from '../cluster/regions.ts';
import type { GridgateConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import type { Change, Controller } from '../controllers/manager.ts';
import type { RegionMemory } from '../controllers/region-memory/controller.ts';
import type { OutageReader } from '../controllers/region-refresher/ask-sources.ts';
import { createRegionRefresher, type RegionRefresher } from '../controllers/region-refresher/controller.ts';
import type { Signal } from '../regions/reading.ts';
import type { IntensityChainDeps } from '../sources/intensity/chain.ts';
import { zonesOf } from '../sources/intensity/read-regions.ts';
import { type NodeConditions, type NodeObject, readNodeConditions } from '../sources/outage/nodes-outage.ts';
import { createOutageBoard } from '../sources/outage/outage-board.ts';
import type { Log } from '../telemetry/log.ts';
import { createOutageSources, createSources } from '../world/live-sources.ts';
import { createMeasuring } from '../world/measuring.ts';

interface LiveRefresherDeps {
  readonly config: () => GridgateConfig;
  readonly env: Environment;
  readonly api: ApiClient;
  readonly writer: ApiWriter;
  readonly regions: () => readonly LiveRegion[];
  readonly memory: Pick<RegionMemory, 'heard' | 'forecastOf'>;
  readonly regionLabel: string;
  readonly policySignal: Signal;
  readonly carbonCacheTtlMs?: number | undefined;
  readonly onRequest: NonNullable<IntensityChainDeps['onRequest']>;
  readonly log: Log;
}

interface Term {
  readonly refresher: RegionRefresher;
  readonly nodes: Followed<NodeConditions> | undefined;
}

/** What these sources said, in a memory that outlives a term: what was asked five minutes ago is not asked again. */
interface Memory {
  readonly of: GridgateConfig['sources'];
  readonly measuring: ReturnType<typeof createMeasuring>;
}

/** Without a source no region is known to be up, either. */
const NOBODY_ASKED: OutageReader = {
  refresh: async () => ({ byRegion: new Map(), distrusted: false, called: 0, regions: 0, failures: new Map() }),
  restore() {},
};
const FETCHING = { fetch: globalThis.fetch, clock: Date.now };

/** The region refresher under the configuration of the moment: begins anew, with what it knew, when that changes. */
export function createLiveRefresher(deps: LiveRefresherDeps): Controller {
  const {
    config,
    env,
    api,
    writer,
    regions,
    regionLabel,
    policySignal,
    carbonCacheTtlMs: keptMs,
    onRequest,
    log,
  } = deps;
  const { heard, forecastOf } = deps.memory;
  let isRunning = false;
  let term: Term | undefined;
  let changing = Promise.resolve();
  let memory: Memory | undefined;

  function remembered(): Memory {
    const { sources: of } = config();
    if (memory?.of !== of)
      memory = { of, measuring: createMeasuring({ sources: createSources(of, env), policySignal, keptMs, onRequest }) };
    return memory;
  }

  function begin(): Term {
    const { outage, bands } = config();
    const nodes = outage.sources.some(({ type }) => type === 'nodes') ? followNodes() : undefined;
    const sources = createOutageSources(outage.sources, { ...FETCHING, env, api, nodes: nodes?.values ?? (() => []) });
    const { history, ...measured } = remembered().measuring(bands.mode);
    const refresher = createRegionRefresher({
      regions,
      ...measured,
      onHeard: (region, intensity) =>
        heard(region, { intensity, history: (source) => history(zonesOf(region), source) }),
      forecastOf,
      outages: sources.length > 0 ? createOutageBoard({ sources, clock: Date.now }) : NOBODY_ASKED,
      writer,
      policySignal,
      thresholds: bands.thresholds,
      clock: Date.now,
      log,
    });
    refresher.start();
    // Nodes are witnesses from their first list on, not only half a minute later; rejected only when stopped before it.
    nodes?.start().then(refresher.outagesChanged, () => {});
    return { refresher, nodes };
  }

  function followNodes(): Followed<NodeConditions> {
    const read = (node: KubeObject): NodeConditions => readNodeConditions(node as NodeObject, regionLabel);
    return followResource({ api, resource: nodeConditions(read), log, onChange: () => {} });
  }

  async function end(): Promise<void> {
    const ending = term;
    term = undefined;
    await Promise.all([ending?.refresher.stop(), ending?.nodes?.stop()]);
  }

  function beginIfRunning(): void {
    if (isRunning) term ??= begin();
  }

  return {
    name: 'region-refresher',
    on: ['regions', 'sources', 'forecasts'],
    changed(change?: Change) {
      if (change === 'sources') changing = changing.then(end).then(beginIfRunning);
      else if (change === 'forecasts') term?.refresher.forecastsChanged();
      else term?.refresher.regionsChanged();
    },
    lastEventAt: () => term?.nodes?.lastEvents() ?? {},
    start() {
      isRunning = true;
      changing = changing.then(beginIfRunning);
    },
    async stop() {
      isRunning = false;
      changing = changing.then(end);
      await changing;
    },
  };
}
