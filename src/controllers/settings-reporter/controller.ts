import type { Logger } from 'pino';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { eventName, type UnreadSetting, unreadEvent } from './plan.ts';

const WRITES_PER_SECOND = 1;
const ROUNDS = {
  name: 'settings-reporter',
  on: ['settings', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 5_000,
} as const;

export interface SettingsReporterDeps {
  /** What somebody wrote for gridgate itself, and it cannot read. */
  readonly unreadSettings: () => readonly UnreadSetting[];
  /** Who reports, for people: the pod or the host. */
  readonly instance: string;
  readonly writer: Pick<ApiWriter, 'create'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Tells of each setting that cannot be read with one Event, once for the same problem; what was mended and broken again is told again. */
export function createSettingsReporter(deps: SettingsReporterDeps): Controller {
  const { unreadSettings, instance, writer, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  let told = new Set<string>();

  async function write(unread: UnreadSetting): Promise<void> {
    await tellOnce(writer, unread.namespace, unreadEvent(unread, { instance, now: now() }));
    told.add(eventName(unread));
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    const items = unreadSettings();
    const names = new Set(items.map(eventName));
    told = new Set([...told].filter((name) => names.has(name)));
    return writeEach({ items, isDue: (unread) => !told.has(eventName(unread)), write, pace, signal });
  }

  return createRounds({ ...ROUNDS, round, clock, log });
}
