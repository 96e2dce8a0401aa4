import type { Issued } from './authority.ts';
import { isIssuedBy, isKeyOf, type ParsedCertificate, parseCertificates, toPem } from './parsed-certificate.ts';

/** The `data` of a Secret: base64 by key. */
export type SecretData = Readonly<Record<string, string>>;

/** What the Secret of the authority holds. Only the controllers role may read it. */
export interface StoredAuthority {
  readonly certificate: ParsedCertificate;
  /** PEM. */
  readonly key: string;
  /** Authorities before this one that bundles still carry; their keys are gone. */
  readonly previous: readonly ParsedCertificate[];
  /** Since when every bundle was seen to carry this authority, epoch milliseconds; kept while a new leaf waits for it. */
  readonly carriedSince?: number;
}

/** What the Secret of the leaf holds, which the webhook role serves. */
export interface StoredLeaf {
  readonly certificate: ParsedCertificate;
  /** The certificates in `ca.crt` that did issue it. */
  readonly issuers: readonly ParsedCertificate[];
  readonly coversNames: boolean;
  /** When the last leaf of an earlier authority ends, epoch milliseconds. */
  readonly previousUntil?: number;
}

/** The authority in a Secret's data; undefined when it cannot issue: missing, damaged, no authority, another's key. */
export function readAuthority(data: SecretData): StoredAuthority | undefined {
  const [certificate] = parseCertificates(decode(data['ca.crt']));
  const key = decode(data['ca.key']);
  if (!certificate?.x509.ca || !isIssuedBy(certificate, certificate) || !isKeyOf(key, certificate)) return undefined;
  const carriedSince = readTime(data['carried-since']);
  return {
    certificate,
    key,
    previous: withoutLeaves(data['previous.crt']).filter(({ fingerprint }) => fingerprint !== certificate.fingerprint),
    ...(carriedSince !== undefined && { carriedSince }),
  };
}

/** The leaf in a Secret's data, for these host names; undefined when it cannot be served: missing, damaged, another's key. */
export function readLeaf(data: SecretData, names: readonly string[]): StoredLeaf | undefined {
  const text = decode(data['tls.crt']);
  const [certificate] = parseCertificates(text);
  // The file must hold this certificate and nothing else: OpenSSL may refuse to serve more.
  if (certificate?.pem.trim() !== text.trim()) return undefined;
  if (!certificate || certificate.x509.ca || !isKeyOf(decode(data['tls.key']), certificate)) return undefined;
  const previousUntil = readTime(data['previous-until']);
  return {
    certificate,
    issuers: withoutLeaves(data['ca.crt']).filter((issuer) => isIssuedBy(certificate, issuer)),
    coversNames: names.every((name) => certificate.x509.checkHost(name, { subject: 'never' }) !== undefined),
    ...(previousUntil !== undefined && { previousUntil }),
  };
}

/** The authority certificates of a Secret that may be damaged: what bundles should go on trusting. */
export function readTrusted(data: SecretData): readonly ParsedCertificate[] {
  return [...withoutLeaves(data['ca.crt']), ...withoutLeaves(data['previous.crt'])];
}

export function writeAuthority(authority: Issued, previous: readonly ParsedCertificate[], carriedSince?: number) {
  return encode({
    'ca.crt': authority.cert,
    'ca.key': authority.key,
    ...(previous.length > 0 && { 'previous.crt': toPem(previous) }),
    ...(carriedSince !== undefined && { 'carried-since': new Date(carriedSince).toISOString() }),
  });
}

export function writeLeaf(leaf: Issued, issuer: ParsedCertificate, previousUntil?: number): SecretData {
  return encode({
    'tls.crt': leaf.cert,
    'tls.key': leaf.key,
    'ca.crt': issuer.pem,
    ...(previousUntil !== undefined && { 'previous-until': new Date(previousUntil).toISOString() }),
  });
}

function withoutLeaves(encoded: string | undefined): readonly ParsedCertificate[] {
  return parseCertificates(decode(encoded)).filter(({ x509 }) => x509.ca);
}

function readTime(encoded: string | undefined): number | undefined {
  const time = Date.parse(decode(encoded));
  return Number.isNaN(time) ? undefined : time;
}

function decode(encoded = ''): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}

function encode(texts: Readonly<Record<string, string>>): SecretData {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
  );
}
