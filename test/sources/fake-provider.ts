import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Asked {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** Answers itself what it does not reply. */
export type Answer = (asked: Asked, response: ServerResponse) => Reply | undefined;

export interface FakeProvider {
  readonly baseUrl: string;
  /** In order. */
  readonly asked: readonly Asked[];
}

/** A provider on a port of its own, until the test ends; `answer` is a function, or one reply to everything. */
export async function startProvider(test: TestContext, answer: Answer | Reply): Promise<FakeProvider> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
    const one = { path: pathname, query: Object.fromEntries(searchParams), headers: request.headers };
    asked.push(one);
    const reply = typeof answer === 'function' ? answer(one, response) : answer;
    if (!reply) return;
    const { status = 200, headers = {}, body = '' } = reply;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A payload of test/fixtures/intensity, whose README.md names its origin. */
// biome-ignore lint/suspicious/noExplicitAny: tests change single fields of it
export function readPayload(name: string): any {
  return JSON.parse(readFileSync(`test/fixtures/intensity/${name}.json`, 'utf8'));
}

/** Nothing aborts it. */
export const PATIENT = new AbortController().signal;

export function deps(now: string): { readonly fetch: typeof fetch; readonly clock: () => number } {
  return { fetch, clock: () => Date.parse(now) };
}

export async function secret(): Promise<string> {
  return 's3cret-token';
}
