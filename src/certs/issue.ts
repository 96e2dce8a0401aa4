import type { Issued, Validity } from './authority.ts';
import { createAuthority, issueLeaf } from './authority.ts';

export interface IssuedCertificate extends Issued {
  /** PEM. */
  readonly ca: string;
}

export interface Issue extends Validity {
  /** Host names and IP addresses the certificate is for; the first is its common name. */
  readonly names: readonly string[];
}

/** Issues a server certificate from a new authority whose private key is dropped: nobody can ever issue a second one. */
export async function issueCertificate(issue: Issue): Promise<IssuedCertificate> {
  const authority = await createAuthority(issue, 'gridgate development CA');
  return { ca: authority.cert, ...(await issueLeaf(authority, issue)) };
}
