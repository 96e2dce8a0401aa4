import type { ApiClient } from '../cluster/api-client.ts';
import type { ApiWriter } from '../cluster/api-writer.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { nodeConditions } from '../cluster/node-conditions.ts';
import { createProjectionStore } from '../cluster/projection-store.ts';
import { createReflector, type Reflector } from '../cluster/reflector.ts';
import type { LiveRegion } from '../cluster/regions.ts';
import type { GridgateConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import { createRegionRefresher, type RegionRefresher } from '../controllers/region-refresher/controller.ts';
import type { Signal } from '../regions/reading.ts';
import { createIntensityChain, type IntensityChain, type IntensityChainDeps } from '../signals/intensity/chain.ts';
import { type NodeConditions, type NodeObject, readNodeConditions } from '../signals/outage/node-health.ts';
import { createOutageBoard } from '../signals/outage/outage-board.ts';
import type { Log } from '../telemetry/log.ts';
import { createSources } from './live-sources.ts';
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
  controllerFor(writer: ApiWriter): { start(): void; stop(): Promise<void> };
  regionsChanged(): void;
  /** The configuration names other sources, or other bands. */
  configChanged(): void;
}

interface Term {
  readonly refresher: RegionRefresher;
  readonly nodes: Reflector | undefined;
}

const FETCHING = { fetch: globalThis.fetch, clock: Date.now };

/** The region refresher under the configuration of the moment: begins anew, with what it knew, when that changes. */
export function createLiveRefresher(deps: LiveRefresherDeps): LiveRefresher {
  const { config, env, api, regions, regionLabel, policySignal, onRequest, log } = deps;
  let writer: ApiWriter | undefined;
  let term: Term | undefined;
  let changing = Promise.resolve();
  let chain: { readonly of: GridgateConfig['sources']; readonly chain: IntensityChain } | undefined;

  /** Kept over the end of a term: what was asked five minutes ago is not asked again. */
  function currentChain(): IntensityChain {
    const { sources } = config();
    if (chain?.of !== sources) {
      const made = createSources(sources, FETCHING, env);
      chain = { of: sources, chain: createIntensityChain({ sources: made, policySignal, clock: Date.now, onRequest }) };
    }
    return chain.chain;
  }

  function begin(writing: ApiWriter): Term {
    const { outage, bands } = config();
    const followed = outage.sources.some(({ type }) => type === 'nodes') ? followNodes() : undefined;
    const nodes = followed?.store.values ?? (() => []);
    const sources = createOutageSources(outage.sources, { ...FETCHING, env, api, nodes });
    const board = createOutageBoard({ sources, clock: Date.now, onFailure: () => {} }); // its report names them
    const refresher = createRegionRefresher({
      regions,
      chain: currentChain(),
      outages: createOutageReader(board, sources, log),
      writer: writing,
      policySignal,
      thresholdsOf: () => bands.thresholds,
      clock: Date.now,
      log,
    });
    followed?.reflector.start().catch(() => {}); // rejected only when stopped before the first list
    refresher.start();
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
    regionsChanged: () => term?.refresher.regionsChanged(),
    configChanged() {
      changing = changing.then(end).then(() => {
        if (writer) term = begin(writer);
      });
    },
  };
}
