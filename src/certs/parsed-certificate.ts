import { createPrivateKey, X509Certificate } from 'node:crypto';

export interface ParsedCertificate {
  /** With its last line ended. */
  readonly pem: string;
  /** SHA-256. */
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly x509: X509Certificate;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM text in their order, each once; what is no certificate is passed over. */
export function parseCertificates(pem: string): readonly ParsedCertificate[] {
  const found = new Map<string, ParsedCertificate>();
  for (const [block] of pem.matchAll(BLOCK)) {
    const parsed = parseOne(block);
    if (parsed && !found.has(parsed.fingerprint)) found.set(parsed.fingerprint, parsed);
  }
  return [...found.values()];
}

export function toPem(certificates: readonly ParsedCertificate[]): string {
  return certificates.map(({ pem }) => pem).join('');
}

/** Whether `issuer` signed `certificate`, whatever the time. */
export function isIssuedBy({ x509 }: ParsedCertificate, issuer: ParsedCertificate): boolean {
  return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
}

/** Whether `key`, PEM, is the private key of the certificate; false for what is no key at all. */
export function isKeyOf(key: string, { x509 }: ParsedCertificate): boolean {
  try {
    return x509.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function parseOne(block: string): ParsedCertificate | undefined {
  try {
    const x509 = new X509Certificate(block);
    return {
      pem: `${block}\n`,
      fingerprint: x509.fingerprint256,
      notBefore: Date.parse(x509.validFrom),
      notAfter: Date.parse(x509.validTo),
      x509,
    };
  } catch {
    return undefined;
  }
}
