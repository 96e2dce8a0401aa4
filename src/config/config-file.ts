import { z } from 'zod';
import { describeReadFailure, nameOfInput, readText } from '../documents/read-text.ts';
import { BAND_MODES, BAND_THRESHOLDS } from '../regions/band.ts';
import { MAX_GRAMS_PER_KWH, SIGNALS } from '../regions/reading.ts';
import { budgetConfig } from './budget-config.ts';
import { readChecked } from './checked-document.ts';
import { secret, sourceList, text, url } from './config-fields.ts';
import { groupKind, nodeKeys, toNodeRules, writeNodeRules } from './node-config.ts';
import { outageConfig } from './outage-config.ts';
import { overlayConfig } from './overlay-config.ts';
import { findContradictions, limitsConfig, policyConfig } from './policy-config.ts';

/** For sources whose rows do not say what they count. */
const signal = z
  .enum(SIGNALS)
  .describe('What its values count: average over lifecycle, average of direct emissions, or marginal.');

const sourceConfig = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('electricity-maps'),
      token: secret.optional(),
      tokens: z.record(text, secret).optional().describe('For plans of one zone a token: secrets by grid zone.'),
      signal: z
        .enum(['average-lifecycle', 'average-direct'])
        .optional()
        .describe('Which emission factors are asked for; average-lifecycle where it is left out.'),
      disableEstimations: z
        .boolean()
        .optional()
        .describe('Takes measured values alone, none that the provider estimates.'),
      url: url.optional(),
    })
    .refine(({ token, tokens }) => token || tokens, 'needs token or tokens')
    .describe('Electricity Maps; needs token or tokens.'),
  z
    .strictObject({ type: z.literal('watttime'), username: secret, password: secret, url: url.optional() })
    .describe('WattTime: marginal emissions.'),
  z
    .strictObject({ type: z.literal('uk-carbon-intensity'), url: url.optional() })
    .describe('The Carbon Intensity API of Great Britain: average, direct emissions; needs no account.'),
  z.strictObject({ type: z.literal('carbon-aware-sdk'), url, signal }).describe('A Carbon Aware SDK web API.'),
  z
    .strictObject({
      type: z.literal('prometheus'),
      url,
      query: text.describe('PromQL of gCO2e/kWh, with {{zone}} or {{region}} where their name belongs.'),
      signal,
      token: secret.optional(),
    })
    .describe('A Prometheus that knows intensities.'),
  z
    .strictObject({
      type: z.literal('file'),
      path: text.describe('Path of the file; a change counts within a minute.'),
      signal,
    })
    .describe('A file of intensities, JSON or YAML: gCO2e/kWh by grid zone.'),
]);

const grams = z.number().positive().max(MAX_GRAMS_PER_KWH).describe('gCO2e/kWh.');
const deferConfig = z
  .strictObject({
    kinds: z
      .array(groupKind)
      .max(100)
      .default([])
      .describe(
        'Kinds whose pods may wait for cleaner hours as those of batch/Job do, as group/Kind; never kinds that serve.',
      ),
  })
  .prefault({})
  .describe('Who may wait beside Jobs and bare pods, in namespaces with gridgate.dev/defer.');

const bandsConfig = z
  .strictObject({
    mode: z
      .enum(BAND_MODES)
      .default('absolute')
      .describe(
        "absolute: the thresholds for all. relative: a measured region's own 25th and 75th percentile of its last 7 days, once 24 hours are known; until then, for fixed values and for yearly averages, the thresholds. The option --bands counts before it.",
      ),
    thresholds: z
      .tuple([grams, grams])
      .refine(([low, high]) => low <= high, 'the first must not be above the second')
      .default([...BAND_THRESHOLDS])
      .describe('gCO2e/kWh: low ends at the first, high begins above the second.'),
  })
  .prefault({})
  .describe('When the electricity of a region is low, medium or high in carbon.');

/** What `gridgate.yaml` holds. `manifests/gridgate.schema.json` is made of it (`npm run schema`), descriptions included. */
export const gridgateConfig = z
  .strictObject({
    sources: sourceList(sourceConfig).describe(
      'Sources of intensities, tried in this order; without any, a region without its own value has the yearly average of its grid zone.',
    ),
    outage: outageConfig,
    bands: bandsConfig,
    policy: policyConfig,
    limits: limitsConfig,
    ...nodeKeys,
    defer: deferConfig,
    overlays: overlayConfig,
    budgets: budgetConfig,
  })
  .superRefine(({ policy, limits }, context) => {
    for (const { name, message } of findContradictions(policy, limits))
      context.addIssue({ code: 'custom', path: ['policy', name], message });
  })
  .transform(({ sources, outage, bands, policy, limits, ...keys }) => ({
    sources,
    outage,
    bands,
    policy,
    limits,
    daemonOwners: keys['daemon-owners'],
    defer: keys.defer,
    overlays: keys.overlays,
    budgets: keys.budgets,
    nodes: toNodeRules(keys),
  }));

export type GridgateConfig = z.infer<typeof gridgateConfig>;
export type SourceConfig = GridgateConfig['sources'][number];
export type Secret = z.infer<typeof secret>;

/** With the text as read, to watch the file for changes. */
export type ConfigRead =
  | { readonly config: GridgateConfig; readonly text?: string }
  | { readonly issues: readonly string[] };

/** What an empty file, or none, says. */
export const DEFAULT_CONFIG: GridgateConfig = gridgateConfig.parse({});

/** The configuration as a file says it that means the same. */
export function writeConfig({ daemonOwners, nodes, ...sections }: GridgateConfig) {
  return {
    ...sections,
    'daemon-owners': daemonOwners,
    ...writeNodeRules(nodes),
  };
}

/**
 * What `gridgate.yaml` says; without a path, and where a file that may be absent is, what an empty one says. Every mistake names
 * the file, the line and the path.
 */
export async function readConfig(path: string | undefined, { mayBeAbsent = false } = {}): Promise<ConfigRead> {
  if (path === undefined) return { config: DEFAULT_CONFIG };
  try {
    const text = await readText(path);
    const read = parseConfigText(text, nameOfInput(path));
    return 'config' in read ? { ...read, text } : read;
  } catch (error) {
    if (mayBeAbsent && (error as NodeJS.ErrnoException).code === 'ENOENT') return { config: DEFAULT_CONFIG, text: '' };
    return { issues: [describeReadFailure(nameOfInput(path), error)] };
  }
}

/** Parses text that was read already, as a watch hands it over. */
export function parseConfigText(text: string, path: string): ConfigRead {
  const read = readChecked(text, path, { schema: gridgateConfig });
  return 'value' in read ? { config: read.value } : read;
}
