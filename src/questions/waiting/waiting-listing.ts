import type { WaitingPiece } from '../../cluster/waiting-work.ts';
import type { ListFormat } from '../../config/options.ts';
import { formatWholeGrams } from '../../decision/messages.ts';
import { dataOfRecord, type WaitData } from '../../decision/wait-words.ts';
import { renderData } from '../../terminal/render-data.ts';
import { renderRows } from '../../terminal/render-rows.ts';
import type { Column } from '../../terminal/render-table.ts';
import { compareText } from '../../units/compare-text.ts';
import { formatDuration } from '../../units/duration.ts';
import { DAY_MS, isoTime, shortAge } from '../../units/moment.ts';

/**
 * What `gridgate waiting --output json` prints. Within `v1` fields are added, never taken away or given another meaning; every
 * field is always there, `null` where nobody knows. Times are RFC 3339.
 */
export interface WaitingListing {
  readonly version: 'v1';
  readonly takenAt: string;
  /** Those that start first, first; those that do not say when, last. */
  readonly waiting: readonly WaitingWork[];
}

/** All that waits of one owner; what is said of its wait is said by what starts first. */
export interface WaitingWork extends Said {
  readonly namespace: string;
  /** `Pod` for one without an owner. */
  readonly owner: { readonly kind: string; readonly name: string };
  /** Behind gridgate's gate. */
  readonly pods: number;
  /** Jobs that gridgate suspended, which have no pods yet. */
  readonly suspendedJobs: number;
  readonly since: string | null;
  /** Whether `latestStart` has passed. */
  readonly overdue: boolean;
}

type Said = { readonly [K in keyof WaitData]: WaitData[K] | null };

/** What waits, by its owners; `now` is epoch milliseconds. */
export function listWaiting(pieces: readonly WaitingPiece[], now: number): WaitingListing {
  const byOwner = Map.groupBy(pieces, (piece) => {
    const { kind, name } = ownerIn(piece);
    return `${piece.namespace}/${kind}/${name}`;
  });
  const waiting = [...byOwner.values()].flatMap((ofOwner) => workOf(ofOwner, now));
  return { version: 'v1', takenAt: isoTime(now), waiting: waiting.sort(byStart) };
}

function ownerIn({ owner, kind, name }: WaitingPiece): WaitingWork['owner'] {
  return owner ?? { kind, name };
}

function workOf(ofOwner: readonly WaitingPiece[], now: number): readonly WaitingWork[] {
  const [first] = [...ofOwner].sort((a, b) => startOf(a) - startOf(b));
  if (!first) return [];
  const { wait, namespace } = first;
  const latestStart = Math.min(...ofOwner.map((piece) => piece.wait?.latestStart ?? Number.POSITIVE_INFINITY));
  const since = Math.min(...ofOwner.map((piece) => piece.since ?? Number.POSITIVE_INFINITY));
  return [
    {
      namespace,
      owner: ownerIn(first),
      pods: ofOwner.filter(({ kind }) => kind === 'Pod').length,
      suspendedJobs: ofOwner.filter(({ kind }) => kind === 'Job').length,
      since: Number.isFinite(since) ? isoTime(since) : null,
      overdue: latestStart < now,
      ...(wait ? dataOfRecord({ ...wait, latestStart }) : NOTHING_SAID),
    },
  ];
}

const NOTHING_SAID = {
  notBefore: null,
  latestStart: null,
  durationSeconds: null,
  durationFrom: null,
  region: null,
  now: null,
  expected: null,
  savingPercent: null,
};

function startOf({ wait }: WaitingPiece): number {
  return wait?.notBefore ?? Number.POSITIVE_INFINITY;
}

function byStart(a: WaitingWork, b: WaitingWork): number {
  const start = ({ notBefore }: WaitingWork) => (notBefore === null ? Number.POSITIVE_INFINITY : Date.parse(notBefore));
  return Math.sign(start(a) - start(b)) || compareText(nameOf(a), nameOf(b));
}

/** Unique among all that waits. */
export function nameOf({ namespace, owner }: Pick<WaitingWork, 'namespace' | 'owner'>): string {
  return `${namespace}/${shown(owner)}`;
}

