/**
 * What a terminal acts upon instead of showing it: control characters, and those that are not seen, end a line or have the
 * rest of it written from right to left; and halves of characters. Names may hold any of them, wherever they come from.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const UNSEEN_RUN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
/** The same without line ends and tabs. */
const UNSEEN_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text that a terminal can be trusted with, in one line. */
export function onOneLine(text: string): string {
  return text.replace(UNSEEN_RUN, ' ');
}

/** Text that a terminal can be trusted with; its lines and tabs stay. */
export function legible(text: string): string {
  return text.replace(UNSEEN_IN_LINES, ' ');
}

/** Whether a text holds what `escapeUnseen` escapes. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text.replaceAll(/[\n\t]/g, ''));
}

const ESCAPES = {
  json: (character: string) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${hex(character.charCodeAt(unit), 4)}`).join(''),
  /** Within double quotes. */
  yaml: (character: string) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  },
  xml: (character: string) => `&#x${hex(character.codePointAt(0) ?? 0, 1)};`,
} as const;

/** The same data for programs, written without anything that a terminal acts upon: nothing is lost. */
export function escapeUnseen(text: string, format: keyof typeof ESCAPES): string {
  return text.replace(UNSEEN_IN_LINES, ESCAPES[format]);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
