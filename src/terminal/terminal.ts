import { randomUUID } from 'node:crypto';
import { styleText } from 'node:util';
import { legible } from '../units/legible.ts';

/**
 * What a table may take, at least 80 columns: a terminal's width; elsewhere that of COLUMNS, or as much as there is: whoever
 * searches a file or a pipe for a name finds it whole.
 */
export function terminalColumns(env: Readonly<Record<string, string | undefined>>): number {
  if (process.stdout.isTTY) return Math.max(LEAST_COLUMNS, process.stdout.columns);
  const columns = Number(env['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? Math.max(LEAST_COLUMNS, columns) : Number.POSITIVE_INFINITY;
}

export const LEAST_COLUMNS = 80;

export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

const ESCAPE = '\u001b';
/** Stands for the escape characters of our own colours until the text is printed: no name can hold it. */
const OWN_ESCAPE = `<${randomUUID()}>`;

/** Text in a colour, on a terminal whose owner did not set NO_COLOR; elsewhere as it is. To be printed with `forTerminal`. */
export function paint(style: Style, text: string): string {
  return styleText(style, legible(text), { stream: process.stdout }).replaceAll(ESCAPE, OWN_ESCAPE);
}

/** What may reach a terminal of a text: no control character but those of our own colours. */
export function forTerminal(text: string): string {
  return legible(text).replaceAll(OWN_ESCAPE, ESCAPE);
}
