import { cutText } from '../units/cut-text.ts';
import { andMore } from '../units/tell-few.ts';
import type { NodeSelectorTerm } from './node-selector.ts';
import type { Pod, Volume } from './pod.ts';

/** Where a bound volume of a pod can be reached: terms are ORed, as in a pod's own affinity. */
export interface VolumeTerms {
  readonly volume: string;
  /** The claim through which the pod names it. */
  readonly claim: string;
  /** Volumes with equal terms share one array, so that what was found for one serves the next. */
  readonly terms: readonly NodeSelectorTerm[];
}

type ClaimVolume = { readonly persistentVolumeClaim: { readonly claimName: string } };

const NONE: readonly string[] = [];
/** Names may have 253 characters, and a warning has room for 240. */
const MOST_NAME_CHARACTERS = 50;

/** The claims that a pod names. Those of generic ephemeral volumes are made for the pod and hold it nowhere yet. */
export function claimNamesOf({ spec }: Pod): readonly string[] {
  const volumes = spec?.volumes;
  if (!Array.isArray(volumes)) return NONE;
  // Nearly every pod has a token's volume and nothing else.
  if (!volumes.some(isClaim)) return NONE;
  return volumes.filter(isClaim).map(({ persistentVolumeClaim }) => persistentVolumeClaim.claimName);
}

function isClaim(volume: Volume | null): volume is ClaimVolume {
  return typeof volume?.persistentVolumeClaim?.claimName === 'string';
}

/** Names volumes for people: `volume pv-1 (claim data) and 2 more`. */
export function describeVolumes(volumes: readonly VolumeTerms[]): string {
  const [first, ...others] = volumes;
  if (!first) return 'no volume';
  const named = `volume ${clip(first.volume)} (claim ${clip(first.claim)})`;
  return named + andMore(others.length);
}

function clip(name: string): string {
  return cutText(name, MOST_NAME_CHARACTERS);
}
