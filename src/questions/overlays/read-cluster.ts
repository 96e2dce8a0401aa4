import { z } from 'zod';
import type { ApiClient } from '../../cluster/api-client.ts';
import { listOnce } from '../../cluster/list-watch.ts';
import { NODE_OVERLAYS } from '../../cluster/node-overlays.ts';
import { NODE_POOLS } from '../../cluster/node-pools.ts';
import { nodes as nodesOf } from '../../cluster/nodes.ts';
import { describeReadFailure, isUnseen } from '../../cluster/read-failure.ts';
import { REGIONS, validRegions } from '../../cluster/regions.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { type ManifestDocument, placeIn, readManifests } from '../../documents/manifest-file.ts';
import { nameOfInput } from '../../documents/read-text.ts';
import { type NodeFacts, toNodeFacts } from '../../regions/node-facts.ts';
import { type NodeOverlayFacts, toNodeOverlayFacts } from '../../regions/node-overlay.ts';
import { type NodePoolFacts, toNodePoolFacts } from '../../regions/node-pool.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { Issues } from '../../terminal/exit-codes.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { mistakesInShape } from '../../world/shape-mistakes.ts';
import type { ChosenCluster } from '../../world/which-cluster.ts';

/** What is there, of a cluster or of files. */
export interface Karpenters {
  readonly nodes: readonly NodeFacts[];
  readonly pools: readonly NodePoolFacts[];
  readonly overlays: readonly NodeOverlayFacts[];
  readonly regions: readonly ObservedRegion[];
  /** What is missing, a sentence each. */
  readonly notes: readonly string[];
}

export const NOTHING: Karpenters = { nodes: [], pools: [], overlays: [], regions: [], notes: [] };

const TIMEOUT_MS = 60_000;

/** Reads nodes, NodePools, NodeOverlays and Regions with the caller's own rights; what is not there or not shown is told. */
export async function readKarpenters(cluster: ChosenCluster, regionLabel: string): Promise<Karpenters | Issues> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const notes: string[] = [];
  const { api } = opened;
  const read = await readFromCluster('the cluster', () => readAll(api, regionLabel, notes), TIMEOUT_MS).finally(
    api.close,
  );
  return 'issues' in read ? read : { ...read.value, notes };
}

async function readAll(api: ApiClient, regionLabel: string, notes: string[]): Promise<Omit<Karpenters, 'notes'>> {
  const nodes = await listOnce(api, nodesOf(regionLabel), TIMEOUT_MS);
  const orNone = async <T>(resource: WatchedResource<T>, without: string): Promise<readonly T[]> => {
    try {
      return await listOnce(api, resource, TIMEOUT_MS);
    } catch (error) {
      if (!isUnseen(error)) throw error;
      notes.push(`${describeReadFailure(error)}; ${without}`);
      return [];
    }
  };
  const [pools, overlays, regions] = await Promise.all([
    orNone(NODE_POOLS, 'types and zones that no node shows are left out'),
    orNone(NODE_OVERLAYS, 'as if there were none of yours'),
    orNone(REGIONS, 'yearly averages stand for intensities'),
  ]);
  return { nodes, pools, overlays, regions: validRegions(regions) };
}

const requirements = z
  .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
  .nullish();
const labels = z.record(z.string(), z.string()).nullish();
const metadata = z.looseObject({ name: z.string(), labels, annotations: labels });

/** The kinds that are read of files, by the fields that are. */
const SHAPES: Readonly<Record<string, z.ZodType>> = {
  Node: z.looseObject({ metadata }),
  NodePool: z.looseObject({
    metadata,
    spec: z
      .looseObject({
        template: z
          .looseObject({
            metadata: z.looseObject({ labels }).nullish(),
            spec: z.looseObject({ requirements }).nullish(),
          })
          .nullish(),
      })
      .nullish(),
  }),
  NodeOverlay: z.looseObject({
    metadata,
    spec: z.looseObject({
      requirements,
      weight: z.number().nullish(),
      price: z
        .string()
        .regex(/^\d+(\.\d+)?$/)
        .nullish(),
      priceAdjustment: z
        .string()
        .regex(/^([+-]\d*\.?\d+|\+\d*\.?\d+%|-\d{1,2}(\.\d+)?%|-100%)$/)
        .nullish(),
    }),
  }),
};

/** Reads the same from files, in which other objects are passed over. */
export async function readKarpenterFiles(paths: readonly string[], regionLabel: string): Promise<Karpenters | Issues> {
  const files = await Promise.all(paths.map(async (path) => ({ path, ...(await readManifests(path)) })));
  const documents = files.flatMap(({ documents }) => documents);
  const ofKind = <T>(kind: string, read: (value: never) => T) =>
    documents.filter((one) => one.kind === kind).map(({ value }) => read(value as never));
  const issues = files.flatMap((file) => [
    ...file.issues,
    ...file.documents.flatMap((one) => mistakesIn(file.path, one)),
  ]);
  if (issues.length > 0) return { issues };
  return {
    nodes: ofKind('Node', (value) => toNodeFacts(value, regionLabel)),
    pools: ofKind('NodePool', toNodePoolFacts),
    overlays: ofKind('NodeOverlay', toNodeOverlayFacts),
    regions: [],
    notes: [],
  };
}

function mistakesIn(path: string, document: ManifestDocument): readonly string[] {
  const shape = SHAPES[document.kind];
  const mistakes = shape ? mistakesInShape(shape, document.value) : [];
  return mistakes.map((mistake) => `${placeIn(nameOfInput(path), document)}: ${document.kind}: ${mistake}`);
}
