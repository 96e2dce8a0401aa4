import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';

/** An answer; to a request for pods one instead of a page. */
export interface Refusal {
  readonly status: number;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface PodApiOptions {
  readonly pods: { readonly count: number; readonly at: (index: number) => object };
  /** Whole lists by path: `/api/v1/namespaces`; resources that are not named are empty. */
  readonly lists?: Readonly<Record<string, readonly object[]>>;
  /** Answers requests for anything else; undefined is a 404. */
  readonly handle?: (request: ApiRequest) => Refusal | undefined;
  /** Asked before each page of pods, with its first index and how often that page was asked for. */
  readonly refuse?: (start: number, attempt: number) => Refusal | 'cut' | 'hang' | undefined;
  /** Whether the API server counts what follows. */
  readonly counts?: boolean;
  /** Where the kubeconfig goes. */
  readonly directory: string;
}

export interface PodApi {
  readonly kubeconfig: string;
  readonly url: string;
  /** Paths with their queries, in order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const COLLECTION =
  /\/(namespaces|nodes|nodepools|configmaps|regions|priorityclasses|persistentvolumes|persistentvolumeclaims)$/;
const PODS = /^\/api\/v1\/(?:namespaces\/([^/]+)\/)?pods$/;
/** Of a page that is sent in pieces, as the API server does. */
const CHUNK_PODS = 50;

/** A real HTTP server that lists pods in pages as kube-apiserver does, made one by one: 100,000 of them need no memory. */
export async function startPodApi(options: PodApiOptions): Promise<PodApi> {
  const { pods, lists = {}, handle, refuse, counts = true, directory } = options;
  const asked: string[] = [];
  const attempts = new Map<number, number>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method = 'GET' } = request;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    asked.push(url);
    response.setHeader('content-type', 'application/json');
    if (PODS.test(pathname)) return sendPage(searchParams, response);
    const list = listAt(pathname);
    const answered = list
      ? { status: 200, body: list }
      : handle?.({ method, path: pathname, body: await text(request) });
    refuseWith(answered ?? { status: 404, body: { kind: 'Status', code: 404, reason: 'NotFound' } }, response);
  }

  function listAt(path: string): object | undefined {
    if (!COLLECTION.test(path)) return undefined;
    return { metadata: { resourceVersion: '1' }, items: lists[path] ?? [] };
  }

  async function sendPage(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const start = Number(query.get('continue')?.replace('from-', '') ?? 0);
    const end = Math.min(pods.count, start + Number(query.get('limit') ?? pods.count));
    const attempt = (attempts.get(start) ?? 0) + 1;
    attempts.set(start, attempt);
    const refusal = refuse?.(start, attempt);
    if (refusal) return refuseWith(refusal, response);
    const left = pods.count - end;
    const counted = counts ? { remainingItemCount: left } : {};
    const metadata = { resourceVersion: '1', ...(left > 0 && { continue: `from-${end}`, ...counted }) };
    response.writeHead(200).write(`{"kind":"PodList","metadata":${JSON.stringify(metadata)},"items":[`);
    for (const chunk of chunksOf(pods, start, end)) if (!response.write(chunk)) await once(response, 'drain');
    response.end(']}');
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    kubeconfig: writeKubeconfig(directory, url),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuseWith(refusal: Refusal | 'cut' | 'hang', response: ServerResponse): void {
  if (refusal === 'hang') return;
  if (refusal === 'cut') {
    response.writeHead(200).write('{"items":[', () => response.destroy());
    return;
  }
  const { status, body = {}, headers = {} } = refusal;
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}

function* chunksOf({ at }: PodApiOptions['pods'], start: number, end: number): Generator<string> {
  for (let from = start; from < end; from += CHUNK_PODS) {
    const chunk = Array.from({ length: Math.min(CHUNK_PODS, end - from) }, (_, offset) => at(from + offset));
    const text = JSON.stringify(chunk).slice(1, -1);
    yield from === start ? text : `,${text}`;
  }
}

/** For a server that lets anyone in. */
export function writeKubeconfig(directory: string, server: string): string {
  const file = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token: 'test' } }],
  };
  writeFileSync(file, stringify(config));
  return file;
}
