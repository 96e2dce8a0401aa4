import { readConfig, writeConfig } from '../config/config-file.ts';
import { longFlag, type Option } from '../config/option.ts';
import { OPTIONS, type OptionKey, type OutputFormat } from '../config/options.ts';
import { parseShortDuration } from '../config/parsers.ts';
import type { Origins } from '../config/read-options.ts';
import { BUILT_IN_DEFAULTS } from '../decision/policy.ts';
import type { BandMode } from '../regions/band.ts';
import { applyOptions } from '../replica/live-config.ts';
import { EXIT, reportIssues } from '../terminal/exit-codes.ts';
import { print } from '../terminal/print.ts';
import { renderData } from '../terminal/render-data.ts';
import { formatDuration } from '../units/duration.ts';

/** Options that say what to print, not how to serve. */
const OF_PRINTING: ReadonlySet<OptionKey> = new Set(['printConfig', 'output']);

export interface Printed {
  readonly values: Readonly<Partial<Record<OptionKey, unknown>>> & {
    readonly config?: string | undefined;
    readonly output?: OutputFormat | undefined;
    readonly bands?: BandMode | undefined;
    readonly taintNodes?: boolean | undefined;
  };
  readonly origins: Origins;
}

/**
 * Prints the effective configuration: every option with where it came from, and gridgate.yaml with its defaults filled
 * in. Secrets are never in either, only where they are. Exit code 2 when the file holds mistakes.
 */
export async function printConfig({ values, origins }: Printed): Promise<number> {
  const read = await readConfig(values.config);
  if ('issues' in read) return reportIssues(read.issues);
  const { policy, ...sections } = writeConfig(applyOptions(read.config, values));
  const shown = {
    options: optionsOf({ values, origins }),
    file: { ...sections, policy: { ...BUILT_IN_DEFAULTS, ...policy, ...homeRegionOf(values) } },
  };
  await print(renderData(shown, values.output === 'json' ? 'json' : 'yaml'));
  return EXIT.fine;
}

function optionsOf({ values, origins }: Printed): Readonly<Record<string, unknown>> {
  const keys = Object.keys(values) as OptionKey[];
  return Object.fromEntries(
    keys
      .filter((key) => !OF_PRINTING.has(key))
      .map((key) => {
        const option: Option<unknown> = OPTIONS[key];
        const value = asWritten(option, values[key]);
        return [longFlag(option.flags).slice(2), { value, from: origins[key] ?? 'default' }];
      }),
  );
}

/** The option counts before the file. */
function homeRegionOf({ defaultRegion }: Printed['values']): Readonly<Record<string, unknown>> {
  return defaultRegion === undefined ? {} : { 'home-region': defaultRegion };
}

/** What an option is, as it would be written; what happens without it, where it has no value. */
function asWritten({ parse, defaultText }: Option<unknown>, value: unknown): unknown {
  if (value === undefined) return defaultText === undefined ? null : `(${defaultText})`;
  return parse === (parseShortDuration as unknown) ? formatDuration(value as number) : value;
}
