import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { parseCertificates } from '../certs/parsed-certificate.ts';
import { watchFiles } from '../config/watch-files.ts';
import type { Log } from '../telemetry/log.ts';

/** The authorities whose certificates callers of the webhook must present, as a file holds them. */
export interface ClientCa {
  readonly path: string;
  /** PEM. */
  readonly pem: string;
}

/** Reads `--client-ca`; answers what is wrong with it as a sentence. */
export async function readClientCa(path: string): Promise<ClientCa | { readonly issue: string }> {
  try {
    const pem = await readFile(path, 'utf8');
    const issue = issueOf(path, pem);
    return issue === undefined ? { path, pem } : { issue };
  } catch (error) {
    return { issue: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}` };
  }
}

/** Hands over each newer version of the file; one with mistakes is reported and passed over. */
export function followClientCa({ path, pem }: ClientCa, onChange: (pem: string) => void, log: Log): () => void {
  return watchFiles({
    files: [path],
    known: [pem],
    onChange: ([next = '']) => {
      const issue = issueOf(path, next);
      if (issue !== undefined) throw new Error(issue);
      onChange(next);
      log.info({ path }, 'authorities of callers reloaded');
    },
    onError: (error) => log.error({ path, problem: error.message }, 'file not reloaded; its last good version stays'),
  });
}

function issueOf(path: string, pem: string): string | undefined {
  if (parseCertificates(pem).length === 0) return `${path} holds no PEM certificate`;
  try {
    createSecureContext({ ca: pem });
    return undefined;
  } catch {
    return `${path} holds a certificate that cannot be used`;
  }
}
