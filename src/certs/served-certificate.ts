import { untilAborted } from '../units/deadline.ts';
import { CertificateError, type KeyPair, parseKeyPair } from './key-pair.ts';
import { verifies } from './trust.ts';

interface ServedCertificateDeps {
  /** Where the pair comes from, for messages: `Secret gridgate-system/gridgate-tls`. */
  readonly origin: string;
  /** What the API server calls us. */
  readonly dnsName: string;
  readonly clock: () => number;
  /** Each pair that is new and fits together, the first one too. */
  readonly onChange: (pair: KeyPair) => void;
  /** Once per bad content: the pair before it stays in service. */
  readonly onError: (error: CertificateError) => void;
}

/** Holds the pair in service, and judges whether those who call will accept it. */
export function createServedCertificate(deps: ServedCertificateDeps) {
  const { origin, dnsName, clock, onChange, onError } = deps;
  const arrived = Promise.withResolvers<KeyPair>();
  let served: KeyPair | undefined;
  let lastOffer: string | undefined;

  function accept(cert: string, key: string): void {
    const pair = parseKeyPair({ certFile: `tls.crt of ${origin}`, keyFile: `tls.key of ${origin}` }, cert, key);
    if (cert === served?.cert && key === served.key) return;
    served = pair;
    arrived.resolve(pair);
    onChange(pair);
  }

  return {
    current: () => served,
    /** The first pair: before it there is nothing to listen with. Rejects only with the signal's reason. */
    first: (signal?: AbortSignal) => (signal ? untilAborted(signal, () => arrived.promise) : arrived.promise),
    /** What the origin holds now, PEM; undefined when it is gone, and the pair in service stays. */
    offer(texts: { readonly cert: string; readonly key: string } | undefined): void {
      if (texts === undefined || `${texts.cert}${texts.key}` === lastOffer) return;
      lastOffer = `${texts.cert}${texts.key}`;
      try {
        accept(texts.cert, texts.key);
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        onError(error);
      }
    },
    /** Why the API server cannot call us yet, in words; empty when each bundle (PEM, and whose it is) verifies what is served. */
    unready(bundles: Iterable<{ readonly owner: string; readonly caBundle: string }>): readonly string[] {
      if (!served) return [`no certificate to serve yet: waiting for ${origin}`];
      const { cert } = served;
      return [...bundles].flatMap(({ owner, caBundle }) => {
        const reason = verifies(caBundle, cert, dnsName, clock());
        return reason === undefined ? [] : [`the API server will not accept the certificate (${owner}): ${reason}`];
      });
    },
  };
}
