import type { TestContext } from 'node:test';
import { type WorldFiles, writeWorld } from '../commands/world-files.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { addressOf, ask, type Verdict } from '../webhook/client.ts';
import type { ReviewParts } from '../webhook/reviews.ts';

/** A running `gridgate serve` over files of its own. */
export interface Serving {
  readonly files: WorldFiles;
  readonly gridgate: GridgateProcess;
  readonly port: number;
  readonly ca: string;
  readonly mutate: (parts: ReviewParts) => Promise<Verdict>;
  /** The status and text of an operators' page. */
  readonly page: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
}

/** Starts `gridgate serve` over good files; it ends with the test at the latest. */
export async function serveWorld(
  test: TestContext,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const files = await writeWorld(test);
  const gridgate = await startGridgate({ args: [...files.args, ...args], env });
  test.after(() => gridgate.end('SIGKILL'));
  const address = addressOf(gridgate.webhook, files.ca);
  return {
    files,
    gridgate,
    ...address,
    mutate: (parts) => ask(address, '/mutate', parts),
    async page(path) {
      const response = await fetch(gridgate.operators + path, { headers: { connection: 'close' } });
      return { status: response.status, text: await response.text() };
    },
  };
}

/** Polls until the answer is true; fails the test after 10 s. */
export function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<true> {
  return pollUntil({ what, probe: async () => (await isTrue()) || undefined, deadlineMs: 60_000 });
}

/** Waits for a log line with this message. */
export async function untilLogged({ log }: GridgateProcess, msg: string): Promise<Readonly<Record<string, unknown>>> {
  const find = () => log.find((line) => line['msg'] === msg);
  return pollUntil({ what: `the log line ${msg}`, probe: find, deadlineMs: 60_000 });
}
