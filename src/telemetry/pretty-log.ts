import type { DestinationStream } from 'pino';
import { onOneLine } from '../units/legible.ts';
import type { LogOutput } from './log-output.ts';

/** Lines of JSON as text for people, by pino-pretty, which is loaded for that alone. No colours: the output escapes what terminals act upon. */
export async function prettyOutput({ write, flush }: LogOutput): Promise<DestinationStream & Pick<LogOutput, 'flush'>> {
  const { prettyFactory } = (await import('pino-pretty')).default;
  const prettify = prettyFactory({
    colorize: false,
    translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l"Z"',
    singleLine: true,
    // One entry is one line, whatever a name in it holds; only stacks have lines of their own.
    messageFormat: (entry, key) => onOneLine(String(entry[key] ?? '')),
    customPrettifiers: { name: inLine, hostname: inLine, pid: inLine, caller: inLine },
  });
  return { write: (line) => write(prettify(line)), flush };
}

/** Of what pino-pretty writes before the message as it is. */
function inLine(value: string | object): string {
  return onOneLine(String(value));
}
