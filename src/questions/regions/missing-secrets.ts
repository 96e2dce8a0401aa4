import type { SourceConfig } from '../../config/config-file.ts';
import type { Environment } from '../../config/read-options.ts';
import { secretsOfSources } from '../../config/secrets-of.ts';
import { type NamedSecret, tellSecret } from '../../units/named-secret.ts';

/** What sources name and this machine does not have: variables without a value, files that are not there. */
export function missingSecrets(
  sources: readonly SourceConfig[],
  env: Environment,
  isFile: (path: string) => boolean,
): readonly NamedSecret[] {
  return secretsOfSources(sources).filter(({ where }) =>
    'env' in where ? !env[where.env]?.trim() : !isFile(where.file),
  );
}

/** A line for each. */
export function renderMissing(missing: readonly NamedSecret[]): string {
  return missing
    .map((one) => `FAILS  ${tellSecret(one)}, which ${'env' in one.where ? 'is not set' : 'is not'} here\n`)
    .join('');
}
