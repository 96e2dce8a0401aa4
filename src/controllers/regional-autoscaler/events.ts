import { createHash } from 'node:crypto';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { Finding } from '../../scaling/regional-status.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { toEvent } from '../event.ts';
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
  const reason = isAudit ? `Would${last.decision}` : last.decision;
  const note = `${isAudit ? 'would scale ' : ''}${last.message}${isSimulated ? ' (CPU is simulated)' : ''}`;
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
        COMPLAINTS.has(type) &&
        !CALM.has(reason) &&
        (status === 'False' || reason === 'DeploymentMissing' || reason === 'RegionUnknown'),
    )
    .map(({ reason, message: note }) =>
      noticeOf(one, { type: 'Warning', reason, note, key: `${one.generation} ${keyOf(reason, note)}` }, telling),
    );
}

/** What the network and the API server say may be other words each time. */
function keyOf(reason: string, note: string): string {
  return reason === 'NoMetrics' || reason === 'Refused' ? reason : note;
}

interface Words {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
  /** What tells this one from another of its kind. */
  readonly key: string;
}

function noticeOf(
  { namespace, name: autoscaler, uid }: RegionalAutoscaler,
  { type, reason, note, key }: Words,
  { instance, now }: Telling,
): Notice {
  const hash = createHash('sha256').update(`${uid}\n${reason}\n${key}`).digest('hex');
  const name = `gridgate-regional-${hash.slice(0, 16)}`;
  const regarding = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'RegionalAutoscaler', name: autoscaler, uid };
  const parts = { type, reason, note, name, namespace, action: 'Scale', regarding, instance };
  return { namespace, name, event: () => toEvent(parts, now) };
}
