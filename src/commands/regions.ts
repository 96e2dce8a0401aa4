import { stringify } from 'yaml';
import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import { candidateRegions } from './candidate-regions.ts';
import { checkSources, renderChecks } from './check-sources.ts';
import { EXIT, reportIssues } from './exit-codes.ts';
import { zonesOf } from './live-readings.ts';
import { describeRegions, loadRegions, REGION_SOURCE_OPTIONS } from './load-regions.ts';
import { note, print } from './print.ts';
import { listRegions, renderListing, renderShell } from './region-listing.ts';

export const REGIONS_OPTIONS = [...REGION_SOURCE_OPTIONS, 'check', 'output', 'format'] as const;

type RegionsValues = OptionValues<(typeof REGIONS_OPTIONS)[number]>;

/** Prints the ranked truth about all regions, or with `--format shell` those that a runbook can go to: exit code 1 when there is none. */
export async function regions(values: RegionsValues, env: Environment): Promise<number> {
  if (values.check) return check(values, env);
  const loaded = await loadRegions(values, env);
  if ('issues' in loaded) return reportIssues(loaded.issues);
  for (const failure of loaded.failures) note(failure);
  if (values.format === 'shell') {
    const { candidates, leftOut } = candidateRegions(loaded.snapshot);
    for (const { name, why } of leftOut) note(`${name} is left out: ${why}`);
    if (candidates.length === 0) note('no region is left to go to');
    await print(renderShell(candidates));
    return candidates.length === 0 ? EXIT.findings : EXIT.fine;
  }
  const listing = listRegions(loaded);
  await print(render(listing, values.output, () => renderListing(listing)));
  return EXIT.fine;
}

/** Tries every configured source once; exit code 3 when none works. */
async function check(values: RegionsValues, env: Environment): Promise<number> {
  const described = await describeRegions(values, env);
  if ('issues' in described) return reportIssues(described.issues);
  const { sources } = described;
  const regions = described.regions.map(zonesOf);
  const checks = await checkSources(sources, { regions, policySignal: values.policySignal, clock: Date.now });
  if (sources.length === 0) note('no source is configured (--config): regions have fixed values or yearly averages');
  await print(render({ version: 'v1', sources: checks }, values.output, () => renderChecks(checks)));
  return sources.length === 0 || checks.some(({ works }) => works) ? EXIT.fine : EXIT.upstream;
}

function render(data: object, output: RegionsValues['output'], renderForPeople: () => string): string {
  if (output === undefined || output === 'table') return renderForPeople();
  return output === 'json' ? `${JSON.stringify(data, null, 2)}\n` : stringify(data);
}
