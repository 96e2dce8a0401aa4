import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { failure } from './endpoints.ts';
import type { Reject, RejectionCause } from './rejections.ts';

interface ClientError {
  readonly status: number;
  readonly cause: RejectionCause;
  readonly phrase: string;
}

/** What Node's parser complains about, by its code; anything else is no HTTP. */
const BY_CODE: Readonly<Record<string, ClientError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, cause: 'slow_headers', phrase: 'Request Timeout' },
  HPE_HEADER_OVERFLOW: { status: 431, cause: 'large_headers', phrase: 'Request Header Fields Too Large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, cause: 'too_large', phrase: 'Payload Too Large' },
};
/** All others are of TLS: what is said before a handshake is not for anybody. */
const OF_HTTP = /^(HPE_|ERR_HTTP_)/;
const HUNG_UP = /^(ECONNRESET|EPIPE)$/;
const NO_HTTP: ClientError = { status: 400, cause: 'not_http', phrase: 'Bad Request' };

/** Answers and counts what never became a request, and closes its connection. */
export function answerClientErrors(server: Server, reject: Reject): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { code = '' } = error;
    const stranger = (socket as TLSSocket).authorizationError;
    // Whoever hung up asked nothing.
    if (stranger || !(OF_HTTP.test(code) || HUNG_UP.test(code)))
      reject({ status: 0, cause: 'no_handshake', problem: String(stranger || code || error.message) });
    if (!OF_HTTP.test(code) || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, cause, phrase } = BY_CODE[code] ?? NO_HTTP;
    reject({ status, cause });
    const payload = failure(phrase.toLowerCase());
    socket.end(
      `HTTP/1.1 ${status} ${phrase}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`,
      () => socket.destroy(),
    );
  });
}