/** As `gridgate release` takes it: `job/train`. */
function shown({ kind, name }: WaitingWork['owner']): string {
  return `${kind.toLowerCase()}/${name}`;
}

const GROUPS: Readonly<Record<string, string>> = { Job: '.batch', CronJob: '.batch', ReplicaSet: '.apps' };

/** As kubectl prints names: `job.batch/train`. */
function typed({ kind, name }: WaitingWork['owner']): string {
  return `${kind.toLowerCase()}${GROUPS[kind] ?? ''}/${name}`;
}

export interface WaitingLayout {
  readonly output: ListFormat;
  /** Of a table. */
  readonly width: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly showsNamespace: boolean;
}

/** The listing for people and programs: its table, names as kubectl prints them, or data. */
export function renderWaiting(listing: WaitingListing, layout: WaitingLayout): string {
  const { output } = layout;
  if (output === 'json' || output === 'yaml') return renderData(listing, output);
  if (listing.waiting.length === 0) return '';
  return renderChangedWaiting(listing.waiting, listing.waiting, { ...layout, isFirst: true });
}

/** Some of it, as wide as all of it takes; as data one document each, with the head where they are the first. */
export function renderChangedWaiting(
  changed: readonly WaitingWork[],
  all: readonly WaitingWork[],
  layout: WaitingLayout & { readonly isFirst: boolean },
): string {
  const columns = columnsFor(layout);
  return renderRows(changed, all, { ...layout, columns, nameOf: ({ owner }) => typed(owner) });
}

const RIGHT = { align: 'right' } as const;
/** In one word with the time: scripts cut lines at spaces. */
const OVERDUE = '(overdue)';

function columnsFor({ output, now, showsNamespace }: WaitingLayout): readonly Column<WaitingWork>[] {
  const isWide = output === 'wide';
  const grams = (value: number | null) => (value === null ? '-' : formatWholeGrams(value));
  return [
    ...(showsNamespace ? [{ title: 'NAMESPACE', givesWay: 2, cell: ({ namespace }: WaitingWork) => namespace }] : []),
    { title: 'OWNER', givesWay: 1, least: 10, cell: ({ owner }) => shown(owner) },
    { title: 'PODS', ...RIGHT, cell: ({ pods }) => (pods > 0 ? String(pods) : '-') },
    { title: 'SINCE', ...RIGHT, cell: ({ since }) => (since === null ? '-' : shortAge(now - Date.parse(since))) },
    { title: 'UNTIL', cell: ({ notBefore }) => moment(notBefore, now, isWide) },
    {
      title: 'DEADLINE',
      style: (cell) => (cell.endsWith(OVERDUE) ? 'red' : undefined),
      cell: ({ latestStart, overdue }) => `${moment(latestStart, now, isWide)}${overdue ? OVERDUE : ''}`,
    },
    { title: isWide ? 'NOW gCO2/kWh' : 'NOW', ...RIGHT, cell: (work) => grams(work.now) },
    { title: isWide ? 'EXPECTED gCO2/kWh' : 'EXPECTED', ...RIGHT, cell: ({ expected }) => grams(expected) },
    {
      title: 'SAVING',
      ...RIGHT,
      cell: ({ savingPercent: saving }) => (saving === null ? '-' : `${saving.toFixed(0)}%`),
    },
    ...(isWide ? WIDE_COLUMNS : []),
  ];
}

const WIDE_COLUMNS: readonly Column<WaitingWork>[] = [
  { title: 'REGION', cell: ({ region }) => region ?? '-' },
  {
    title: 'LENGTH',
    cell: ({ durationSeconds: seconds, durationFrom: from }) =>
      seconds === null ? '-' : `${formatDuration(seconds * 1_000)} (${from})`,
  },
  { title: 'BY', cell: ({ pods }) => (pods > 0 ? 'gate' : 'suspend') },
];

/** `18:00Z` within a day, `11-30 18:00Z` otherwise, all of it where there is room. */
function moment(time: string | null, now: number, isWide: boolean): string {
  if (time === null) return '-';
  if (isWide) return time;
  const isNear = Math.abs(Date.parse(time) - now) < DAY_MS;
  return `${isNear ? '' : `${time.slice(5, 10)} `}${time.slice(11, 16)}Z`;
}
