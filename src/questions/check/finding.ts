/**
 * | state     | what it means                                                         |
 * | --------- | --------------------------------------------------------------------- |
 * | ok        | it works                                                              |
 * | warning   | it works, and somebody should look at it                              |
 * | failed    | it does not work: exit code 1                                         |
 * | not known | the caller may not see it, or there is nothing to see it by yet       |
 */
export const STATES = ['ok', 'warning', 'failed', 'not known'] as const;
export type State = (typeof STATES)[number];

/** One line of the answer. */
export interface Finding {
  /** What was looked at; a few findings may share it. */
  readonly check: string;
  readonly state: State;
  /** What was seen, a sentence without secrets. */
  readonly says: string;
  /** What to do, a command; absent, too, where a name in it could not be pasted. */
  readonly todo?: string | undefined;
}

/** What was read, or in a sentence why it could not be. */
export type Seen<T> = { readonly value: T } | { readonly unread: string };

/** Findings about something that was read; one that says why where it was not. */
export function about<T>(check: string, seen: Seen<T>, judge: (value: T) => readonly Finding[]): readonly Finding[] {
  return 'value' in seen ? judge(seen.value) : [{ check, state: 'not known', says: seen.unread }];
}

/** The same where somebody else says why it could not be read. */
export function valueOr<T>(seen: Seen<T>, otherwise: T): T {
  return 'value' in seen ? seen.value : otherwise;
}
