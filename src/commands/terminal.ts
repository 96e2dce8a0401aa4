import { styleText } from 'node:util';

/** What a table may take: a terminal's width where that is more than 80 columns. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? Math.max(LEAST_COLUMNS, process.stdout.columns) : LEAST_COLUMNS;
}

export const LEAST_COLUMNS = 80;

export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

/** Text in a colour, on a terminal whose owner did not set NO_COLOR; elsewhere as it is. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
