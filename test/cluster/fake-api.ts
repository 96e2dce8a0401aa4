import type { IncomingMessage } from 'node:http';
import { addAbortSignal, Readable } from 'node:stream';
import type { ApiClient, GetOptions } from '../../src/cluster/api-client.ts';

/**
 * One answer: a list's pages are objects, a watch is the lines it sends (`hang` keeps it open) or a stream of them, an Error
 * is thrown.
 */
export type Answer =
  | { readonly page: object }
  | { readonly lines: readonly string[] | Readable; readonly hang?: boolean }
  | Error;

export interface FakeApi extends ApiClient {
  /** The queries it was asked, in order. */
  readonly asked: Readonly<Record<string, string>>[];
}

/** An ApiClient that gives the answers in turn; further requests wait until they are aborted. */
export function fakeApi(answers: readonly Answer[]): FakeApi {
  const left = [...answers];
  const asked: Record<string, string>[] = [];

  function next(query: GetOptions['query'] = {}): Answer | undefined {
    asked.push(
      Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    );
    return left.shift();
  }

  return {
    asked,
    async get(_path, { query, signal }) {
      const answer = next(query);
      if (answer === undefined) return untilAborted(signal);
      if (answer instanceof Error) throw answer;
      if ('page' in answer) return answer.page;
      throw new Error('a watch was planned, but a list asked for');
    },
    async open(_path, { query, signal }) {
      const answer = next(query);
      if (answer === undefined) return untilAborted(signal);
      if (answer instanceof Error) throw answer;
      if ('lines' in answer) return streamOf(answer, signal) as IncomingMessage;
      throw new Error('a list was planned, but a watch asked for');
    },
    async send() {
      throw new Error('a read was planned, but a write asked for');
    },
    close() {},
  };
}

function streamOf({ lines, hang = false }: Extract<Answer, { lines: unknown }>, signal?: AbortSignal): Readable {
  if (lines instanceof Readable) return signal ? addAbortSignal(signal, lines) : lines;
  const chunks = lines;
  async function* send() {
    yield* chunks;
    if (hang) await untilAborted(signal);
  }
  return Readable.from(send(), { objectMode: false });
}

async function untilAborted(signal?: AbortSignal): Promise<never> {
  if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener('abort', resolve));
  throw signal?.reason;
}
