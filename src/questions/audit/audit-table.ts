import type { Mode } from '../../decision/policy.ts';
import { type Column, cut, layOut } from '../../terminal/render-table.ts';
import { type Line, renderSections } from '../../terminal/sections.ts';
import { paint, type Style } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap-text.ts';
import { compareText } from '../../units/compare-text.ts';
import { onOneLine } from '../../units/legible.ts';
import { tellFew } from '../../units/tell-few.ts';
import { asItActs, countOff } from './as-it-acts.ts';
import type { AuditedWorkload, AuditReport, Place, WrongNamespace } from './audited-workload.ts';
import {
  asksForUnknown,
  count,
  countPreferring,
  fullMessage,
  hasHome,
  isAnnotatedWrongly,
  isLeftByAsks,
  pluralOf,
} from './findings.ts';
import {
  describeUnknownMachines,
  formatEmbodied,
  formatEmbodiedSum,
  formatGramsPerHour,
  type ToldStep,
  tellSteps,
} from './grams-per-hour.ts';
import { betterPlace, misplacedPlaces, misplacedPods } from './misplaced.ts';
import { isSpared, verdictOf, worstFirst } from './verdict.ts';

const VERDICT_STYLES: Readonly<Record<string, Style>> = {
  deny: 'red',
  'would deny': 'yellow',
  steer: 'green',
  'would steer': 'green',
  defer: 'green',
};

/** As kubectl shortens them. */
const SHORT_KINDS: ReadonlyMap<string, string> = new Map([
  ['Deployment', 'deploy'],
  ['StatefulSet', 'sts'],
  ['DaemonSet', 'ds'],
  ['ReplicaSet', 'rs'],
  ['ReplicationController', 'rc'],
  ['CronJob', 'cj'],
]);

interface AuditColumn extends Column<AuditedWorkload> {
  /** Only in tables at least so wide. */
  readonly from?: number;
}

/** Where there is no room for embodied grams of each workload, those of each namespace stand beside its name. */
const ROOMY = 90;
const EMBODIED = 'comes on top of each: the share of making the machines, an estimate (~: machines not known)';
/** Where there is no room for them, alternatives stand in a list below. */
const WIDE = 110;
/** Of what stands in lists below the table. */
const MOST_LISTED = 100;

const GUESSED =
  'Regions: none was named, so those of all public clouds stand in, of whatever provider; --regions names yours';

/**
 * The report for people. Whoever owns a namespace reads one block: what is denied first, then what emits most. Below stand
 * the reasons of denials, cleaner alternatives and the totals.
 */
export function* renderAuditTable(asData: AuditReport, width: number, isGuess: boolean): Iterable<string> {
  const report = { ...asData, workloads: asData.workloads.map(asItActs) };
  const { workloads, broken, wrongNamespaces } = report;
  const listNamespaces = () =>
    renderList('Namespaces annotated wrongly (wrong_annotation)', width, wrongNamespaces.map(whyWrong));
  if (workloads.length === 0) {
    yield 'Nothing to audit: no pods, and nothing that makes pods.\n';
    yield* listNamespaces();
  } else {
    yield `Operational gCO2e per hour: ${asWrittenName(report)}, at home, as gridgate would place it\n`;
    yield hanging(`${width < ROOMY ? 'Embodied' : 'EMBODIED'} ${EMBODIED}`, width).trimStart();
    yield* renderNamespaces(report, width);
    yield* renderList('Denied', width, workloads.filter(({ denied }) => denied).map(whyRefused));
    yield* renderList(
      'Asks for a region that nobody knows (unknown_region)',
      width,
      workloads.filter(({ reason }) => reason === 'unknown_region').map(whyRefused),
    );
    yield* renderList(
      'Annotated wrongly (wrong_annotation)',
      width,
      workloads.filter(isAnnotatedWrongly).map(whyAnnotated),
    );
    yield* listNamespaces();
    yield* renderList('Would be denied in mode enforce', width, workloads.filter(isSpared).map(whyRefused));
    yield* renderList('Run where their policy refuses them', width, workloads.flatMap(whereMisplaced));
    yield* renderList(
      'DaemonSets that reach outside regions (daemonset_outside)',
      width,
      workloads.filter(({ reason }) => reason === 'daemonset_outside').map(whyRefused),
    );
    yield* renderList(
      'Left where they are by what they ask for',
      width,
      workloads.filter(isLeftByAsks).map((workload) => `${whyRefused(workload)} [${workload.reason}]`),
    );
    if (width < WIDE)
      yield* renderList('Cleaner, if their own constraints allowed it', width, alternativesOf(workloads));
    yield '\n';
    yield* renderCounts('Judged by its pod template', width, byTemplate(workloads));
    yield* renderTotals(report, countOff(asData.workloads), width);
    if (isGuess) yield hanging(GUESSED, width).trimStart();
  }
  yield* renderCounts('Not judged, of kinds that gridgate does not know', width, report.notJudged);
  yield* renderCounts('Passed over, without pods', width, report.passedOver);
  yield* renderCounts('Passed over, no Kubernetes objects', width, pluralOf(report.noObjects));
  yield* renderList('Could not be read', width, broken);
}

