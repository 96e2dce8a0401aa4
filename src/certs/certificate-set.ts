import type { ParsedCertificate } from './parsed-certificate.ts';

/** Those that have not expired; `now` in epoch milliseconds. */
export function alive(certificates: readonly ParsedCertificate[], now: number): readonly ParsedCertificate[] {
  return certificates.filter(({ notAfter }) => now < notAfter);
}

/** Each once, in the order of first sight. */
export function unique(certificates: readonly ParsedCertificate[]): readonly ParsedCertificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint, one])).values()];
}

export function holds(bundle: readonly ParsedCertificate[], { fingerprint }: ParsedCertificate): boolean {
  return bundle.some((one) => one.fingerprint === fingerprint);
}

/** Whether two bundles trust the same, in whatever order. */
export function isSame(bundle: readonly ParsedCertificate[], wanted: readonly ParsedCertificate[]): boolean {
  return bundle.length === wanted.length && wanted.every((one) => holds(bundle, one));
}
