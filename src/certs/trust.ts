import { isIssuedBy, type ParsedCertificate, parseCertificates } from './parsed-certificate.ts';

/**
 * Why a client that trusts `caBundlePem` and calls `dnsName` would refuse the served chain at `now` (epoch milliseconds),
 * in words; undefined when it would not. Looks for what the API server's TLS client looks for.
 */
export function verifies(caBundlePem: string, chainPem: string, dnsName: string, now: number): string | undefined {
  const roots = parseCertificates(caBundlePem);
  const [leaf, ...intermediates] = parseCertificates(chainPem);
  if (!leaf) return 'what is served is no certificate';
  if (roots.length === 0) return 'the caBundle holds no certificate';
  if (leaf.x509.checkHost(dnsName, { subject: 'never' }) === undefined) {
    return `the served certificate is not for ${dnsName}`;
  }
  return findTimeFault('the served certificate', leaf, now) ?? findChainFault(leaf, intermediates, roots, now);
}

function findChainFault(
  leaf: ParsedCertificate,
  intermediates: readonly ParsedCertificate[],
  roots: readonly ParsedCertificate[],
  now: number,
): string | undefined {
  let fault = 'no certificate of the caBundle has issued the served one';
  let open = [leaf];
  let unused = [...intermediates];
  while (open.length > 0) {
    for (const root of roots.filter((one) => open.some((certificate) => isIssuedBy(certificate, one)))) {
      const rootFault = findTimeFault('the issuer in the caBundle', root, now);
      if (rootFault === undefined) return undefined;
      fault = rootFault;
    }
    const next = unused.filter(
      (one) => one.x509.ca && !findTimeFault('', one, now) && open.some((c) => isIssuedBy(c, one)),
    );
    unused = unused.filter((one) => !next.includes(one));
    open = next;
  }
  return fault;
}

function findTimeFault(what: string, { notBefore, notAfter }: ParsedCertificate, now: number): string | undefined {
  if (now < notBefore) return `${what} is not valid before ${new Date(notBefore).toISOString()}`;
  return now < notAfter ? undefined : `${what} expired on ${new Date(notAfter).toISOString()}`;
}
