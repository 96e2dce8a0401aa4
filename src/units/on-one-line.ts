/**
 * What a terminal acts upon instead of showing it: control characters, and those that are not seen, end a line or have the
 * rest of it written from right to left; and halves of characters. Names may hold any of them, wherever they come from.
 */
const UNSEEN_RUN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** Text that a terminal can be trusted with, in one line. */
export function onOneLine(text: string): string {
  return text.replace(UNSEEN_RUN, ' ');
}