function* renderNamespaces(report: AuditReport, width: number): Iterable<string> {
  const columns = columnsOf(report, width);
  const { head, line } = layOut(columns, report.workloads, width);
  const byNamespace = Map.groupBy(report.workloads, ({ namespace }) => namespace);
  const summed = new Map(report.namespaces.map((one) => [one.namespace, one]));
  yield head;
  for (const [namespace, workloads] of [...byNamespace].sort(([a], [b]) => compareText(a, b))) {
    const sums = summed.get(namespace);
    const beside = sums && width < ROOMY ? `: embodied ${formatEmbodiedSum(sums)}` : '';
    yield `${paint('bold', cut(onOneLine(`${namespace} (${sums?.mode ?? 'off'})`), width - beside.length))}${beside}\n`;
    for (const workload of workloads.sort(worstFirst)) yield line(workload);
  }
}

function columnsOf({ source }: AuditReport, width: number): readonly AuditColumn[] {
  const right = { align: 'right' } as const;
  const columns: readonly AuditColumn[] = [
    { title: 'WORKLOAD', givesWay: 3, cell: (workload) => `  ${shortName(workload)}` },
    { title: 'PODS', ...right, from: WIDE, cell: ({ pods }) => String(pods) },
    { title: 'DECISION', style: (cell) => VERDICT_STYLES[cell], cell: verdictOf },
    { title: 'REASON', givesWay: 1, least: 11, cell: ({ reason }) => reason },
    { title: 'REGIONS', givesWay: 2, least: 12, cell: firstRegions },
    { title: source === 'files' ? 'WRITTEN' : 'NOW', ...right, cell: (one) => grams(one, 'asWritten') },
    { title: 'HOME', ...right, cell: (one) => grams(one, 'atHome') },
    { title: 'PLACED', ...right, cell: (one) => grams(one, 'placed') },
    { title: 'EMBODIED', ...right, from: ROOMY, cell: ({ embodied }) => formatEmbodied(embodied) },
    { title: 'ALTERNATIVE', from: WIDE, givesWay: 4, cell: ({ alternative }) => describeAlternative(alternative) },
  ];
  return columns.filter(({ from = 0 }) => width >= from);
}

function grams({ gramsPerHour }: AuditedWorkload, which: keyof AuditedWorkload['gramsPerHour']): string {
  return formatGramsPerHour(gramsPerHour[which]);
}

/** `deploy/web`. */
function shortName({ kind, name }: AuditedWorkload): string {
  return `${SHORT_KINDS.get(kind) ?? kind.toLowerCase()}/${name}`;
}

