import type { LiveRegion } from '../../cluster/regions.ts';
import { automaticOutage } from '../../regions/observed-region.ts';
import type { OutageState } from '../../regions/region-status.ts';
import type { RegionIntensity } from '../../sources/intensity/chain.ts';
import { createWrittenRegions } from './written-regions.ts';

/** What a leader knows during one term; the next term begins with what the status of each region says. */
export interface Term {
  /** The regions of the view as they are after our own writes. */
  regions(): readonly LiveRegion[];
  written(from: LiveRegion, to: LiveRegion): void;
  /** What the sources said of a region; what they said of another spec of it counts no more. */
  intensityOf(region: LiveRegion): RegionIntensity | undefined;
  learn(region: LiveRegion, intensity: RegionIntensity): void;
  /** By region. */
  intensities(): ReadonlyMap<string, RegionIntensity>;
  /** What automatic sources say; before the first time what the leader before wrote. */
  outages: ReadonlyMap<string, OutageState>;
  /** Whether the outage board has taken over what the leader before wrote. */
  isRestored: boolean;
  /** Regions whose spec the sources were not asked about, and from now on were. */
  takeChanged(): readonly LiveRegion[];
  /** Whether the spec is the one that the sources were asked about last. */
  isCurrent(region: LiveRegion): boolean;
}

export function createTerm(view: () => readonly LiveRegion[]): Term {
  const writes = createWrittenRegions();
  const seen = new Set<string>();
  const asked = new Map<string, string>();
  const learned = new Map<string, { readonly version: string; readonly intensity: RegionIntensity }>();

  const term: Term = {
    regions() {
      const regions = writes.current(view());
      const unseen = regions.filter(({ metadata }) => !seen.has(metadata.name));
      for (const { metadata } of unseen) seen.add(metadata.name);
      if (unseen.length > 0) term.outages = new Map([...unseen.flatMap(lastOutage), ...term.outages]);
      return regions;
    },
    written: writes.written,
    intensityOf(region) {
      const one = learned.get(region.metadata.name);
      return one?.version === versionOf(region) ? one.intensity : undefined;
    },
    learn: (region, intensity) => void learned.set(region.metadata.name, { version: versionOf(region), intensity }),
    intensities: () => new Map([...learned].map(([name, { intensity }]) => [name, intensity])),
    outages: new Map(),
    isRestored: false,
    takeChanged() {
      const regions = term.regions();
      const names = new Set(regions.map(({ metadata }) => metadata.name));
      for (const known of [asked, learned]) for (const name of known.keys()) if (!names.has(name)) known.delete(name);
      const changed = regions.filter((region) => !term.isCurrent(region));
      for (const region of changed) asked.set(region.metadata.name, versionOf(region));
      return changed;
    },
    isCurrent: (region) => asked.get(region.metadata.name) === versionOf(region),
  };
  return term;
}

/** A region that was deleted and made again counts its changes from 1 again. */
function versionOf({ metadata: { uid, generation } }: LiveRegion): string {
  return `${uid}/${generation}`;
}

function lastOutage({ metadata: { name }, observed }: LiveRegion): readonly (readonly [string, OutageState])[] {
  const outage = automaticOutage(observed);
  return outage ? [[name, outage]] : [];
}
