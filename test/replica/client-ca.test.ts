import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { IssuedCertificate } from '../../src/certs/dev-certificate.ts';
import { makePod } from '../builders.ts';
import { issueCaller } from '../certs/callers.ts';
import { writeWorld } from '../commands/world-files.ts';
import { openTls } from '../webhook/client.ts';
import { toReview } from '../webhook/reviews.ts';
import { type Serving, serveWorld, until, untilLogged } from './serving.ts';

const BODY = JSON.stringify(toReview({ object: makePod() }));
const REQUEST = `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** What a caller hears; '' where it hears nothing. */
async function ask(serving: Serving, caller?: IssuedCertificate): Promise<string> {
  try {
    const socket = await openTls(serving, caller && { cert: caller.cert, key: caller.key });
    let said = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      said += data;
      socket.end();
    });
    socket.write(REQUEST);
    await new Promise((resolve) => socket.on('close', resolve));
    return said.split('\r\n')[0] ?? '';
  } catch {
    return '';
  }
}

describe('gridgate serve --client-ca', { timeout: 300_000 }, () => {
  it('answers callers with a certificate of these authorities, and nobody else; the file may change', async (t) => {
    const { directory } = await writeWorld(t);
    const [apiServer, next, stranger] = await Promise.all([issueCaller(), issueCaller(), issueCaller()]);
    const file = join(directory, 'callers.crt');
    writeFileSync(file, apiServer.ca);
    const serving = await serveWorld(t, ['--client-ca', file]);
    assert.match(await ask(serving, apiServer), / 200 /);
    assert.equal(await ask(serving), '');
    assert.equal(await ask(serving, stranger), '');
    await until('the strangers to be counted', async () =>
      /gridgate_rejected_requests_total\{status="closed",cause="no_handshake"\} 2/.test(
        (await serving.page('/metrics')).text,
      ),
    );

    writeFileSync(file, apiServer.ca + next.ca);
    await untilLogged(serving.gridgate, 'authorities of callers reloaded');
    assert.match(await ask(serving, next), / 200 /);
    assert.match(await ask(serving, apiServer), / 200 /);
    assert.equal(await ask(serving, stranger), '');

    writeFileSync(file, 'nothing');
    await untilLogged(serving.gridgate, 'file not reloaded; its last good version stays');
    assert.match(await ask(serving, next), / 200 /);
    assert.equal(await serving.gridgate.end(), 0);
  });

  it('asks nobody for a certificate without it', async (t) => {
    const serving = await serveWorld(t);
    assert.match(await ask(serving), / 200 /);
  });
});