/** The best one and how many more; no name where nothing ranks them. */
function firstRegions({ regions, isRanked }: AuditedWorkload): string {
  const [first, ...more] = regions;
  if (first === undefined) return '-';
  if (!isRanked && more.length > 0) return `any of ${regions.length}`;
  return more.length > 0 ? `${first} +${more.length}` : first;
}

function describeAlternative(alternative: AuditedWorkload['alternative']): string {
  return alternative ? `${alternative.region} ${formatGramsPerHour(alternative.gramsPerHour)}` : '-';
}

/** `shop deploy/web: 2 of 4 pods, 2 in us-east-1; gridgate would place them in eu-north-1`. */
function whereMisplaced(workload: AuditedWorkload): readonly string[] {
  const { namespace, misplaced, pods } = workload;
  if (!misplaced) return [];
  const places = `${misplacedPlaces(workload)}${betterPlace(workload)}`;
  return [`${namespace} ${shortName(workload)}: ${misplaced} of ${count(pods, 'pod')}, ${places}`];
}

function whyRefused(workload: AuditedWorkload): string {
  const { namespace, place } = workload;
  return `${namespace} ${shortName(workload)}${whereIn(place)}: ${fullMessage(workload)}`;
}

/** A denial is said elsewhere. */
function whyAnnotated(workload: AuditedWorkload): string {
  if (workload.reason === 'wrong_annotation') return whyRefused(workload);
  const { namespace, place, wrongAnnotations } = workload;
  return `${namespace} ${shortName(workload)}${whereIn(place)}: ${wrongAnnotations.join('; ')}`;
}

function whyWrong({ namespace, place, mistakes }: WrongNamespace): string {
  return `${namespace}${whereIn(place)}: ${mistakes.join('; ')}`;
}

function whereIn(place: Place | null): string {
  return place ? ` (${place.file}:${place.line})` : '';
}

function alternativesOf(workloads: readonly AuditedWorkload[]): readonly string[] {
  return workloads.flatMap((workload) => {
    const { namespace, alternative, decision, gramsPerHour } = workload;
    // The message of a denial names it.
    if (!alternative || decision === 'deny') return [];
    const now = formatGramsPerHour(gramsPerHour.placed ?? gramsPerHour.asWritten);
    return [
      `${namespace} ${shortName(workload)}: ${alternative.region}, ${formatGramsPerHour(alternative.gramsPerHour)} gCO2e/h instead of ${now}`,
    ];
  });
}

function* renderList(title: string, width: number, entries: readonly string[]): Iterable<string> {
  if (entries.length === 0) return;
  yield `\n${paint('bold', `${title}:`)}\n`;
  for (const entry of entries.slice(0, MOST_LISTED)) yield hanging(onOneLine(entry), width);
  const more = entries.length - MOST_LISTED;
  if (more > 0) yield `  and ${more} more: --output json lists all\n`;
}

/** The first line further to the left, so that entries are told apart. */
function hanging(text: string, width: number): string {
  return `  ${wrapText(text, width, '    ').slice(4)}`;
}

