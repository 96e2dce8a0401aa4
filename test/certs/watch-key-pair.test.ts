import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import type { KeyPair, KeyPairFiles } from '../../src/certs/key-pair.ts';
import { loadKeyPair } from '../../src/certs/key-pair.ts';
import { watchKeyPair } from '../../src/certs/watch-key-pair.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { issueForLocalhost, writePair } from './pairs.ts';
import { serve, shakeHands } from './tls.ts';

function watch(test: TestContext, files: KeyPairFiles, onPair?: (pair: KeyPair) => void) {
  const pairs: KeyPair[] = [];
  const codes: string[] = [];
  const stop = watchKeyPair({
    ...files,
    current: loadKeyPair(files),
    intervalMs: 10,
    clock: Date.now,
    onChange: (pair) => {
      pairs.push(pair);
      onPair?.(pair);
    },
    onError: ({ code }) => codes.push(code),
  });
  test.after(stop);
  return { pairs, codes };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  await pollUntil({ what, probe: () => isTrue() || undefined, deadlineMs: 60_000 });
}

describe('watching a key pair', () => {
  it('hands over a new pair once', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const files = writePair(directory, await issueForLocalhost());
    const { pairs, codes } = watch(t, files);
    const second = await issueForLocalhost();
    writePair(directory, second);
    await until('the second pair', () => pairs.length === 1);
    writePair(directory, await issueForLocalhost());
    await until('the third pair', () => pairs.length === 2);
    assert.equal(pairs[0]?.cert, second.cert);
    assert.deepEqual(codes, []);
  });

  it('waits for the key when only the certificate has changed, and reports that once', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const files = writePair(directory, await issueForLocalhost());
    const { pairs, codes } = watch(t, files);
    const next = await issueForLocalhost();
    writeFileSync(files.certFile, next.cert);
    await until('the report', () => codes.length === 1);
    writeFileSync(files.keyFile, next.key);
    await until('the pair', () => pairs.length === 1);
    assert.deepEqual([codes, pairs[0]?.key], [['key_mismatch'], next.key]);
  });

  it('keeps silent when the files turn back to the pair in service', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const first = await issueForLocalhost();
    const files = writePair(directory, first);
    const { pairs, codes } = watch(t, files);
    writeFileSync(files.certFile, 'garbage');
    await until('the first report', () => codes.length === 1);
    writeFileSync(files.certFile, first.cert);
    writeFileSync(files.keyFile, first.key);
    await until('the second report', () => {
      writeFileSync(files.keyFile, 'garbage');
      return codes.length === 2;
    });
    assert.deepEqual([codes, pairs], [['cert_malformed', 'key_malformed'], []]);
  });

  it('reports a vanished key, naming the right file', async (t) => {
    const files = writePair(makeTemporaryDirectory(t), await issueForLocalhost());
    const { pairs, codes } = watch(t, files);
    rmSync(files.keyFile);
    await until('the report', () => codes.length === 1);
    assert.deepEqual([codes, pairs], [['key_unreadable'], []]);
  });

  it('hands over an expired pair, and reports it', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const files = writePair(directory, await issueForLocalhost());
    const { pairs, codes } = watch(t, files);
    writePair(directory, await issueForLocalhost(Date.UTC(2020, 0, 1)));
    await until('the pair', () => pairs.length === 1);
    assert.deepEqual(codes, ['cert_expired']);
  });

  it('lets a server change its certificate without losing a connection', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const [first, second] = [await issueForLocalhost(), await issueForLocalhost()];
    const files = writePair(directory, first);
    const server = await serve(t, loadKeyPair(files));
    watch(t, files, ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.3' }));
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.ca, servername: 'localhost' });
    t.after(() => agent.destroy());
    const { port } = server.address() as AddressInfo;
    assert.deepEqual(await ask(port, agent), { status: 200, isReused: false });
    writePair(directory, second);
    await pollUntil({
      what: 'a connection with the second certificate',
      probe: () => shakeHands(t, server, 'localhost', second.ca),
      deadlineMs: 60_000,
    });
    assert.deepEqual(await ask(port, agent), { status: 200, isReused: true });
    await assert.rejects(shakeHands(t, server, 'localhost', first.ca), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });
});

async function ask(port: number, agent: Agent): Promise<{ status: number | undefined; isReused: boolean }> {
  const request = get({ host: '127.0.0.1', port, agent });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode, isReused: request.reusedSocket };
}
