import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

export interface IssuedCertificate {
  /** PEM, all three. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Issue {
  /** Host names and IP addresses the certificate is for; the first is its common name. */
  readonly names: readonly string[];
  /** Epoch milliseconds; X.509 keeps seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const KEYS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** Issues a server certificate from a new authority whose private key is dropped: nobody can ever issue a second one. */
export async function issueCertificate({ names, notBefore, notAfter }: Issue): Promise<IssuedCertificate> {
  // 85 ms and 20 MB that a start with a valid certificate need not spend.
  const { generate } = await import('selfsigned');
  const validity = { ...KEYS, notBeforeDate: new Date(notBefore), notAfterDate: new Date(notAfter) };
  // A name of its own: where a bundle holds two authorities, verifiers look the issuer up by name.
  const authority = `gridgate development CA ${randomBytes(4).toString('hex')}`;
  const ca = await generate([{ name: 'commonName', value: authority }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: names[0] ?? 'gridgate' }], {
    ...validity,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map(toAltName) },
    ],
  });
  return { ca: endLine(ca.cert), cert: endLine(leaf.cert), key: endLine(leaf.private) };
}

/** selfsigned leaves the last line open, and two such files one after the other are no PEM. */
function endLine(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}

function toAltName(name: string): { readonly type: 2; value: string } | { readonly type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