function* renderTotals(
  report: AuditReport,
  { off, assumable }: ReturnType<typeof countOff>,
  width: number,
): Iterable<string> {
  const { totals, namespaces, source, workloads, modeCap } = report;
  const misplaced = misplacedPods(workloads);
  const { balance } = totals;
  const unknown = workloads.filter(asksForUnknown).length;
  const wrong = workloads.filter(isAnnotatedWrongly).length;
  const { isAdded, placing, denial, wouldStop } = tellSteps(balance);
  const all = `${formatGramsPerHour(balance.now)} ${asWrittenName(report)}${hasHome(report) ? `, ${formatGramsPerHour(balance.atHome)} at home` : ''}`;
  const ofIt = wouldStop === undefined ? '' : `, ${wouldStop} of it only in mode enforce`;
  const embodied = `${formatEmbodiedSum(totals)} gCO2e per hour on top, an estimate${describeUnknownMachines(totals.embodied)}`;
  yield `${paint('bold', 'Totals')}: ${count(totals.workloads, 'workload')}, ${count(totals.pods, 'pod')} in ${count(namespaces.length, 'namespace')}\n`;
  yield renderSections(
    [
      { title: 'gCO2e per hour', lines: [all] },
      { title: `Placing ${isAdded ? 'adds' : 'saves'}`, lines: [tellStep(placing)] },
      { title: 'Denial stops', lines: denial ? [tellStep(denial, ofIt)] : [] },
      { title: 'Embodied', lines: [embodied] },
      { title: 'Denied', lines: [tell(totals.denied, 'red')] },
      { title: 'Would be denied', lines: [tell(workloads.filter(isSpared).length, 'yellow')] },
      { title: 'Unknown region', lines: some(unknown, tell(unknown, 'red')) },
      { title: 'Wrong annotation', lines: some(wrong, tell(wrong, 'red')) },
      { title: 'Reach outside', lines: some(totals.daemonSetsOutside, tell(totals.daemonSetsOutside, 'yellow')) },
      { title: 'Misplaced pods', lines: source === 'cluster' ? [tell(misplaced, 'yellow')] : [] },
      {
        title: 'Would wait',
        lines: some(totals.wouldWait, `${count(totals.wouldWait, 'workload')}, made now, for a cleaner hour`),
      },
      { title: 'Preferences', lines: tellPreferences(report) },
      { title: 'Off', lines: some(off, tellOff(off, assumable)) },
      { title: 'Kill switch', lines: modeCap === null ? [] : [tellCap(modeCap)] },
      {
        title: 'Estimates',
        lines: some(totals.estimated, `${count(totals.estimated, 'workload')} whose requests had to be assumed`),
      },
      {
        title: 'Without figure',
        lines: some(
          balance.withoutFigure,
          `${count(balance.withoutFigure, 'workload')} without a reading: not in the sums`,
        ),
      },
    ],
    { width, titleWidth: 17, indent: 2 },
  );
}

/** Where nobody could look what brings nodes, nothing. */
function tellPreferences({ preferences: { workloads, means } }: AuditReport): readonly string[] {
  return workloads > 0 && means !== null ? [`${countPreferring(workloads)}: ${means}`] : [];
}

/** `5.55 (-35%): 10.5 left`. */
function tellStep({ grams, change, left }: ToldStep, ofIt = ''): string {
  return `${grams}${change === undefined ? '' : ` (${change})`}${ofIt}: ${left} left`;
}

function tellOff(off: number, assumable: number): string {
  const hint = assumable > 0 ? '; --assume-mode enforce shows what it would do' : '';
  return `${count(off, 'workload')} in namespaces that gridgate leaves alone${hint}`;
}

function tellCap(cap: Mode): string {
  return `caps the mode of every namespace to ${cap}`;
}

/** Only where there are some. */
function some<T>(number: number, line: T): readonly T[] {
  return number > 0 ? [line] : [];
}

function asWrittenName({ source }: AuditReport): string {
  return source === 'files' ? 'as written' : 'now';
}

function tell(number: number, style: Style): Line {
  return { text: String(number), style: number > 0 ? style : undefined };
}

function byTemplate(workloads: readonly AuditedWorkload[]): Readonly<Record<string, number>> {
  const kinds = Map.groupBy(
    workloads.filter(({ judgedBy }) => judgedBy === 'pod template'),
    ({ kind }) => kind,
  );
  return Object.fromEntries([...kinds].map(([kind, some]) => [kind, some.length]));
}

/** Most first. */
function* renderCounts(title: string, width: number, counts: Readonly<Record<string, number>>): Iterable<string> {
  const all = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (all.length === 0) return;
  const text = `${title}: ${tellFew(all, MOST_LISTED, ([what, number]) => `${number} ${what}`).join(', ')}`;
  yield hanging(onOneLine(text), width).trimStart();
}
