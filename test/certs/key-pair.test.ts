import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { generate } from 'selfsigned';
import type { IssuedCertificate } from '../../src/certs/dev-certificate.ts';
import { CertificateError, findExpiry, loadKeyPair } from '../../src/certs/key-pair.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { issueForLocalhost, writePair } from './pairs.ts';

const NOT_AFTER = Date.UTC(2100, 0, 1);

describe('loading a key pair', () => {
  it('answers both texts and what the leaf says of itself', async (t) => {
    const issued = await issueForLocalhost(NOT_AFTER);
    const pair = loadKeyPair(writePair(makeTemporaryDirectory(t), issued));
    assert.deepEqual([pair.cert, pair.key], [issued.cert, issued.key]);
    assert.equal(pair.notAfter, NOT_AFTER);
    assert.equal(pair.subjectAltName, 'DNS:localhost');
    assert.match(pair.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('takes a chain, leaf first', async (t) => {
    const { cert, key, ca } = await issueForLocalhost();
    const pair = loadKeyPair(writePair(makeTemporaryDirectory(t), { cert: cert + ca, key }));
    assert.equal(pair.subjectAltName, 'DNS:localhost');
  });

  type Texts = Pick<IssuedCertificate, 'cert' | 'key'>;
  const rows: Record<string, { change: (texts: Texts) => Texts | Promise<Texts>; code: string; message: string }> = {
    'a certificate that is none': {
      change: ({ key }) => ({ cert: 'hello', key }),
      code: 'cert_malformed',
      message: 'tls.crt is not a PEM certificate',
    },
    'an empty certificate': {
      change: ({ key }) => ({ cert: '', key }),
      code: 'cert_malformed',
      message: 'tls.crt is not a PEM certificate',
    },
    'a key that is none': {
      change: ({ cert }) => ({ cert, key: cert }),
      code: 'key_malformed',
      message: 'tls.key is not an unencrypted PEM private key',
    },
    'an encrypted key': {
      change: ({ cert }) => ({ cert, key: encryptedKey() }),
      code: 'key_malformed',
      message: 'tls.key is not an unencrypted PEM private key',
    },
    "another certificate's key": {
      change: async ({ cert }) => ({ cert, key: (await issueForLocalhost()).key }),
      code: 'key_mismatch',
      message: 'tls.key is not the private key of tls.crt',
    },
    'a chain that breaks off': {
      change: ({ cert, key }) => ({ cert: `${cert}${cert.slice(0, 200)}`, key }),
      code: 'cert_malformed',
      message: 'tls.crt cannot be served: ',
    },
    'a key too weak to serve with': {
      change: async () => {
        const weak = await generate([], { keyType: 'rsa', keySize: 1024, algorithm: 'sha256' });
        return { cert: weak.cert, key: weak.private };
      },
      code: 'cert_malformed',
      message: 'tls.crt cannot be served: ',
    },
  };
  for (const [name, { change, code, message }] of Object.entries(rows)) {
    it(`refuses ${name}`, async (t) => {
      const directory = makeTemporaryDirectory(t);
      const texts = await change(await issueForLocalhost());
      const error = failure(() => loadKeyPair(writePair(directory, texts)));
      assert.equal(error.code, code);
      assert.ok(error.message.replaceAll(`${directory}/`, '').startsWith(message), error.message);
      assert.ok(!error.message.includes('PRIVATE KEY-----'));
    });
  }

  for (const [missing, code] of [
    ['certFile', 'cert_unreadable'],
    ['keyFile', 'key_unreadable'],
  ] as const) {
    it(`names the file when ${missing} is missing`, async (t) => {
      const files = writePair(makeTemporaryDirectory(t), await issueForLocalhost());
      rmSync(files[missing]);
      const error = failure(() => loadKeyPair(files));
      assert.equal(error.code, code);
      assert.match(error.message, new RegExp(`${basename(files[missing])} cannot be read: ENOENT$`));
    });
  }
});

describe('an expired certificate', () => {
  it('loads, and is reported from its last moment on', async (t) => {
    const files = writePair(makeTemporaryDirectory(t), await issueForLocalhost(Date.UTC(2020, 0, 1)));
    const pair = loadKeyPair(files);
    assert.equal(findExpiry(pair, Date.UTC(2020, 0, 1) - 1, 'tls.crt'), undefined);
    const error = findExpiry(pair, Date.UTC(2020, 0, 1), 'tls.crt');
    assert.deepEqual([error?.code, error?.message], ['cert_expired', 'tls.crt expired on 2020-01-01T00:00:00.000Z']);
  });
});

function failure(load: () => unknown): CertificateError {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof CertificateError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the pair was accepted' });
}

function encryptedKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
}
