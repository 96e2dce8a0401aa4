import { watchFiles } from '../config/watch-files.ts';
import type { KeyPair, KeyPairFiles } from './key-pair.ts';
import { CertificateError, findExpiry, parseKeyPair, unreadable } from './key-pair.ts';

interface KeyPairWatch extends KeyPairFiles {
  /** The pair being served; with it, not even a change made before the first look is lost. */
  readonly current?: KeyPair;
  /** Default 1,000 ms. */
  readonly intervalMs?: number;
  readonly clock: () => number;
  readonly onChange: (pair: KeyPair) => void;
  /** Once per bad content: the pair before it stays in service. An expired pair comes to both callbacks. */
  readonly onError: (error: CertificateError) => void;
}

/**
 * Watches a certificate and its key, and hands over each new pair that fits together. When only one of the files has
 * changed so far, that is reported once as `key_mismatch`, and the other is awaited. Answers a function that stops it.
 */
export function watchKeyPair(watch: KeyPairWatch): () => void {
  const { certFile, keyFile, clock, onChange, onError } = watch;
  let served = watch.current;

  function accept(cert: string, key: string): void {
    if (cert === served?.cert && key === served.key) return;
    const pair = parseKeyPair(watch, cert, key);
    served = pair;
    onChange(pair);
    const expiry = findExpiry(pair, clock(), certFile);
    if (expiry) onError(expiry);
  }

  return watchFiles({
    files: [certFile, keyFile],
    known: served && [served.cert, served.key],
    intervalMs: watch.intervalMs,
    onChange: ([cert = '', key = '']) => accept(cert, key),
    onError: (error) => onError(toCertificateError(error, watch)),
  });
}

function toCertificateError(error: Error, { certFile, keyFile }: KeyPairFiles): CertificateError {
  if (error instanceof CertificateError) return error;
  const isKey = (error as NodeJS.ErrnoException).path === keyFile;
  return isKey ? unreadable('key_unreadable', keyFile, error) : unreadable('cert_unreadable', certFile, error);
}
