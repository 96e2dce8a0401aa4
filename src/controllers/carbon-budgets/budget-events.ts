import { createHash } from 'node:crypto';
import { MIN_REPLICAS } from '../../decision/carbon-budget.ts';
import { isHolding, RESTORE_SHARE } from '../../scaling/budget-count.ts';
import {
  type BudgetMistake,
  type BudgetScope,
  MOST_SCOPES,
  MOST_SCOPES_OF_WORKLOADS,
  scopeKey,
} from '../../scaling/budget-scope.ts';
import { type BudgetStatus, isOfBudget } from '../../scaling/budget-status.ts';
import { isTooLarge, stateOf, waitOf } from '../../scaling/budget-step.ts';
import { MOST_REPLICAS } from '../../scaling/regional-autoscaler.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { formatDuration } from '../../units/duration.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { nameFew } from '../../units/tell-few.ts';
import { type EventParts, toEvent } from '../event.ts';
import type { Notice } from '../notices.ts';
import type { BudgetReport } from './looks.ts';
import type { Loss } from './losses.ts';
import { apiVersionOf } from './lowered-writer.ts';
import type { Refused } from './refusals.ts';
import type { Lowered } from './targets.ts';

interface Telling {
  readonly instance: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface ToTell {
  readonly mode: CapacityMode;
  readonly reports: readonly BudgetReport[];
  readonly lowered: readonly Lowered[];
  /** What would be lowered, in audit. */
  readonly would: readonly Lowered[];
  readonly mistakes: readonly BudgetMistake[];
  readonly refused: readonly Refused[];
  readonly losses: readonly Loss[];
  /** How many budgets are not followed, by namespace. */
  readonly left: ReadonlyMap<string, number>;
}

/** After so long a change is no news: the API server keeps Events for an hour. */
const NEWS_FOR_MS = HOUR_MS;
const MOST_NAMED = 5;

/** What of budgets and of what they scale is news, what was done first; one step for each that may be. */
export function* noticesOf(toTell: ToTell, telling: Telling): Generator<readonly Notice[]> {
  const { mode, reports, lowered, would, mistakes, refused, losses, left } = toTell;
  const byKey = new Map(reports.map((one) => [scopeKey(one.scope), one]));
  for (const one of lowered) {
    const told = tellLowered(one, { byKey, mode }, telling);
    yield told.flatMap(({ reason, notice }) => (mode !== 'off' || reason === 'Restored' ? notice : []));
  }
  if (mode === 'off') return;
  for (const { one, message } of refused) yield [noticeOf(refusedWords(message), placeOf(one), telling)];
  for (const loss of losses) yield tellLoss(loss, telling);
  const ofScope = concernedBy(toTell);
  for (const one of reports) yield tellScope(one, ofScope.get(scopeKey(one.scope)) ?? [], mode, telling);
  for (const [namespace, count] of left) yield [noticeOf(fullWords(count), placeOfNamespace(namespace), telling)];
  for (const one of mistakes) yield [noticeOf(mistakeWords(one), placeOfScope(one), telling)];
  for (const one of would) yield [noticeOf(wouldWords(one, byKey), placeOf(one), telling)];
}

/** What one budget scales, and whether it may now. */
interface Concerned {
  readonly one: Lowered;
  readonly isRefused: boolean;
}

function concernedBy({ mode, lowered, would, refused }: ToTell): ReadonlyMap<string, readonly Concerned[]> {
  const uids = new Set(refused.map(({ one }) => one.uid));
  const concerned = (mode === 'audit' ? would : lowered).flatMap((one) =>
    one.demand.scopes.map((scope) => ({ key: scopeKey(scope), one, isRefused: uids.has(one.uid) || isTooLarge(one) })),
  );
  return Map.groupBy(concerned, ({ key }) => key);
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

function fullWords(count: number): Words {
  return {
    type: 'Warning',
    reason: 'BudgetsFull',
    note: `${count} carbon budgets in this namespace are not followed: of its workloads ${MOST_SCOPES_OF_WORKLOADS} are, and ${MOST_SCOPES} in the cluster`,
    key: '',
  };
}

function tellLoss({ autoscaler, replicas }: Loss, telling: Telling): readonly Notice[] {
  const { status, demand } = autoscaler;
  if (!status || !demand.workload) return [];
  const { before, wrote, since } = status;
  const note = `${nameOf(autoscaler)} went while a carbon budget held its maximum at ${wrote} (it was ${before ?? 'none'}): ${replicas} replicas stand here now, and nobody knows how many there were before; scale it as it should be`;
  const words: Words = { type: 'Warning', reason: 'BudgetLost', note, key: `${autoscaler.uid} ${since}` };
  return [noticeOf(words, placeOf(demand.workload), telling)];
}

function tellScope(
  report: BudgetReport,
  concerned: readonly Concerned[],
  mode: CapacityMode,
  telling: Telling,
): readonly Notice[] {
  const { scope, since, count, source } = report;
  const place = placeOfScope(scope);
  const key = `${since} ${mode}`;
  if (count.verdict === 'unknown' && count.unread > 1) {
    const held = concerned.filter(({ one: { value, status } }) => status && isOfBudget(value, status)).length;
    const note = `nobody knows what it emits, so nothing is changed: ${whyUnknown(report)}`;
    // What is down stays down for as long as that is so: once is not enough to be seen.
    const hours = Math.floor((telling.now - since) / HOUR_MS);
    const repeated =
      held > 0 ? { note: `${note}; ${held} of it stay scaled down`, key: `${key} ${hours}` } : { note, key };
    return [noticeOf({ type: 'Warning', reason: 'BudgetUnknown', ...repeated }, place, telling)];
  }
  if (!isHolding(count.verdict)) return [];
  const note = `${tellReading(report)}: ${tellWhatGoes(concerned, mode)} (${source})`;
  return [noticeOf({ type: 'Warning', reason: 'BudgetExceeded', note, key }, place, telling)];
}

function whyUnknown({ emissions, source }: BudgetReport): string {
  if (!emissions || emissions.unknown === 0) return source;
  return `of ${emissions.unknown} of its ${emissions.pods} pods the region, its intensity or the watts are unknown`;
}

function tellWhatGoes(concerned: readonly Concerned[], mode: CapacityMode): string {
  const may = concerned.filter(({ one: { floor, value } }) => floor !== undefined && isAbove(value, floor));
  const going = may.filter(({ one, isRefused }) => !isRefused && !one.isPaused && stateOf(one) !== 'let-go');
  if (may.length === 0)
    return `nothing of it may be scaled down: no Deployment or StatefulSet of class flexible has ${MIN_REPLICAS} below its replicas`;
  if (going.length === 0)
    return `nothing of it goes down: ${nameFew(may, MOST_NAMED, (each) => `${nameOf(each.one)} ${whyNot(each)}`)}`;
  const named = nameFew(going, MOST_NAMED, ({ one }) => `${nameOf(one)} to ${one.floor}`);
  return `${mode === 'audit' ? 'would go' : 'go'} down: ${named}`;
}

function whyNot({ one }: Concerned): string {
  if (one.isPaused) return 'is paused (gridgate.dev/paused on it, its autoscaler or namespace)';
  return stateOf(one) === 'let-go' ? 'was scaled by somebody else' : 'was refused';
}

function isAbove(value: number | null, floor: number): boolean {
  return value === null || value >= floor;
}

/** `observability emits 0.712 kgCO2e/h, its budget is 0.5` */
function tellReading({ scope, count }: BudgetReport): string {
  const name = scope.kind === 'Namespace' ? scope.name : `${scope.kind} ${scope.name}`;
  const emits =
    count.reading === undefined ? '' : ` emits ${roundBeside(count.reading.kgPerHour, scope.limit)} kgCO2e/h,`;
  return `${name}${emits} its budget is ${scope.limit}`;
}

interface ToldOf {
  readonly reason: string;
  readonly notice: Notice;
}

/** What an object is told about with. */
interface Known extends Pick<ToTell, 'mode'> {
  readonly byKey: ReadonlyMap<string, BudgetReport>;
}

function tellLowered(one: Lowered, known: Known, telling: Telling): readonly ToldOf[] {
  const { status } = one;
  if (one.want === 'hold' && one.floor !== undefined && isTooLarge(one)) return [tellTooLarge(one, telling)];
  if (!status || telling.now - Date.parse(status.since) >= NEWS_FOR_MS) return [];
  const { state } = status;
  if (state === 'held' && one.value !== status.wrote) return [];
  const key = `${status.since} ${state} ${one.deployment ?? ''}`;
  const { reason, note } = WORDS[state](
    one,
    status,
    state === 'restored' ? whyRestored(one, known) : tellBudgets(one, known.byKey),
  );
  return [{ reason, notice: noticeOf({ type: 'Normal', reason, note, key }, placeOf(one), telling) }];
}

function tellTooLarge(one: Lowered, telling: Telling): ToldOf {
  const words = refusedWords(
    `${fieldOf(one)} of ${one.value} is above ${MOST_REPLICAS}, more than what can be put back`,
  );
  return { reason: words.reason, notice: noticeOf(words, placeOf(one), telling) };
}

type Tell = (one: Lowered, status: BudgetStatus, budgets: string) => Pick<Words, 'reason' | 'note'>;

const WORDS: Readonly<Record<BudgetStatus['state'], Tell>> = {
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
  return reports.length === 0 ? 'its budget says so' : reports.map(tellReading).join('; ');
}

/** What has ended a hold. */
function whyRestored(one: Lowered, { byKey, mode }: Known): string {
  const { want, demand } = one;
  if (want === 'drop') return "its replicas are an autoscaler's now";
  if (mode === 'audit') return 'budgets are in audit: --carbon-budgets says so, or the kill switch';
  if (mode === 'off') return 'the kill switch is off';
  if (want === 'end')
    return demand.scopes.length === 0 ? 'no budget concerns it any more' : 'its budgets leave it alone';
  if (one.floor === undefined) return `it is not of class flexible any more, or has no ${MIN_REPLICAS}`;
  if (want !== 'free') return 'its budgets were under';
  return `each of its budgets is under ${RESTORE_SHARE * 100}%: ${tellBudgets(one, byKey)}`;
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

function placeOfNamespace(name: string): Place {
  return placeOfScope({ kind: 'Namespace', namespace: name, name });
}

function placeOf({ kind, namespace, name, uid }: Pick<Lowered, 'kind' | 'namespace' | 'name' | 'uid'>): Place {
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

/** To three digits, or as many more as tell it from the other number. */
function roundBeside(value: number, other: number): number {
  const rounded = DIGITS.map((digits) => Number(value.toPrecision(digits)));
  return rounded.find((one) => Math.sign(one - other) === Math.sign(value - other)) ?? value;
}

const DIGITS = [3, 6, 9];
