import { readFile } from 'node:fs/promises';
import type { Secret, SourceConfig } from '../config/config-file.ts';
import type { Environment } from '../config/read-options.ts';
import type { SecretReader } from '../sources/asking/read-secret.ts';
import type { SourceDeps } from '../sources/asking/source-deps.ts';
import { createCarbonAwareSdk } from '../sources/intensity/carbon-aware-sdk.ts';
import { createElectricityMaps } from '../sources/intensity/electricity-maps.ts';
import { createFile } from '../sources/intensity/file.ts';
import { createPrometheus } from '../sources/intensity/prometheus.ts';
import type { IntensitySource } from '../sources/intensity/source.ts';
import { createUkCarbonIntensity } from '../sources/intensity/uk-carbon-intensity.ts';
import { createWattTime } from '../sources/intensity/watttime.ts';

/** The configured sources of intensities, in their order; secrets are read anew for each request. */
export function createSources(configs: readonly SourceConfig[], env: Environment): readonly IntensitySource[] {
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  const secretOf = (secret: Secret) => secretReader(secret, env);
  return configs.map((config) => createSource(config, deps, secretOf));
}

function createSource(
  config: SourceConfig,
  deps: SourceDeps,
  secretOf: (secret: Secret) => SecretReader,
): IntensitySource {
  switch (config.type) {
    case 'electricity-maps': {
      const { url, token, tokens = {}, signal, disableEstimations = false } = config;
      const zoneTokens = new Map(Object.entries(tokens).map(([zone, secret]) => [zone, secretOf(secret)]));
      return createElectricityMaps(
        {
          ...at(url),
          ...(token && { token: secretOf(token) }),
          zoneTokens,
          ...(signal && { signal }),
          disableEstimations,
        },
        deps,
      );
    }
    case 'watttime': {
      const { url, username, password } = config;
      return createWattTime({ ...at(url), username: secretOf(username), password: secretOf(password) }, deps);
    }
    case 'uk-carbon-intensity':
      return createUkCarbonIntensity(at(config.url), deps);
    case 'carbon-aware-sdk':
      return createCarbonAwareSdk({ baseUrl: config.url, signal: config.signal }, deps);
    case 'prometheus': {
      const { url, query, signal, token } = config;
      return createPrometheus({ baseUrl: url, query, signal, ...(token && { token: secretOf(token) }) }, deps);
    }
    case 'file':
      return createFile({ read: () => readFile(config.path, 'utf8'), signal: config.signal }, deps);
  }
}

function at(url: string | undefined): { readonly baseUrl?: string } {
  return url === undefined ? {} : { baseUrl: url };
}

/** Reads a secret from where it is, anew each time. */
export function secretReader(secret: Secret, env: Environment): SecretReader {
  if ('file' in secret) return () => readFile(secret.file, 'utf8');
  return async () => env[secret.env] ?? '';
}
