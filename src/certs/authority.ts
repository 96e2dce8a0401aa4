import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { SelfsignedOptions } from 'selfsigned';

/** PEM, both. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Validity {
  /** Epoch milliseconds; X.509 keeps seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const KEYS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** Another's clock may be behind ours, by an hour when it jumps: a certificate begins earlier, a short-lived one a little. */
const MOST_BACKDATED_MS = 2 * 3_600_000;

/** Creates a self-signed authority that may issue leaves, and nothing below them. */
export async function createAuthority({ notBefore, notAfter }: Validity, title = 'gridgate CA'): Promise<Issued> {
  // A name of its own: where a bundle holds two authorities, verifiers look the issuer up by name.
  const name = `${title} ${randomBytes(4).toString('hex')}`;
  return issue(name, { notBefore, notAfter }, [
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
}

/** Issues a server certificate for host names and IP addresses; the first is its common name. */
export async function issueLeaf(
  authority: Issued,
  { names, notBefore, notAfter }: Validity & { readonly names: readonly string[] },
): Promise<Issued> {
  const extensions = [
    { name: 'basicConstraints' as const, cA: false, critical: true },
    { name: 'keyUsage' as const, digitalSignature: true, critical: true },
    { name: 'extKeyUsage' as const, serverAuth: true },
    { name: 'subjectAltName' as const, altNames: names.map(toAltName) },
  ];
  return issue(commonName(names), { notBefore, notAfter }, extensions, authority);
}

async function issue(
  name: string,
  { notBefore, notAfter }: Validity,
  extensions: NonNullable<SelfsignedOptions['extensions']>,
  ca?: Issued,
): Promise<Issued> {
  // 85 ms and 20 MB that a start with a valid certificate need not spend; CommonJS.
  const { generate } = (await import('selfsigned')).default;
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...KEYS,
    notBeforeDate: new Date(notBefore),
    notAfterDate: new Date(notAfter),
    extensions,
    ...(ca && { ca }),
  });
  return { cert: endLine(cert), key: endLine(key) };
}

/** From a little before `now`, for `lifetimeMs` after it, but never past `latest`; all in epoch milliseconds. */
export function validFor(lifetimeMs: number, now: number, latest = Number.POSITIVE_INFINITY): Validity {
  const backdatedMs = Math.min(MOST_BACKDATED_MS, lifetimeMs / 10);
  return { notBefore: now - backdatedMs, notAfter: Math.min(now + lifetimeMs, latest) };
}

/** Every name by which a Service is called inside a cluster; the first is the one the API server uses. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  const full = `${service}.${namespace}.svc`;
  return [full, `${full}.cluster.local`, `${service}.${namespace}`, service];
}

/** X.509 allows 64 characters; verifiers read the alternative names, which may be longer. */
function commonName([first = 'gridgate']: readonly string[]): string {
  return first.length <= 64 ? first : 'gridgate';
}

/** selfsigned leaves the last line open, and two such files one after the other are no PEM. */
function endLine(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}

function toAltName(name: string): { readonly type: 2; value: string } | { readonly type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
