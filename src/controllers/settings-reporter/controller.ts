import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices, type Notice } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds } from '../rounds.ts';
import { eventName, type UnreadSetting, unreadEvent } from './plan.ts';

const WRITES_PER_SECOND = 1;
const ROUNDS = {
  name: 'settings-reporter',
  on: ['settings', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 5_000,
} as const;

export interface SettingsReporterDeps extends EventTellerDeps {
  /** What somebody wrote for gridgate itself, and it cannot read. */
  readonly unreadSettings: () => readonly UnreadSetting[];
}

/** Tells of each setting that cannot be read with one Event, once for the same problem; what was mended and broken again is told again. */
export function createSettingsReporter(deps: SettingsReporterDeps): Controller {
  const { unreadSettings, instance, writer, now, log, clock = MONOTONIC } = deps;
  const tell = createNotices({ writer, pace: createPace({ perSecond: WRITES_PER_SECOND, clock }) });
  const toNotice = (unread: UnreadSetting): Notice => ({
    namespace: unread.namespace,
    name: eventName(unread),
    event: () => unreadEvent(unread, { instance, now: now() }),
  });

  const round = (signal: AbortSignal) => tell(unreadSettings().map(toNotice), signal);

  return createRounds({ ...ROUNDS, round, clock, log });
}
