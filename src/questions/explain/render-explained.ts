import { formatGrams } from '../../decision/messages.ts';
import { REASONS } from '../../decision/reasons.ts';
import { tellWait, type WaitData } from '../../decision/wait-words.ts';
import { type Line, renderSection, type Section } from '../../terminal/sections.ts';
import { paint, type Style } from '../../terminal/terminal.ts';
import { wrapLines } from '../../terminal/wrap-text.ts';
import { formatAge } from '../../units/moment.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { DecidedNow, ExplainReport, RunsOn } from './explained.ts';
import type { WrittenRecord } from './read-record.ts';

const TITLE_WIDTH = 10;
const STEP_WIDTH = 15;

/** The report for people, at most `width` columns wide. */
export function renderExplained(report: ExplainReport, width: number): string {
  const sections = [
    waitingSection(report),
    refusalSection(report),
    runsSection(report),
    podsSection(report),
    recordSection(report),
    nowSection(report),
    ...(report.object.ended === null ? [carbonSection(report), embodiedSection(report)] : []),
    { title: 'Notes', lines: report.notes },
  ].flatMap((section) => (section && section.lines.length > 0 ? [section] : []));
  const layout = { width, titleWidth: TITLE_WIDTH };
  return [headline(report, width), ...sections.map((section) => renderSection(section, layout))].join('\n');
}

function headline({ object, mode }: ExplainReport, width: number): string {
  const { kind, name, namespace, owner } = object;
  const of = owner ? `, of ${owner.kind} ${owner.name}` : '';
  const counts = mode.counts === null ? '' : ` (mode ${mode.counts})`;
  const lines = wrapLines(`${kind} ${name} in namespace ${namespace}${counts}${of}`, width);
  return `${lines.map((line) => paint('bold', line)).join('\n')}\n`;
}

function waitingSection(report: ExplainReport): Section | undefined {
  const { waiting } = report;
  if (!waiting) return undefined;
  const { gates, reason, message, wait } = waiting;
  const told = [reason, message].filter((part) => part !== null).join(': ');
  const why = told || 'for the scheduler, which has not looked at it yet';
  return {
    title: 'Waits',
    // While there are gates, the scheduler only says that there are some.
    lines: [
      {
        text: gates.length > 0 ? `${heldOf(report)}held by scheduling gates: ${gates.join(', ')}` : why,
        style: 'yellow',
      },
      ...(wait ? waitLines(wait, report) : []),
    ],
  };
}

/** Of an owner, which of its pods. */
function heldOf({ object, waiting }: ExplainReport): string {
  return object.kind === 'Pod' || !waiting?.message ? '' : `${waiting.message}: `;
}

function waitLines(wait: WaitData, { object, takenAt }: ExplainReport): readonly (string | Line)[] {
  const isOverdue = wait.latestStart !== null && Date.parse(wait.latestStart) < Date.parse(takenAt);
  // All pods of a Job go together.
  const { kind, name } = object.owner?.kind === 'Job' ? object.owner : object;
  const command = shellCommand`gridgate release ${kind.toLowerCase()}/${name} -n ${object.namespace}`;
  return [
    ...tellWait(wait),
    ...(isOverdue
      ? [
          {
            text: 'its latest start has passed, and nobody has let it go: is a leader there? gridgate check',
            style: 'red' as const,
          },
        ]
      : []),
    ...(command === undefined ? [] : [`to let it go now: ${command}`]),
  ];
}

function refusalSection({ refusal, takenAt }: ExplainReport): Section | undefined {
  if (!refusal) return undefined;
  const { byGridgate, message, controller, at } = refusal;
  const who = `${controller.kind} ${controller.name} cannot create pods`;
  const when = at === null ? '' : `, last tried ${ageOf(at, takenAt)} ago`;
  return {
    title: byGridgate ? 'Refused' : 'Failed',
    lines: [{ text: `${who}${when}:` }, { text: message, style: byGridgate ? 'red' : 'yellow' }],
  };
}

