import { createHash } from 'node:crypto';
import type { LiveRegion } from '../../cluster/regions.ts';
import type { Band } from '../../regions/band.ts';
import type { OutageState } from '../../regions/region-status.ts';
import { type EventParts, HOME_OF_EVENTS, toEvent } from '../event.ts';

/** What people are told of when it changes; `undefined` is unknown. */
export interface RegionFacts {
  readonly down: OutageState | undefined;
  readonly band: Band | undefined;
  /** Who measures, or `static`; without it there is only a yearly average, or nothing. */
  readonly source: string | undefined;
  readonly isAverage: boolean;
  readonly gridZone: string | undefined;
  /** By hand: no source can call it down. */
  readonly isForcedUp: boolean;
}

/** The source of a value that stands in the spec. */
const FIXED = 'static';

export function factsOf({ spec, observed }: LiveRegion): RegionFacts {
  const { outage, band, reading, gridZone } = observed;
  const isAverage = reading?.freshness === 'embedded';
  return {
    down: outage?.active ? outage : undefined,
    band,
    source: isAverage ? undefined : reading?.source,
    isAverage,
    gridZone,
    isForcedUp: spec.outage?.active === false,
  };
}

/** One thing to tell of a region. */
export interface Notice extends Pick<EventParts, 'type' | 'reason' | 'action' | 'note'> {
  /** Of the same aspect the newest counts: what nobody was told in time is not told any more. */
  readonly about: 'down' | 'band' | 'source';
}

/**
 * | before            | now               | told                               |
 * | ----------------- | ----------------- | ---------------------------------- |
 * | up                | down              | Warning RegionDown, who says it, why |
 * | down              | up                | Normal RegionRecovered             |
 * | a band            | another one       | Normal BandChanged                 |
 * | measured          | yearly average    | Warning SourceLost, of the same grid zone |
 * | fixed by hand     | yearly average    | -                                  |
 * | yearly average    | measured          | Normal SourceFound                 |
 * | unknown           | a band            | -                                  |
 */
export function noticesOf(before: RegionFacts, now: RegionFacts): readonly Notice[] {
  const notices: Notice[] = [];
  const { down, band, source } = now;
  if (down && !before.down) {
    const why = down.reason === undefined ? '' : `: ${down.reason}`;
    notices.push({
      about: 'down',
      type: 'Warning',
      reason: 'RegionDown',
      action: 'ReadOutages',
      note: `new pods go elsewhere; ${down.sources.join(', ')} calls it down${why}`,
    });
  }
  if (!down && before.down)
    notices.push({
      about: 'down',
      type: 'Normal',
      reason: 'RegionRecovered',
      action: 'ReadOutages',
      note: now.isForcedUp
        ? 'it is forced up by hand (spec.outage.active: false); new pods may come, whatever sources say'
        : 'nobody calls it down any more; new pods may come',
    });
  if (band !== undefined && before.band !== undefined && band !== before.band)
    notices.push({
      about: 'band',
      type: 'Normal',
      reason: 'BandChanged',
      action: 'ReadIntensity',
      note: `the carbon intensity of its electricity was ${before.band} and is ${band}`,
    });
  const isMeasured = before.source !== undefined && before.source !== FIXED;
  if (source === undefined && isMeasured && before.gridZone === now.gridZone)
    notices.push({
      about: 'source',
      type: 'Warning',
      reason: 'SourceLost',
      action: 'ReadIntensity',
      note: `${before.source} gave no usable intensity for hours: at most a yearly average ranks it now, and nothing refuses it for carbon`,
    });
  if (source !== undefined && source !== FIXED && before.isAverage)
    notices.push({
      about: 'source',
      type: 'Normal',
      reason: 'SourceFound',
      action: 'ReadIntensity',
      note: `${source} gives its intensity`,
    });
  return notices;
}

/** An Event about the Region, which `kubectl describe region` shows; `now` is epoch milliseconds. */
export function regionEvent(
  notice: Notice,
  { metadata }: LiveRegion,
  { instance, now }: { readonly instance: string; readonly now: number },
): object {
  const { about: _, ...told } = notice;
  const hash = createHash('sha256').update(`${metadata.uid}\n${notice.reason}\n${now}`).digest('hex');
  const regarding = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', name: metadata.name, uid: metadata.uid };
  return toEvent(
    {
      ...told,
      name: `gridgate-region-${hash.slice(0, 12)}`,
      namespace: HOME_OF_EVENTS,
      regarding: { ...regarding, namespace: undefined },
      instance,
    },
    now,
  );
}
