import type { LiveRegion } from '../../cluster/regions.ts';
import type { NamedFormat } from '../../config/options.ts';
import { automaticOutage, outageAt } from '../../regions/observed-region.ts';
import { MANUAL } from '../../regions/outage-by-hand.ts';
import { REGION_TYPE } from '../../regions/region-resource.ts';
import { renderData } from '../../terminal/render-data.ts';
import { renderRows } from '../../terminal/render-rows.ts';
import type { Column } from '../../terminal/render-table.ts';

/** What counts for a region now, and who says so. Times are RFC 3339; `null` where there is none. */
export interface ListedOutage {
  readonly region: string;
  /**
   * | state       | what it is                                                                  |
   * | ----------- | --------------------------------------------------------------------------- |
   * | down        | in outage                                                                   |
   * | forced up   | `active: false` by hand: no source can call it down until that is cleared   |
   * | up          | nobody calls it down                                                        |
   */
  readonly state: 'down' | 'forced up' | 'up';
  /** Who calls it down: `manual` and automatic sources; of one that is forced up, who would. */
  readonly sources: readonly string[];
  readonly reason: string | null;
  readonly since: string | null;
  readonly until: string | null;
}

export interface OutageListing {
  readonly version: 'v1';
  readonly regions: readonly ListedOutage[];
}

/** Every region, those that are down first, then those that are forced up; `now` is epoch milliseconds. */
export function listOutages(regions: readonly LiveRegion[], now: number): OutageListing {
  const listed = regions.map((region) => toListed(region, now));
  const order = ['down', 'forced up', 'up'];
  return { version: 'v1', regions: listed.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state)) };
}

function toListed({ metadata, spec, observed }: LiveRegion, now: number): ListedOutage {
  const automatic = automaticOutage(observed);
  const outage = outageAt(spec.outage, automatic, now);
  const isForcedUp = spec.outage?.active === false;
  const told = isForcedUp ? automatic : outage;
  const isTold = told?.active ?? false;
  const since = told?.since ?? (observed.outage?.active ? observed.outage.since : undefined);
  return {
    region: metadata.name,
    state: isForcedUp ? 'forced up' : isTold ? 'down' : 'up',
    sources: isTold ? (told?.sources ?? []) : [],
    reason: (isTold && told?.reason) || null,
    since: isTold && since !== undefined ? new Date(since).toISOString() : null,
    until: (isTold && told?.sources.includes(MANUAL) && spec.outage?.until) || null,
  };
}

const COLUMNS: readonly Column<ListedOutage>[] = [
  { title: 'REGION', givesWay: 2, cell: ({ region }) => region },
  {
    title: 'STATE',
    style: (state) => (state === 'down' ? 'red' : state === 'up' ? undefined : 'yellow'),
    cell: ({ state }) => state,
  },
  { title: 'SAYS', givesWay: 3, cell: ({ sources }) => sources.join(', ') || '-' },
  { title: 'SINCE', cell: ({ since }) => since?.slice(0, 16) ?? '-' },
  { title: 'UNTIL', cell: ({ until }) => until ?? '-' },
  { title: 'REASON', givesWay: 1, cell: ({ reason }) => reason ?? '-' },
];

export interface OutageLayout {
  readonly output: NamedFormat;
  /** Of a table. */
  readonly width: number;
}

/** The listing for people and programs: its table, names as kubectl prints them, or data. */
export function renderOutages(listing: OutageListing, layout: OutageLayout): string {
  const { output } = layout;
  if (output === 'json' || output === 'yaml') return renderData(listing, output);
  return renderChangedOutages(listing.regions, listing.regions, { ...layout, isFirst: true });
}

/** Some of the regions, as wide as all of them take; as data one document each, with the head where they are the first. */
export function renderChangedOutages(
  changed: readonly ListedOutage[],
  all: readonly ListedOutage[],
  layout: OutageLayout & { readonly isFirst: boolean },
): string {
  return renderRows(changed, all, { ...layout, columns: COLUMNS, nameOf: ({ region }) => `${REGION_TYPE}/${region}` });
}

/** What a hand's `active: false` does, for whoever has forgotten it. */
export function forcedUpNotes({ regions }: OutageListing): readonly string[] {
  return regions
    .filter(({ state }) => state === 'forced up')
    .map(
      ({ region, sources }) =>
        `${region}: spec.outage.active is false, which overrides every automatic source${sources.length > 0 ? ` (${sources.join(', ')} would call it down)` : ''}; \`gridgate outage clear ${region}\` lets them count again`,
    );
}
