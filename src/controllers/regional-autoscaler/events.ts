import { createHash } from 'node:crypto';
import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { Finding } from '../../scaling/regional-status.ts';
import { asWould } from '../../scaling/regional-verdict.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { type EventParts, toEvent } from '../event.ts';
import type { Notice } from '../notices.ts';

export interface Telling {
  readonly instance: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** After so long an action is no news: the API server keeps Events for an hour. */
const NEWS_FOR_MS = HOUR_MS;
const COMPLAINTS: ReadonlySet<string> = new Set(['Accepted', 'MetricsAvailable', 'Active']);
/** No fault of anybody's. */
const CALM: ReadonlySet<string> = new Set([
  'Audit',
  'Paused',
  'TargetPaused',
  'Simulated',
  'NotAccepted',
  'NoReadyPods',
  'NoTarget',
]);
/** It works, and not as its owner may think. */
const WARNED_OF: ReadonlySet<string> = new Set([
  'DeploymentMissing',
  'RegionUnknown',
  'MinimumOutOfReach',
  'PodsElsewhere',
]);

/** What was done, or would have been in audit; the same for whoever leads. `undefined`: it is no news. */
export function actionNotice(
  one: RegionalAutoscaler,
  last: LastAction,
  isAudit: boolean,
  telling: Telling,
): Notice | undefined {
  if (Math.abs(telling.now - last.at) >= NEWS_FOR_MS) return undefined;
  const isSimulated = 'spec' in one.wish && one.wish.spec.simulate;
  const { decision: reason, message } = isAudit ? asWould(last) : last;
  const note = `${message}${isSimulated ? ' (CPU is simulated)' : ''}`;
  return noticeOf(one, { type: 'Normal', reason, note, key: `${last.at} ${last.target}` }, telling);
}

/** What keeps it from working, for as long as it does. */
export function complaintNotices(
  one: RegionalAutoscaler,
  findings: readonly Finding[],
  telling: Telling,
): readonly Notice[] {
  return findings
    .filter(
      ({ type, reason, status }) =>
        COMPLAINTS.has(type) && !CALM.has(reason) && (status === 'False' || WARNED_OF.has(reason)),
    )
    .map(({ reason, message: note }) =>
      noticeOf(one, { type: 'Warning', reason, note, key: `${one.generation} ${keyOf(reason, note)}` }, telling),
    );
}

const WORDS_CHANGE: ReadonlySet<string> = new Set(['NoMetrics', 'Refused', 'PodsElsewhere']);

/** What the network and the API server say may be other words each time, and pods come and go. */
function keyOf(reason: string, note: string): string {
  return WORDS_CHANGE.has(reason) ? reason : note;
}

/** Of bounds that are their owner's again. */
export function putBackNotice(one: HorizontalAutoscaler, telling: Telling): Notice {
  const { name: hpa, uid } = one;
  const note = 'its minimum and maximum are as its owner had them: no RegionalAutoscaler moves them any more';
  const regarding = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name: hpa, uid };
  return eventOf(
    { ...one, regarding },
    { type: 'Normal', reason: 'BoundsRestored', note, key: `${telling.now}` },
    telling,
  );
}

interface Words {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
  /** What tells this one from another of its kind. */
  readonly key: string;
}

function noticeOf({ namespace, name, uid }: RegionalAutoscaler, words: Words, telling: Telling): Notice {
  const regarding = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'RegionalAutoscaler', name, uid };
  return eventOf({ namespace, uid, regarding }, words, telling);
}

function eventOf(
  { namespace, uid, regarding }: Pick<EventParts, 'namespace' | 'regarding'> & { readonly uid: string },
  { type, reason, note, key }: Words,
  { instance, now }: Telling,
): Notice {
  const hash = createHash('sha256').update(`${uid}\n${reason}\n${key}`).digest('hex');
  const name = `gridgate-regional-${hash.slice(0, 16)}`;
  const parts = { type, reason, note, name, namespace, action: 'Scale', regarding, instance };
  return { namespace, name, event: () => toEvent(parts, now) };
}
