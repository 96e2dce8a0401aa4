import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface AwsRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly filter?: Readonly<Record<string, unknown>>;
    readonly nextToken?: string;
    readonly maxResults?: number;
  };
}

/** Text goes out as it is, anything else as JSON; `undefined` is no answer at all. */
export type AwsAnswer = { readonly status?: number; readonly body: unknown } | undefined;

/** AWS JSON 1.1 on a port of its own, until the test ends. */
export async function startAwsHealth(test: TestContext, answer: (request: AwsRequest) => AwsAnswer) {
  const asked: AwsRequest[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const one: AwsRequest = { headers: request.headers, body: JSON.parse(text) };
      asked.push(one);
      send(response, answer(one));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function send(response: ServerResponse, reply: AwsAnswer): void {
  if (!reply) return;
  const { status = 200, body } = reply;
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
