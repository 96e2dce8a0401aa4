import { findExpiry, type KeyPair, type KeyPairFiles } from '../certs/key-pair.ts';
import { watchKeyPair } from '../certs/watch-key-pair.ts';
import type { LastEvents } from '../cluster/last-events.ts';
import type { Log } from '../telemetry/log.ts';

/** Where the webhook's certificate comes from. */
export interface CertificateSource {
  /** Hands over the pair that there is, as soon as there is one, and each newer one; answers a function that stops it. */
  follow(onPair: (pair: KeyPair) => void): () => void;
  /** Why replicas must not be called yet, in words; empty when nothing is wrong. */
  unready(): readonly string[];
  /** Of what is watched in a cluster for it. */
  lastEventAt?(): LastEvents;
}

/** A pair of files, loaded already and followed while they change. */
export function certificateFromFiles(files: KeyPairFiles, pair: KeyPair, log: Log): CertificateSource {
  return {
    unready: () => [],
    follow(onPair) {
      const expiry = findExpiry(pair, Date.now(), files.certFile);
      if (expiry) log.error({ err: expiry }, 'certificate');
      onPair(pair);
      return watchKeyPair({
        ...files,
        current: pair,
        clock: Date.now,
        onChange: onPair,
        onError: (error) => log.error({ err: error }, 'certificate'),
      });
    },
  };
}
