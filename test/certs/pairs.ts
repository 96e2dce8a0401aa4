import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IssuedCertificate, issueCertificate } from '../../src/certs/dev-certificate.ts';
import type { KeyPairFiles } from '../../src/certs/key-pair.ts';

const DAY_MS = 86_400_000;

/** A pair for localhost that is valid on this machine's clock. */
export function issueForLocalhost(notAfter = Date.now() + DAY_MS): Promise<IssuedCertificate> {
  return issueCertificate({ names: ['localhost'], notBefore: notAfter - 2 * DAY_MS, notAfter });
}

/** Writes both files of a pair in place, as an impatient person would. */
export function writePair(directory: string, { cert, key }: Pick<IssuedCertificate, 'cert' | 'key'>): KeyPairFiles {
  const files = { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}
