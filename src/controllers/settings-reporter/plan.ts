import { createHash } from 'node:crypto';
import { type Regarding, toEvent } from '../event.ts';

/** The `reason` of the Events. */
export const SETTING_UNREADABLE = 'SettingUnreadable';

/** Something that people write for gridgate itself, and that it cannot read: what counts instead is in the words. */
export interface UnreadSetting {
  /** `gridgate.yaml`, `kill switch`. */
  readonly setting: string;
  readonly problem: string;
  /** Where its Event stands. */
  readonly namespace: string;
  readonly regarding: Regarding;
}

/** Names the problem: the next leader must find that this was told. */
export function eventName({ setting, problem }: UnreadSetting): string {
  const hash = createHash('sha256').update(`${setting}\n${problem}`).digest('hex');
  return `gridgate-setting-unreadable-${hash.slice(0, 12)}`;
}

/** An Event about the setting; `now` is epoch milliseconds. */
export function unreadEvent(
  unread: UnreadSetting,
  { instance, now }: { readonly instance: string; readonly now: number },
): object {
  const { setting, problem, namespace, regarding } = unread;
  const event = { name: eventName(unread), namespace, reason: SETTING_UNREADABLE, action: 'ReadSetting' };
  return toEvent({ type: 'Warning', ...event, note: `${setting}: ${problem}`, regarding, instance }, now);
}
