import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { run } from '../../src/commands/cli.ts';
import { type Finished, finished } from './finished.ts';

interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on its stdin; nothing otherwise. */
  readonly input?: string;
  /** The command line is only read, and its mistakes told. */
  readonly onlyRead?: boolean;
}

interface Streams {
  readonly stdin: Readable;
  readonly stdout: string[];
  readonly stderr: string[];
}

const streams = new AsyncLocalStorage<Streams>();

/**
 * Runs the command line in this process, as `main.ts` does in one of its own, and answers the same as `runGridgate`: a twentieth of the
 * time. What a process has to itself (its exit, signals, pipes, memory, Node options) is tested with `runGridgate`;
 * `test/commands/exit-codes.test.ts` holds that both answer the same.
 */
export async function runCommand(
  args: readonly string[],
  { env = {}, input = '', onlyRead = false }: CommandOptions = {},
): Promise<Finished> {
  const own: Streams = { stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]), stdout: [], stderr: [] };
  const environment = { PATH: process.env['PATH'] ?? '', ...env };
  const code = await streams.run(own, () => run(args, environment, { onlyRead }));
  return finished(code, own.stdout.join(''), own.stderr.join(''));
}

// What runs at the same time, and node's test runner, which reports on stdout, keep their own streams.
capture('stdout');
capture('stderr');
const ownStdin = Object.getOwnPropertyDescriptor(process, 'stdin');
Object.defineProperty(process, 'stdin', {
  configurable: true,
  get: () => streams.getStore()?.stdin ?? ownStdin?.get?.call(process),
});
// The runner asks for colours where it has a terminal; a command whose output is read has none.
delete process.env['FORCE_COLOR'];

function capture(name: 'stdout' | 'stderr'): void {
  const stream = process[name];
  const write = stream.write;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const own = streams.getStore();
    if (!own) return Reflect.apply(write, stream, [chunk, ...rest]);
    own[name].push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const written = rest.find((argument) => typeof argument === 'function');
    if (written) process.nextTick(written);
    return true;
  };
}
