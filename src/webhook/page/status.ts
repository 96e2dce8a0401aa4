import { cleanestFirst } from '../../decision/cleanest-first.ts';
import type { Mode } from '../../decision/policy.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { isUsable } from '../../decision/usable.ts';
import type { WaitingWork } from '../../decision/waiting-work.ts';
import { BAND_THRESHOLDS, type BandThresholds } from '../../regions/band.ts';
import { MANUAL } from '../../regions/outage-by-hand.ts';
import type { Reading } from '../../regions/reading.ts';
import type { Outage, RegionView, Snapshot } from '../../regions/snapshot.ts';
import type { RecentDecision } from '../recorder.ts';

/** What is known of one source of readings or outages. */
export interface SourceStatus {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly lastOkAt?: number;
  /** Requests by outcome since this process started. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What is wrong with it now, in plain words. */
  readonly problem?: string;
}

/** What people write for gridgate itself, and it cannot read. */
export interface UnreadSetting {
  /** `gridgate.yaml`, `kill switch`. */
  readonly setting: string;
  /** Why, and what counts instead. */
  readonly problem: string;
}

/** The leader cannot see what waits. */
export interface WaitingUnknown {
  /** Why. */
  readonly unknown: string;
}

/** What the page is made of; what nobody can tell is left out of it. */
export interface StatusDeps {
  /** What keeps the webhook from being ready; empty when it is. */
  readonly unready: () => readonly string[];
  readonly snapshot: () => Snapshot;
  /** Newest first. */
  readonly recent: () => readonly RecentDecision[];
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** What this replica does: `webhook`, `controllers`. */
  readonly roles?: readonly string[];
  /** The mode that the kill switch caps every namespace's at; `undefined` when it caps nothing. */
  readonly modeCap?: () => Mode | undefined;
  readonly unreadSettings?: () => readonly UnreadSetting[];
  /** Whether this replica leads; `undefined` when it takes no part in elections. */
  readonly leader?: () => boolean | undefined;
  /** When the certificate that is served ends, epoch milliseconds; `undefined` where there is none. */
  readonly certificateEnd?: () => number | undefined;
  /** `undefined` while another replica asks them. */
  readonly sources?: () => readonly SourceStatus[] | undefined;
  /** What waits for a cleaner hour, those first that start first, or why that is not known; `undefined` while another replica leads. */
  readonly waiting?: () => readonly WaitingWork[] | WaitingUnknown | undefined;
  /** Seconds since the last event, by resource. */
  readonly watches?: () => Readonly<Record<string, number>>;
  /** Of all regions; `undefined` when every region has its own. Without this function the defaults are shown. */
  readonly thresholds?: () => BandThresholds | undefined;
}

/** Everything that the page and `/status.json` tell, of one moment. */
export interface Status {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly unready: readonly string[];
  readonly snapshot: Snapshot;
  /** Cleanest first; regions without a comparable reading last. */
  readonly regions: readonly RegionView[];
  readonly thresholds?: BandThresholds | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly modeCap?: Mode | undefined;
  readonly unreadSettings: readonly UnreadSetting[];
  readonly leader?: boolean | undefined;
  readonly certificateEnd?: number | undefined;
  readonly sources?: readonly SourceStatus[] | undefined;
  readonly watches?: Readonly<Record<string, number>> | undefined;
  /** `elsewhere`: another replica knows. */
  readonly waiting?: readonly WaitingWork[] | WaitingUnknown | 'elsewhere' | undefined;
  readonly decisions: readonly RecentDecision[];
}

/** Reads everything once, so that a page does not contradict itself. */
export function readStatus(deps: StatusDeps): Status {
  const snapshot = deps.snapshot();
  return {
    now: deps.clock(),
    unready: deps.unready(),
    snapshot,
    regions: cleanestFirst(snapshot),
    thresholds: deps.thresholds ? deps.thresholds() : BAND_THRESHOLDS,
    roles: deps.roles,
    modeCap: deps.modeCap?.(),
    unreadSettings: deps.unreadSettings?.() ?? [],
    leader: deps.leader?.(),
    certificateEnd: deps.certificateEnd?.(),
    sources: deps.sources?.(),
    watches: deps.watches?.(),
    waiting: deps.waiting && (deps.waiting() ?? 'elsewhere'),
    decisions: deps.recent(),
  };
}

/** The reading that a region is ranked by; none where no pod can run, whatever is measured there. */
export function rankedReading(region: RegionView, { snapshot }: Status): Reading | undefined {
  return isUsable(region, snapshot) ? comparableReading(region, snapshot) : undefined;
}

/**
 * Why a region is not ranked, the first that applies:
 *
 * | a node, or may scale from none | reading              | answer           |
 * | ------------------------------ | -------------------- | ---------------- |
 * | no                             | any                  | `no nodes`       |
 * | yes                            | none                 | `no reading`     |
 * | yes                            | of another signal    | `another signal` |
 * | yes                            | of the policy signal | `undefined`      |
 */
export function whyUnranked(region: RegionView, status: Status): Unranked | undefined {
  if (!isUsable(region, status.snapshot)) return 'no nodes';
  if (!region.reading) return 'no reading';
  return rankedReading(region, status) ? undefined : 'another signal';
}

export type Unranked = 'no nodes' | 'no reading' | 'another signal';

/** Whether automatic sources call a region down, and are not believed: of one that is not called down nobody is named, and a hand's word overrules. */
export function isDistrusted({ active, sources }: Outage): boolean {
  return !active && sources.length > 0 && !sources.includes(MANUAL);
}

/** Why nobody knows what waits, where this replica should. */
export function whyWaitingUnknown(waiting: Status['waiting']): string | undefined {
  return typeof waiting === 'object' && 'unknown' in waiting ? waiting.unknown : undefined;
}
