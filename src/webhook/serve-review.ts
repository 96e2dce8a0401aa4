import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseDuration } from '../units/duration.ts';
import { MOST_BODY_BYTES } from './body-budget.ts';
import { cutOff } from './cut-off.ts';
import { type Endpoint, failure } from './endpoints.ts';
import type { ReceiveBody } from './receive-body.ts';
import type { Reject, RejectionCause } from './rejections.ts';

interface ServiceDeps {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly receiveBody: ReceiveBody;
  readonly reject: Reject;
  /** True while shutting down: answers then ask the API server to take its connections elsewhere. */
  readonly isClosing: () => boolean;
}

/** For a review that does not say how long it has: the API server's own default. */
const DEFAULT_TIMEOUT_MS = 10_000;
const FIRST_TIMEOUT = '?timeout=';
const JSON_TYPE = 'application/json';
const JSON_TYPE_WITH_PARAMETERS = /^application\/json[\t ]*;/i;
/** How much of an unwanted body is read and thrown away, so that its connection can go on. */
const MOST_BYTES_UNWANTED = 64 * 1024;

/** A request that gets no AdmissionReview, and why in words. */
interface Refusal {
  readonly status: number;
  readonly cause: RejectionCause;
  readonly says: string;
}

const NO_ENDPOINT: Refusal = { status: 404, cause: 'no_endpoint', says: 'no such endpoint' };
const WRONG_TYPE: Refusal = { status: 415, cause: 'wrong_type', says: `the content type must be ${JSON_TYPE}` };
/** The API server says it always. Room is reserved by length, and a chunk of one byte costs as much time as one of many. */
const NO_LENGTH: Refusal = { status: 411, cause: 'no_length', says: 'a content-length is required' };
const TOO_LARGE: Refusal = {
  status: 413,
  cause: 'too_large',
  says: `the body is larger than ${MOST_BODY_BYTES} bytes`,
};

/** Answers requests for the endpoints: the one way for every review, and a clear error for whatever is none. */
export function createService({ endpoints, receiveBody, reject, isClosing }: ServiceDeps) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    // Node hands over pipelined requests even when an earlier one closed their connection.
    if (request.socket.destroyed) return;
    const { url = '', headers } = request;
    const queryAt = url.indexOf('?');
    const path = queryAt < 0 ? url : url.slice(0, queryAt);
    const endpoint = request.method === 'POST' ? endpoints.get(path) : undefined;
    const length = lengthOf(headers['content-length']);
    const refusal = refusalOf(endpoint, headers['content-type'], length);
    if (refusal || length === undefined) {
      refuse(refusal ?? NO_LENGTH);
      return;
    }
    const timeoutMs = timeoutOf(url, queryAt);
    const arrivedAt = performance.now();
    const release = receiveBody({
      request,
      response,
      length,
      timeoutMs,
      onBody: (body) =>
        endpoint?.(body, timeoutMs - (performance.now() - arrivedAt), (status, payload, problem) => {
          release();
          if (status !== 200)
            reject({
              status,
              cause: status === 400 ? 'malformed' : 'failed',
              endpoint: path,
              ...(problem && { problem }),
            });
          send(status, payload, isClosing());
        }),
      onFailure(cause) {
        reject({ status: 0, cause, endpoint: path });
        cutOff(request);
      },
    });

    function refuse({ status, cause, says }: Refusal): void {
      reject({ status, cause, endpoint: endpoint && path });
      send(status, failure(says), isClosing() || !(length !== undefined && length <= MOST_BYTES_UNWANTED));
    }

    function send(status: number, payload: Buffer, isLast: boolean): void {
      response.writeHead(status, {
        'content-type': JSON_TYPE,
        'content-length': payload.length,
        ...(isLast && { connection: 'close' }),
      });
      response.end(payload);
    }
  };
}

function refusalOf(endpoint: unknown, type: string | undefined, length: number | undefined): Refusal | undefined {
  if (!endpoint) return NO_ENDPOINT;
  if (type !== JSON_TYPE && !(type !== undefined && JSON_TYPE_WITH_PARAMETERS.test(type))) return WRONG_TYPE;
  return length !== undefined && length > MOST_BODY_BYTES ? TOO_LARGE : undefined;
}

function lengthOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

/** Milliseconds; the API server's query is nothing but the timeout. To Go, 0 is no limit. */
function timeoutOf(url: string, queryAt: number): number {
  if (queryAt < 0) return DEFAULT_TIMEOUT_MS;
  const isAlone = url.startsWith(FIRST_TIMEOUT, queryAt) && !url.includes('&', queryAt);
  const text = isAlone
    ? url.slice(queryAt + FIRST_TIMEOUT.length)
    : new URLSearchParams(url.slice(queryAt + 1)).get('timeout');
  return parseDuration(text ?? '') || DEFAULT_TIMEOUT_MS;
}
