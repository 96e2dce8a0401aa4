import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ObservedRegion } from '../regions/observed-region.ts';
import { parseRegion } from '../regions/region-resource.ts';
import { parseStatus, type RegionStatus } from '../regions/region-status.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export const REGIONS_PATH = '/apis/gridgate.dev/v1alpha1/regions';
const KIND = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region' };

/** A Region of the cluster, as seen at `resourceVersion`. */
export interface LiveRegion extends ObservedRegion {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    /** Counts the changes of the spec. */
    readonly generation: number;
  };
  readonly observed: RegionStatus;
}

/** A Region that makes no sense: the CRD that let it in is not ours, or another version's. */
interface InvalidRegion {
  readonly name: string;
  readonly issues: readonly string[];
}

export type SeenRegion = LiveRegion | InvalidRegion;

export function toRegion(object: KubeObject): SeenRegion {
  const { metadata, spec, status } = object as KubeObject & { spec?: unknown; status?: unknown };
  const { name, uid = '', resourceVersion = '', generation = 0 } = metadata;
  const parsed = parseRegion({ ...KIND, metadata: { name }, spec });
  if ('issues' in parsed) return { name, issues: parsed.issues };
  return {
    metadata: { name, uid, resourceVersion, generation },
    spec: parsed.region.spec,
    observed: parseStatus(status),
  };
}

/** The regions that make sense. */
export function validRegions(seen: Iterable<SeenRegion>): readonly LiveRegion[] {
  return [...seen].filter((region): region is LiveRegion => !('issues' in region));
}

/** Logs each invalid region when it becomes so, and again when its mistakes change. */
export function createInvalidRegionLog(log: Logger): (seen: Iterable<SeenRegion>) => void {
  let told = new Map<string, string>();
  return function tell(seen) {
    const invalid = [...seen].filter((region): region is InvalidRegion => 'issues' in region);
    const now = new Map(invalid.map(({ name, issues }) => [name, issues.join('; ')]));
    for (const { name, issues } of invalid)
      if (told.get(name) !== now.get(name))
        log.warn({ region: name, issues }, 'region passed over: its spec is invalid');
    told = now;
  };
}

/** Conditions and thresholds are for people, how long a band has been held for the leader: no snapshot changes with them. */
function whatReadersSee(region: SeenRegion): object {
  if ('issues' in region) return region;
  const { conditions, bandSince, bandChanges, bandThresholds, ...observed } = region.observed;
  return { spec: region.spec, observed };
}

export const REGIONS: WatchedResource<SeenRegion> = {
  name: 'regions',
  path: REGIONS_PATH,
  content: 'full',
  whenMissing: 'this cluster knows no Regions: install manifests/crd/regions.yaml',
  project: toRegion,
  differs: (before, after) => !isDeepStrictEqual(whatReadersSee(before), whatReadersSee(after)),
};