function runsSection({ runs, object, takenAt }: ExplainReport): Section | undefined {
  if (!runs) return undefined;
  const { node, region, since, refusedNow } = runs;
  if (object.ended !== null)
    return {
      title: 'Ran',
      lines: [`on node ${node}${region === null ? '' : ` in ${region}`}; it has ended (${object.ended})`],
    };
  const where = region === null ? 'whose region is not known' : `in ${region}`;
  const long = since === null ? '' : `, for ${ageOf(since, takenAt)}`;
  return {
    title: 'Runs',
    lines: [
      `on node ${node} ${where}${long}`,
      ...(region === null ? [] : [readingText(runs)]),
      ...(refusedNow === null
        ? []
        : [{ text: `refused for new pods: ${REASONS[refusedNow]}`, style: 'yellow' as const }]),
    ],
  };
}

function readingText({ reading, band }: RunsOn): string {
  if (!reading) return 'at an unknown intensity';
  const { gramsPerKwh, signal, source, ageSeconds, freshness } = reading;
  const age = ageSeconds === null || source === 'static' ? '' : `, ${formatAge(ageSeconds * 1_000)} old`;
  const mark = { fresh: '', stale: ', stale', embedded: ', a yearly average' }[freshness];
  return `at ${formatGrams(gramsPerKwh)} gCO2e/kWh ${signal} (${source}${age}${mark})${band ? `, band ${band}` : ''}`;
}

function podsSection({ pods, object, waiting: held }: ExplainReport): Section | undefined {
  if (!pods) return undefined;
  if (object.ended !== null) return { title: 'Ended', lines: [`it has ended (${object.ended}): no pods are wanted`] };
  const { wanted, running, waiting } = pods;
  const count = Object.values(running).reduce((sum, one) => sum + one, 0);
  const regions = Object.entries(running)
    .sort(([, a], [, b]) => b - a)
    .map(([region, one]) => `${one} in ${region || 'no known region'}`);
  const [first] = waiting.names;
  return {
    title: 'Pods',
    lines: [
      `${count} of ${wanted ?? '?'} run${regions.length > 0 ? `: ${regions.join(', ')}` : ''}`,
      ...(first === undefined
        ? []
        : [
            {
              text: `${waiting.count} without a node${held ? '' : `; ask about one of them: ${first}`}`,
              style: 'yellow' as const,
            },
          ]),
    ],
  };
}

function recordSection(report: ExplainReport): Section | undefined {
  const { object, record, takenAt } = report;
  if (object.kind !== 'Pod') return undefined;
  const age = object.createdAt === null ? undefined : ageOf(object.createdAt, takenAt);
  const title = 'Then';
  if (record === null)
    return { title, lines: [`it carries no record of a decision${age === undefined ? '' : `; it came ${age} ago`}`] };
  if (!record.readable)
    return { title, lines: [{ text: 'its record is not readable: gridgate did not write it', style: 'yellow' }] };
  return { title, lines: recordLines(record, age === undefined ? '' : whenDecided(report, age)) };
}

/** A pod that waited was decided about once more when it was let go. */
function whenDecided({ object, released, takenAt }: ExplainReport, age: string): string {
  if (released === null || object.createdAt === null) return ` when it came, ${age} ago`;
  return ` when it was let go, ${ageOf(released, takenAt)} ago, after it had waited for ${ageOf(object.createdAt, released)}`;
}

function recordLines(record: WrittenRecord & { readable: true }, came: string): readonly (string | Line)[] {
  const { reason, best, refused, reachable, acceptable, at } = record;
  const of = reachable === null || acceptable === null ? '' : ` (${acceptable} of ${reachable} regions acceptable)`;
  return [
    `${reason}${came}: ${REASONS[reason]}${of}`,
    ...(best.length > 0 ? [{ text: `best: ${best.map(inRecord).join(', ')}`, hang: 2 }] : []),
    ...(refused.length > 0 ? [{ text: `refused: ${refused.map(inRecord).join(', ')}`, hang: 2 }] : []),
    ...(at === null ? [] : [`by the readings of ${at.slice(0, 19)}Z`]),
  ];
}

