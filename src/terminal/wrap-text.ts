import wrapAnsi from 'wrap-ansi';
import { onOneLine } from '../units/legible.ts';

/** Text in lines of at most `width` columns, all but the first `hang` shorter; a word that is longer is broken. */
export function wrapLines(text: string, width: number, hang = 0): readonly string[] {
  // Normalized as the library does it: the first of its lines must be found in this text.
  const line = onOneLine(text).normalize();
  const [first = '', ...others] = fold(line, width);
  if (hang === 0 || others.length === 0) return [first, ...others];
  return [first, ...fold(line.slice(line.indexOf(first) + first.length), width - hang)];
}

/** The same in one text, each line after `indent`. */
export function wrapText(text: string, width: number, indent = ''): string {
  return wrapLines(text, width - indent.length)
    .map((line) => `${indent}${line}\n`)
    .join('');
}

function fold(text: string, width: number): readonly string[] {
  return wrapAnsi(text.trim(), Math.max(1, width), { hard: true }).split('\n');
}
