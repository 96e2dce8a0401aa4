import type { SourceConfig } from '../../config/config-file.ts';
import type { Environment } from '../../config/read-options.ts';
import { type NamedSecret, secretsOfSources } from '../../config/secrets-of.ts';

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

/** A line for each; what the configuration of a cluster names is in its pods, perhaps. */
export function renderMissing(missing: readonly NamedSecret[], isOfCluster: boolean): string {
  const hint = isOfCluster ? '; `gridgate check` says whether its pods have it' : '';
  return missing.map((one) => `FAILS  ${describe(one)}${hint}\n`).join('');
}

function describe({ source, field, where }: NamedSecret): string {
  return 'env' in where
    ? `${source}: its ${field} is the variable ${where.env}, which is not set here`
    : `${source}: its ${field} is the file ${where.file}, which is not here`;
}
