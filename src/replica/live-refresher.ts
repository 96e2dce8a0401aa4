import type { ApiClient } from '../cluster/api-client.ts';
import type { ApiWriter } from '../cluster/api-writer.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { lastEventOf } from '../cluster/last-events.ts';
import { nodeConditions } from '../cluster/node-conditions.ts';
import { createProjectionStore } from '../cluster/projection-store.ts';
import { createReflector, type Reflector } from '../cluster/reflector.ts';
import type { LiveRegion } from '../cluster/regions.ts';
import type { GridgateConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import type { Controller } from '../controllers/manager.ts';
import { createRegionRefresher, type RegionRefresher } from '../controllers/region-refresher/controller.ts';
import type { Signal } from '../regions/reading.ts';
import type { IntensityChainDeps } from '../sources/intensity/chain.ts';
import { type NodeConditions, type NodeObject, readNodeConditions } from '../sources/outage/node-health.ts';
import { createOutageBoard } from '../sources/outage/outage-board.ts';
import type { Log } from '../telemetry/log.ts';
import { createSources } from '../world/live-sources.ts';
import { createMeasuring } from '../world/measuring.ts';
import { createOutageReader } from './outage-reader.ts';
import { createOutageSources } from './outage-sources.ts';

interface LiveRefresherDeps {
  readonly config: () => GridgateConfig;
  readonly env: Environment;
  readonly api: ApiClient;
  readonly regions: () => readonly LiveRegion[];
  readonly regionLabel: string;
  readonly policySignal: Signal;
  readonly onRequest: NonNullable<IntensityChainDeps['onRequest']>;
  readonly log: Log;
}

export interface LiveRefresher {
  controllerFor(writer: ApiWriter): Controller;
  /** The configuration names other sources, or other bands. */
  configChanged(): void;
}

interface Term {
  readonly refresher: RegionRefresher;
  readonly nodes: Reflector | undefined;
}

/** What these sources said, in a memory that outlives a term: what was asked five minutes ago is not asked again. */
interface Memory {
  readonly of: GridgateConfig['sources'];
  readonly measuring: ReturnType<typeof createMeasuring>;
}

const FETCHING = { fetch: globalThis.fetch, clock: Date.now };

/** The region refresher under the configuration of the moment: begins anew, with what it knew, when that changes. */
export function createLiveRefresher(deps: LiveRefresherDeps): LiveRefresher {
  const { config, env, api, regions, regionLabel, policySignal, onRequest, log } = deps;
  let writer: ApiWriter | undefined;
  let term: Term | undefined;
  let changing = Promise.resolve();
  let memory: Memory | undefined;

  function remembered(): Memory {
    const { sources: of } = config();
    if (memory?.of === of) return memory;
    const sources = createSources(of, env);
    memory = { of, measuring: createMeasuring({ sources, policySignal, onRequest }) };
    return memory;
  }

  function begin(writing: ApiWriter): Term {
    const { outage, bands } = config();
    const followed = outage.sources.some(({ type }) => type === 'nodes') ? followNodes() : undefined;
    const nodes = followed?.store.values ?? (() => []);
    const sources = createOutageSources(outage.sources, { ...FETCHING, env, api, nodes });
    const board = createOutageBoard({ sources, clock: Date.now, onFailure: () => {} }); // its report names them
    const refresher = createRegionRefresher({
      regions,
      ...remembered().measuring(bands.mode),
      outages: createOutageReader(board, sources, log),
      writer: writing,
      policySignal,
      thresholds: bands.thresholds,
      clock: Date.now,
      log,
    });
    refresher.start();
    // Nodes are witnesses from their first list on, not only half a minute later; rejected only when stopped before it.
    followed?.reflector.start().then(refresher.outagesChanged, () => {});
    return { refresher, nodes: followed?.reflector };
  }

  function followNodes() {
    const read = (node: KubeObject): NodeConditions => readNodeConditions(node as NodeObject, regionLabel);
    const resource = nodeConditions(read);
    const store = createProjectionStore(resource);
    return { store, reflector: createReflector({ api, resource, store, log, onChange: () => {} }) };
  }

  async function end(): Promise<void> {
    const ending = term;
    term = undefined;
    await Promise.all([ending?.refresher.stop(), ending?.nodes?.stop()]);
  }

  return {
    controllerFor: (writing) => ({
      name: 'region-refresher',
      on: ['regions'],
      changed: () => term?.refresher.regionsChanged(),
      lastEventAt: () => lastEventOf('nodes', term?.nodes?.lastEventAt()),
      start() {
        writer = writing;
        changing = changing.then(() => {
          if (writer && !term) term = begin(writer);
        });
      },
      async stop() {
        writer = undefined;
        changing = changing.then(end);
        await changing;
      },
    }),
    configChanged() {
      changing = changing.then(end).then(() => {
        if (writer) term = begin(writer);
      });
    },
  };
}
