import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

type CertificateErrorCode =
  | 'cert_unreadable'
  | 'key_unreadable'
  | 'cert_malformed'
  | 'key_malformed'
  | 'key_mismatch'
  /** The pair still loads: a served expired certificate fails the same calls, but says why. */
  | 'cert_expired';

/** What is wrong with a certificate or its key; the message names the file and never quotes from it. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface KeyPairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate chain and its private key, as `tls.createSecureContext` takes them, with facts about the leaf. */
export interface KeyPair {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** Epoch milliseconds, both. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** As OpenSSL prints it: `DNS:localhost, IP Address:127.0.0.1`. */
  readonly subjectAltName: string;
  /** SHA-256. */
  readonly fingerprint: string;
}

/** Reads and validates a PEM pair; throws a `CertificateError`. An expired certificate loads, see `findExpiry`. */
export function loadKeyPair(files: KeyPairFiles): KeyPair {
  const cert = readPem(files.certFile, 'cert_unreadable');
  const key = readPem(files.keyFile, 'key_unreadable');
  return parseKeyPair(files, cert, key);
}

/** Validates the contents of the two files, PEM, without reading them; throws a `CertificateError`. */
export function parseKeyPair({ certFile, keyFile }: KeyPairFiles, cert: string, key: string): KeyPair {
  const leaf = orThrow('cert_malformed', `${certFile} is not a PEM certificate`, () => new X509Certificate(cert));
  const noKey = `${keyFile} is not an unencrypted PEM private key`;
  if (!leaf.checkPrivateKey(orThrow('key_malformed', noKey, () => createPrivateKey(key))))
    throw new CertificateError('key_mismatch', `${keyFile} is not the private key of ${certFile}`);
  // OpenSSL looks at more than the leaf: the rest of the chain, and whether the key is strong enough to serve with.
  const unservable = (reason: string) => `${certFile} cannot be served: ${reason}`;
  orThrow('cert_malformed', unservable, () => createSecureContext({ cert, key }));
  return {
    cert,
    key,
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    subjectAltName: leaf.subjectAltName ?? '',
    fingerprint: leaf.fingerprint256,
  };
}

/** The error to report, not to throw, when a pair is past its `notAfter`; `now` is epoch milliseconds. */
export function findExpiry(pair: KeyPair, now: number, certFile: string): CertificateError | undefined {
  if (now < pair.notAfter) return undefined;
  return new CertificateError('cert_expired', `${certFile} expired on ${new Date(pair.notAfter).toISOString()}`);
}

function readPem(file: string, code: 'cert_unreadable' | 'key_unreadable'): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(code, file, cause);
  }
}

/** The error for a file that the system would not let us read. */
export function unreadable(code: 'cert_unreadable' | 'key_unreadable', file: string, cause: unknown): CertificateError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new CertificateError(code, `${file} cannot be read: ${reason}`, { cause });
}

function orThrow<T>(code: CertificateErrorCode, message: string | ((reason: string) => string), act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError(code, typeof message === 'string' ? message : message(reason), { cause });
  }
}
