import { createHash } from 'node:crypto';
import { MIN_REPLICAS } from '../../decision/carbon-budget.ts';
import { isHolding, RESTORE_SHARE } from '../../scaling/budget-count.ts';
import { type BudgetMistake, type BudgetScope, scopeKey } from '../../scaling/budget-scope.ts';
import type { BudgetStatus } from '../../scaling/budget-status.ts';
import { stateOf, waitOf } from '../../scaling/budget-step.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { formatDuration } from '../../units/duration.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { nameFew } from '../../units/tell-few.ts';
import { type EventParts, toEvent } from '../event.ts';
import type { Notice } from '../notices.ts';
import type { BudgetReport } from './looks.ts';
import { apiVersionOf } from './lowered-writer.ts';
import type { Refused } from './refusals.ts';
import type { Lowered } from './targets.ts';

interface Telling {
  readonly instance: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

interface ToTell {
  readonly mode: CapacityMode;
  readonly reports: readonly BudgetReport[];
  readonly lowered: readonly Lowered[];
  /** What would be lowered, in audit. */
  readonly would: readonly Lowered[];
  readonly mistakes: readonly BudgetMistake[];
  readonly refused: readonly Refused[];
}

/** After so long a change is no news: the API server keeps Events for an hour. */
const NEWS_FOR_MS = HOUR_MS;
const MOST_NAMED = 5;

/** What of budgets and of what they scale is news. */
export function noticesOf(
  { mode, reports, lowered, would, mistakes, refused }: ToTell,
  telling: Telling,
): readonly Notice[] {
  const byKey = new Map(reports.map((one) => [scopeKey(one.scope), one]));
  const concerned = mode === 'audit' ? would : lowered;
  const ofLowered = lowered.flatMap((one) => tellLowered(one, byKey, telling));
  if (mode === 'off') return ofLowered.filter(({ reason }) => reason === 'Restored').map(({ notice }) => notice);
  return [
    ...mistakes.map((one) => noticeOf(mistakeWords(one), placeOfScope(one), telling)),
    ...reports.flatMap((one) => tellScope(one, concerned, mode, telling)),
    ...ofLowered.map(({ notice }) => notice),
    ...refused.map(({ one, message }) => noticeOf(refusedWords(message), placeOf(one), telling)),
    ...would.map((one) => noticeOf(wouldWords(one, byKey), placeOf(one), telling)),
  ];
}

interface Words extends Pick<EventParts, 'type' | 'reason' | 'note'> {
  /** What tells this one from another of its kind. */
  readonly key: string;
}

function mistakeWords({ key, mistake }: BudgetMistake): Words {
  return {
    type: 'Warning',
    reason: 'BudgetMistake',
    note: `${mistake}; it counts as if it were not there`,
    key: key + mistake,
  };
}

function refusedWords(message: string): Words {
  return {
    type: 'Warning',
    reason: 'BudgetRefused',
    note: `it cannot be scaled as its budget asks: ${message}`,
    key: message,
  };
}

function tellScope(
  report: BudgetReport,
  concerned: readonly Lowered[],
  mode: CapacityMode,
  telling: Telling,
): readonly Notice[] {
  const { scope, since, count, source } = report;
  const place = placeOfScope(scope);
  const key = `${since} ${mode}`;
  if (count.verdict === 'unknown' && count.unread > 1) {
    const note = `nobody knows what it emits, so nothing is changed: ${whyUnknown(report)}`;
    return [noticeOf({ type: 'Warning', reason: 'BudgetUnknown', note, key }, place, telling)];
  }
  if (!isHolding(count.verdict)) return [];
  const own = concerned.filter(({ demand }) => demand.scopes.includes(scope));
  const note = `${tellReading(report)}: ${tellWhatGoes(own, mode)} (${source})`;
  return [noticeOf({ type: 'Warning', reason: 'BudgetExceeded', note, key }, place, telling)];
}

function whyUnknown({ emissions, source }: BudgetReport): string {
  if (!emissions || emissions.unknown === 0) return source;
  return `of ${emissions.unknown} of its ${emissions.pods} pods the region, its intensity or the watts are unknown`;
}

function tellWhatGoes(own: readonly Lowered[], mode: CapacityMode): string {
  const going = own.filter((one) => one.floor !== undefined && (one.value ?? Number.POSITIVE_INFINITY) >= one.floor);
  if (going.length === 0)
    return `nothing of it may be scaled down: no Deployment or StatefulSet of class flexible has ${MIN_REPLICAS} below its replicas`;
  const named = nameFew(going, MOST_NAMED, (one) => `${nameOf(one)} to ${one.floor}`);
  return `${mode === 'audit' ? 'would go' : 'go'} down: ${named}`;
}

/** `observability emits 0.712 kgCO2e/h, its budget is 0.5` */
function tellReading({ scope, count }: BudgetReport): string {
  const name = scope.kind === 'Namespace' ? scope.name : `${scope.kind} ${scope.name}`;
  const emits = count.reading === undefined ? '' : ` emits ${toThousandth(count.reading.kgPerHour)} kgCO2e/h,`;
  return `${name}${emits} its budget is ${scope.limit}`;
}

interface ToldOf {
  readonly reason: string;
  readonly notice: Notice;
}

function tellLowered(one: Lowered, byKey: ReadonlyMap<string, BudgetReport>, telling: Telling): readonly ToldOf[] {
  const { status } = one;
  if (!status || telling.now - Date.parse(status.since) >= NEWS_FOR_MS) return [];
  const state = stateOf(one);
  const key = `${status.since} ${state} ${one.deployment ?? ''}`;
  const words = WORDS[state];
  if (!words) return [];
  const { reason, note } = words(one, status, tellBudgets(one, byKey));
  return [{ reason, notice: noticeOf({ type: 'Normal', reason, note, key }, placeOf(one), telling) }];
}

type Tell = (one: Lowered, status: BudgetStatus, budgets: string) => Pick<Words, 'reason' | 'note'>;

const WORDS: Partial<Readonly<Record<ReturnType<typeof stateOf>, Tell>>> = {
  held: (one, { before, wrote, strikes }, budgets) => ({
    reason: 'ScaledDown',
    note: `${fieldOf(one)}: ${before ?? 'none'} -> ${wrote}, because ${budgets}; back once all its budgets are below ${RESTORE_SHARE * 100}% of their limits, not before ${formatDuration(waitOf(strikes))} have passed`,
  }),
  restored: (one, { before, wrote }, budgets) => ({
    reason: 'Restored',
    note: `${fieldOf(one)}: ${wrote} -> ${before ?? 'none'} again, because ${budgets}`,
  }),
  'let-go': (one, { before, wrote }) => ({
    reason: 'BudgetLetGo',
    note: `somebody else wrote ${fieldOf(one)}, ${one.value ?? 'none'} instead of ${wrote} (it was ${before ?? 'none'}): that counts, and gridgate leaves it until the budget is under`,
  }),
};

function wouldWords(one: Lowered, byKey: ReadonlyMap<string, BudgetReport>): Words {
  const { floor, value } = one;
  const reports = reportsOf(one, byKey).filter(({ count }) => isHolding(count.verdict));
  const note = `${fieldOf(one)} would go from ${value ?? 'none'} to ${floor}, because ${tellBudgets(one, byKey)}`;
  const key = `${reports.map(({ since }) => since).join()} ${value} ${floor} ${one.deployment ?? ''}`;
  return { type: 'Normal', reason: 'WouldScaleDown', note, key };
}

function reportsOf({ demand }: Lowered, byKey: ReadonlyMap<string, BudgetReport>): readonly BudgetReport[] {
  return demand.scopes.flatMap((scope) => byKey.get(scopeKey(scope)) ?? []);
}

function tellBudgets(one: Lowered, byKey: ReadonlyMap<string, BudgetReport>): string {
  const reports = reportsOf(one, byKey);
  if (one.want === 'end') return 'no budget concerns it any more, or none is to be kept';
  return reports.length === 0 ? 'its budget says so' : reports.map(tellReading).join('; ');
}

function fieldOf({ kind, deployment }: Lowered): string {
  if (kind === 'HorizontalPodAutoscaler') return 'maxReplicas';
  return kind === 'RegionalAutoscaler' ? `max of ${deployment}` : 'replicas';
}

function nameOf({ kind, name, deployment }: Lowered): string {
  return deployment === undefined ? `${kind} ${name}` : `${kind} ${name} (${deployment})`;
}

interface Place {
  readonly namespace: string;
  readonly regarding: EventParts['regarding'];
}

function placeOfScope({ kind, namespace, name, uid }: Pick<BudgetScope, 'kind' | 'namespace' | 'name' | 'uid'>): Place {
  const apiVersion = kind === 'Namespace' ? 'v1' : apiVersionOf(kind);
  return { namespace, regarding: { apiVersion, kind, name, ...(uid !== undefined && { uid }) } };
}

function placeOf({ kind, namespace, name, uid }: Lowered): Place {
  return { namespace, regarding: { apiVersion: apiVersionOf(kind), kind, name, uid } };
}

function noticeOf(
  { type, reason, note, key }: Words,
  { namespace, regarding }: Place,
  { instance, now }: Telling,
): Notice {
  const about = `${regarding.kind}/${namespace}/${regarding.name}/${regarding.uid ?? ''}`;
  const hash = createHash('sha256').update(`${about}\n${reason}\n${key}`).digest('hex');
  const name = `gridgate-budget-${hash.slice(0, 16)}`;
  const parts = { type, reason, note, name, namespace, action: 'HoldBudget', regarding, instance };
  return { namespace, name, event: () => toEvent(parts, now) };
}

function toThousandth(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
