import { generate } from 'selfsigned';
import { createAuthority, validFor } from '../../src/certs/authority.ts';
import type { IssuedCertificate } from '../../src/certs/dev-certificate.ts';

/** A certificate to call with, as an API server has one, and the authority that issued it. */
export async function issueCaller(): Promise<IssuedCertificate> {
  const { notBefore, notAfter } = validFor(86_400_000, Date.now());
  const ca = await createAuthority({ notBefore, notAfter });
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(notBefore),
    notAfterDate: new Date(notAfter),
    ca,
    extensions: [
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', clientAuth: true },
    ],
  });
  return { ca: ca.cert, cert, key };
}
