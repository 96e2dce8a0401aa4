import { parse } from 'yaml';
import { z } from 'zod';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import type { Signal } from '../../regions/reading.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { sayWhatIsDue } from '../../units/shape-words.ts';
import type { SourceDeps } from '../asking/get-json.ts';
import { codeInWords, SourceError } from '../asking/source-error.ts';
import { instant } from './series.ts';
import type { IntensitySource } from './source.ts';

interface FileOptions {
  /** The whole text, JSON or YAML: a map from zones to gCO2e/kWh, or to `{gramsPerKwh, measuredAt}`. */
  readonly read: () => Promise<string>;
  /** What the values count. */
  readonly signal: Signal;
  /** How long one value lasts, milliseconds; by default an hour. */
  readonly stepMs?: number;
}

interface Entry {
  readonly gramsPerKwh: number;
  readonly measuredAt?: number | undefined;
}

const entry: z.ZodType<Entry | undefined> = z.union([
  z.number().transform((gramsPerKwh) => ({ gramsPerKwh })),
  z.strictObject({ gramsPerKwh: z.number(), measuredAt: instant.optional() }),
  /** Nothing is known of the zone, or not now. */
  z.null().transform(() => undefined),
]);
/** Entries are checked one at a time: a mistake in one zone does not cost the others. */
const zones = z.record(z.string(), z.unknown());

const MAX_ALIASES = 100;

/** A file that something else keeps up to date. A zone is the grid zone, or the region's name where none is known. */
export function createFile(options: FileOptions, { clock }: Pick<SourceDeps, 'clock'>): IntensitySource {
  const { read, signal, stepMs = HOUR_MS } = options;

  return {
    name: 'file',
    keptMs: 0, // whoever writes it expects it to count; looking again costs nothing

    zoneOf: (region) => gridZoneOf(region) ?? region.name,

    async current(zone) {
      const all = shaped(zones, parseYaml(await readText(read)), []);
      const found = Object.hasOwn(all, zone) && shaped(entry, all[zone], [zone]);
      if (!found) throw new SourceError('not_covered', `the file has nothing for ${zone}`);
      // A value without a time is meant to hold for as long as it stands there.
      const { gramsPerKwh, measuredAt = clock() } = found;
      return { gramsPerKwh, signal, measuredAt, stepMs, estimated: false };
    },
  };
}

async function readText(read: FileOptions['read']): Promise<string> {
  try {
    return await read();
  } catch (error) {
    throw new SourceError('unavailable', `the file cannot be read${codeInWords(error)}`, { cause: error });
  }
}

function shaped<T>(schema: z.ZodType<T>, value: unknown, path: readonly string[]): T {
  const parsed = schema.safeParse(value, { error: sayWhatIsDue });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = [...path, ...(issue?.path ?? [])].join('.') || 'it';
  throw new SourceError('malformed', `the file has another shape: ${where}: ${issue?.message}`);
}

/** YAML 1.2, unlike the manifests': in 1.1, Norway's zone `NO` would be a boolean. JSON is YAML as well. */
function parseYaml(text: string): unknown {
  try {
    return parse(text, {
      version: '1.2',
      prettyErrors: false,
      logLevel: 'error',
      maxAliasCount: MAX_ALIASES,
    }) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : '';
    throw new SourceError('malformed', `the file is neither YAML nor JSON: ${why}`);
  }
}
