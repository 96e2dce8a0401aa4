import type { NamedSecret } from '../units/named-secret.ts';
import type { GridgateConfig, Secret, SourceConfig } from './config-file.ts';

/** Where the sources of a configuration have from what they do not say themselves, in its order. */
export function secretsOf({
  sources,
  outage,
  budgets,
}: Pick<GridgateConfig, 'sources' | 'outage' | 'budgets'>): readonly NamedSecret[] {
  const { token } = budgets.energy.prometheus ?? {};
  return [
    ...secretsOfSources(sources),
    ...outage.sources.flatMap((source) => secretsIn(`outage source ${source.type}`, source)),
    ...(token ? [{ source: 'energy source prometheus', field: 'token', where: token }] : []),
  ];
}

/** The same of its sources of intensities alone. */
export function secretsOfSources(sources: readonly SourceConfig[]): readonly NamedSecret[] {
  return sources.flatMap((source) => secretsIn(source.type, source));
}

const FIELDS = ['token', 'username', 'password'] as const;

type Fields = {
  readonly [field in (typeof FIELDS)[number]]?: Secret | undefined;
} & { readonly type: string; readonly tokens?: Readonly<Record<string, Secret>> | undefined; readonly path?: string };

function secretsIn(source: string, fields: Fields): readonly NamedSecret[] {
  const { path, tokens = {} } = fields;
  const named = [
    ...FIELDS.map((field) => [field, fields[field]] as const),
    ...Object.entries(tokens).map(([zone, secret]) => [`tokens.${zone}`, secret] as const),
  ];
  return [
    ...named.flatMap(([field, where]) => (where ? [{ source, field, where }] : [])),
    ...(path === undefined ? [] : [{ source, field: 'path', where: { file: path } }]),
  ];
}
