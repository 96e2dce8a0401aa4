import { ensureDevCertificate } from '../certs/dev-certificate.ts';
import { loadKeyPair } from '../certs/key-pair.ts';
import type { OptionValues } from '../config/options.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { print } from '../terminal/print.ts';

/** Creates the development certificate, or shows the one that is still good. */
export async function certs({ certDir }: OptionValues<'certDir'>): Promise<number> {
  const files = await ensureDevCertificate({ dir: certDir, clock: Date.now });
  const { subjectAltName, notAfter, fingerprint } = loadKeyPair(files);
  await print(
    `${files.created ? 'created' : 'still valid'}: ${files.certFile}, ${files.keyFile}, ${files.caFile}
names: ${subjectAltName}
until: ${new Date(notAfter).toISOString()}
fingerprint: ${fingerprint}
`,
  );
  return EXIT.fine;
}