/** `eu-north 50 static` as `eu-north at 50 (static)`; anything else as it is. */
function inRecord(entry: string): string {
  const [region, grams, source, refusal] = entry.split(' ');
  if (!region || grams === undefined || source === undefined || Number.isNaN(Number(grams))) return entry;
  return `${region} at ${grams} (${source})${refusal === undefined ? '' : ` ${refusal}`}`;
}

function nowSection({ now, mode, refusal }: ExplainReport): Section | undefined {
  if (!now) return undefined;
  const { decision, reason, warnings, steps } = now;
  const isTheSame = !now.allowed && refusal?.byGridgate && refusal.reason === reason;
  const message = isTheSame ? 'it would be refused again, for the same reason' : now.message;
  return {
    title: 'Now',
    lines: [
      { text: `${decision} ${reason}${effectText(now, mode.counts)}: ${message}`, style: colourOf(now) },
      // A single step says no more than the reason.
      ...(steps.length > 1 ? steps : []).map(({ step, finding }, index) => ({
        text: `${`${index + 1}. ${step}`.padEnd(STEP_WIDTH)} ${finding}`,
        hang: STEP_WIDTH + 1,
      })),
      ...warnings.map((warning) => ({ text: `warning: ${warning}`, style: 'yellow' as const, hang: 2 })),
    ],
  };
}

function effectText({ decision, allowed }: DecidedNow, mode: ExplainReport['mode']['counts']): string {
  if (mode === 'audit' && decision !== 'allow') return ' (mode audit: not carried out)';
  return decision === 'deny' && allowed ? ` (mode ${mode}: not carried out)` : '';
}

function colourOf({ decision, allowed }: DecidedNow): Style | undefined {
  if (decision === 'deny') return allowed ? 'yellow' : 'red';
  return decision === 'steer' ? 'green' : undefined;
}

function carbonSection({ gramsPerHour }: ExplainReport): Section | undefined {
  const { pods, now, home, best, homeRegion, bestRegion, basis } = gramsPerHour;
  const parts = [
    ...(now === null ? [] : [`${grams(now)} where it runs`]),
    ...(home === null ? [] : [`${grams(home)} at home in ${homeRegion}`]),
    ...(best === null ? [] : [`${grams(best)} in ${bestRegion}, the best allowed`]),
  ];
  if (parts.length === 0) return undefined;
  const notes = [...(pods > 1 ? [`${pods} pods`] : []), ...(basis === 'estimated' ? ['requests assumed'] : [])];
  return {
    title: 'Carbon',
    lines: [`gCO2e an hour: ${parts.join('; ')}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`],
  };
}

function embodiedSection({ embodied, gramsPerHour }: ExplainReport): Section | undefined {
  const { gramsPerHour: value, basis, how } = embodied;
  if (value === 0) return undefined;
  const { now, home, best } = gramsPerHour;
  const onTop = [now, home, best].some((figure) => figure !== null) ? ' on top of each' : '';
  const stand = how === 'default' ? 'a rack server' : how;
  const known = basis === 'estimated' ? `machine not known: ${stand}` : `by instance type: ${how}`;
  return {
    title: 'Embodied',
    lines: [`gCO2e an hour${onTop}: ${grams(value)}, the share of making the machines, an estimate (${known})`],
  };
}

function grams(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

function ageOf(iso: string, takenAt: string): string {
  const ms = Date.parse(takenAt) - Date.parse(iso);
  return Number.isNaN(ms) ? 'an unknown time' : formatAge(Math.max(0, ms));
}
