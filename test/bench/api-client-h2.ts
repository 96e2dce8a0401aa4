import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One kept-alive HTTP/2 session to the API server, as client-go keeps one. */
export interface H2Client {
  /** One stream; rejects when the session or the stream fails, not on an error status. */
  post(path: string, body: Buffer): Promise<Answer>;
  close(): void;
}

/** Connects with TLS, trusting `ca` (PEM) alone, and sends a bearer token with each request. */
export async function openH2Client({ url, ca, token }: { url: string; ca: string; token: string }): Promise<H2Client> {
  const session = connect(url, { ca });
  await once(session, 'connect');
  const common = {
    ':method': 'POST',
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json',
  };
  return {
    async post(path, body) {
      const stream = session.request({ ...common, ':path': path, 'content-length': body.length });
      stream.end(body);
      const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
      return { status: headers[':status'] ?? 0, body: await text(stream) };
    },
    close: () => session.destroy(),
  };
}
