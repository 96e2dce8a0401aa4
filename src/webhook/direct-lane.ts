import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from './endpoints.ts';

interface LaneDeps {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly maxBodyBytes: number;
  readonly isClosing: () => boolean;
}

/** Takes a request, or leaves it untouched and says so. */
export type Lane = (request: IncomingMessage, response: ServerResponse) => boolean;

const TIMEOUT = '?timeout=';

/**
 * Answers reviews as the API server sends them without fastify's routing, body parser and reply, which cost a tenth of a
 * review. Everything out of the ordinary (another method, path or content type, a length that is absent or too large)
 * is left to fastify, which has a clear error for it.
 */
export function createDirectLane({ endpoints, maxBodyBytes, isClosing }: LaneDeps): Lane {
  return (request, response) => {
    const { method, url = '', headers } = request;
    const query = url.indexOf('?');
    const endpoint = endpoints.get(query < 0 ? url : url.slice(0, query));
    const length = Number(headers['content-length'] ?? Number.NaN);
    if (!endpoint || method !== 'POST' || headers['content-type'] !== 'application/json' || !(length <= maxBodyBytes))
      return false;

    const timeout = url.startsWith(TIMEOUT, query) ? url.slice(query + TIMEOUT.length) : undefined;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [first] = chunks;
      endpoint(first && chunks.length === 1 ? first : Buffer.concat(chunks), timeout, (statusCode, payload) => {
        response.writeHead(statusCode, {
          'content-type': 'application/json',
          'content-length': payload.length,
          ...(isClosing() && { connection: 'close' }),
        });
        response.end(payload);
      });
    });
    return true;
  };
}
