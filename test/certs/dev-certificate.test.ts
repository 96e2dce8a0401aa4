import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DEV_CERTIFICATE_NAMES, ensureDevCertificate } from '../../src/certs/dev-certificate.ts';
import { loadKeyPair } from '../../src/certs/key-pair.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { serve, shakeHands } from './tls.ts';

const DAY_MS = 86_400_000;
const FILES = ['ca.crt', 'tls.crt', 'tls.key'];
const START = Date.UTC(2026, 10, 22);

describe('the development certificate', () => {
  it('is made where there is none, with a key that only its owner reads and no key of its authority', async (t) => {
    const dir = join(makeTemporaryDirectory(t), 'made', 'as-needed');
    const made = await ensureDevCertificate({ dir, clock: () => START });
    assert.deepEqual(made, {
      certFile: join(dir, 'tls.crt'),
      keyFile: join(dir, 'tls.key'),
      caFile: join(dir, 'ca.crt'),
      created: true,
    });
    assert.deepEqual(readdirSync(dir).sort(), FILES);
    assert.equal(statSync(made.keyFile).mode & 0o777, 0o600);
    const leaf = new X509Certificate(readFileSync(made.certFile));
    assert.equal(leaf.signatureAlgorithm, 'ecdsa-with-SHA256');
    assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom), 90 * DAY_MS);
    assert.equal(leaf.ca, false);
    assert.equal(readFileSync(made.caFile, 'utf8').includes('PRIVATE'), false);
  });

  it('passes a TLS 1.3 handshake under each of its names, and under no other', async (t) => {
    const made = await ensureDevCertificate({ dir: makeTemporaryDirectory(t), clock: Date.now });
    const ca = readFileSync(made.caFile, 'utf8');
    const server = await serve(t, loadKeyPair(made));
    for (const name of DEV_CERTIFICATE_NAMES) {
      const socket = await shakeHands(t, server, name, ca);
      assert.deepEqual([name, socket.authorized, socket.getProtocol()], [name, true, 'TLSv1.3']);
    }
    await assert.rejects(shakeHands(t, server, 'gridgate.example.com', ca), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  const reuse: Record<string, { after?: number; names?: string[]; change?: (dir: string) => void; created: boolean }> =
    {
      'is reused as it is': { created: false },
      'is reused while more than a third of its life is left': { after: 59 * DAY_MS, created: false },
      'is issued anew in its last third': { after: 61 * DAY_MS, created: true },
      'is issued anew after its end': { after: 91 * DAY_MS, created: true },
      'is issued anew when the clock is before its beginning': { after: -DAY_MS, created: true },
      'is issued anew for a name it lacks': { names: ['localhost', 'gridgate.local'], created: true },
      'is issued anew for an address it lacks': { names: ['127.0.0.1', '10.0.0.1'], created: true },
      'is reused for fewer names': { names: ['localhost'], created: false },
      'is issued anew when the certificate is garbage': {
        change: (dir) => writeFileSync(join(dir, 'tls.crt'), 'garbage'),
        created: true,
      },
      'is issued anew when the key is empty': {
        change: (dir) => writeFileSync(join(dir, 'tls.key'), ''),
        created: true,
      },
      'is issued anew when the authority is gone': { change: (dir) => rmSync(join(dir, 'ca.crt')), created: true },
      'is reused with a key that is closed to others again': {
        change: (dir) => chmodSync(join(dir, 'tls.key'), 0o644),
        created: false,
      },
      'is reused next to what a killed process left': {
        change: (dir) => writeFileSync(join(dir, 'tls.key.123.tmp'), 'half a k'),
        created: false,
      },
    };
  for (const [name, { after = 0, names, change, created }] of Object.entries(reuse)) {
    it(name, async (t) => {
      const dir = makeTemporaryDirectory(t);
      const first = await ensureDevCertificate({ dir, clock: () => START });
      const before = FILES.map((file) => readFileSync(join(dir, file), 'utf8'));
      change?.(dir);
      const second = await ensureDevCertificate({ dir, ...(names && { names }), clock: () => START + after });
      assert.equal(second.created, created);
      const isSame = FILES.every((file, i) => readFileSync(join(dir, file), 'utf8') === before[i]);
      assert.equal(isSame, !created);
      assert.equal(statSync(first.keyFile).mode & 0o777, 0o600);
      loadKeyPair(second);
    });
  }

  // A process can be killed between any two of the three renames.
  for (const replaced of [['ca.crt'], ['ca.crt', 'tls.key'], ['tls.key'], ['tls.crt']]) {
    it(`is repaired after a kill that left ${replaced.join(' and ')} of another issue`, async (t) => {
      const dir = makeTemporaryDirectory(t);
      const other = makeTemporaryDirectory(t);
      for (const one of [dir, other]) await ensureDevCertificate({ dir: one, clock: () => START });
      for (const file of replaced) copyFileSync(join(other, file), join(dir, file));
      const repaired = await ensureDevCertificate({ dir, clock: () => START });
      assert.equal(repaired.created, true);
      loadKeyPair(repaired);
      assert.equal((await ensureDevCertificate({ dir, clock: () => START })).created, false);
    });
  }

  it('stays whole when several start at once', async (t) => {
    const dir = makeTemporaryDirectory(t);
    const all = await Promise.all(Array.from({ length: 5 }, () => ensureDevCertificate({ dir, clock: () => START })));
    for (const one of all) loadKeyPair(one);
    assert.deepEqual(readdirSync(dir).sort(), FILES);
    assert.equal((await ensureDevCertificate({ dir, clock: () => START })).created, false);
  });

  it('says why when it cannot be stored', async (t) => {
    const dir = join(makeTemporaryDirectory(t), 'file');
    writeFileSync(dir, '');
    await assert.rejects(ensureDevCertificate({ dir, clock: () => START }), { code: 'EEXIST' });
    assert.ok(existsSync(dir));
  });
});
