import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Cause } from '../../src/decision/messages.ts';
import type { PatchOperation } from '../../src/decision/patch.ts';
import { applyStrictly } from './apply-strictly.ts';
import { type ReviewParts, toReview } from './reviews.ts';
import type { TestWebhook } from './start-webhook.ts';

export type Address = Pick<TestWebhook, 'port' | 'ca'>;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** Of a process that says `https://127.0.0.1:8443`; `ca` is PEM. */
export function addressOf(webhook: string, ca: string): Address {
  return { port: Number(new URL(webhook).port), ca };
}

/** Sends one request over TLS, as JSON unless the headers say otherwise, on a connection of its own without an agent. */
export async function send(
  { port, ca }: Address,
  path: string,
  body: string | Buffer,
  { method = 'POST', headers = { 'content-type': 'application/json' }, agent }: SendOptions = {},
): Promise<Reply> {
  const to = { host: '127.0.0.1', servername: 'localhost', port, path, ca, method, headers, agent: agent ?? false };
  const outgoing = request(to);
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  // A server that refuses a body may stop reading it: what it answered still counts.
  outgoing.on('error', () => {});
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** The response of an AdmissionReview, its patch decoded. */
export interface Verdict {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: {
    readonly code: number;
    readonly reason: string;
    readonly message: string;
    readonly details: { readonly causes: readonly Cause[] };
  };
  readonly patch?: readonly PatchOperation[];
  readonly warnings?: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
  /** The object as it would be stored. */
  readonly admitted: unknown;
}

/** Sends a review and checks what holds of every answer: its form, the echoed uid, a patch that applies, tame warnings. */
export async function ask(
  webhook: Address,
  path: string,
  parts: ReviewParts,
  options: SendOptions = {},
): Promise<Verdict> {
  const review = toReview(parts);
  const { status, body } = await send(webhook, path, JSON.stringify(review), options);
  assert.equal(status, 200, body);
  return readVerdict(body, review.request.uid, parts.object);
}

export function readVerdict(body: string, uid: string, object: unknown): Verdict {
  const answer = JSON.parse(body);
  assert.equal(answer.apiVersion, 'admission.k8s.io/v1');
  assert.equal(answer.kind, 'AdmissionReview');
  const { patch, patchType, ...response } = answer.response;
  assert.equal(response.uid, uid);
  assert.equal(patchType, patch === undefined ? undefined : 'JSONPatch');
  for (const warning of response.warnings ?? []) assert.match(warning, /^\P{Cc}{1,240}$/u);
  for (const [key, value] of Object.entries(response.auditAnnotations)) {
    assert.match(key, /^[a-z]{1,63}$/);
    assert.equal(typeof value, 'string');
  }
  if (patch === undefined) return { ...response, admitted: object };
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as PatchOperation[];
  return { ...response, patch: operations, admitted: applyStrictly(object, operations) };
}

/** A bare TLS connection, for what no HTTP client would send. */
export async function openTls({ port, ca }: Address, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, ...options });
  await once(socket, 'secureConnect');
  return socket;
}
