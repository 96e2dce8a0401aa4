import type { Environment } from '../../config/read-options.ts';
import { type Intensity, LEAST_GRAMS_PER_KWH, type WeighedRegion, weighRegions } from '../../regions/weigh-regions.ts';
import { EXIT, type Issues, reportFailure } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { renderTable } from '../../terminal/render-table.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { compareText } from '../../units/compare-text.ts';
import { gramsOfPounds } from '../../units/pounds-per-mwh.ts';
import { checkRegionSource, loadRegions } from '../../world/load-regions.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { type CandidateRegions, candidateRegions } from './candidate-regions.ts';
import type { WeightsValues } from './options.ts';

const NOTHING_GIVEN =
  '--regions (GRIDGATE_REGIONS): is missing; give a file of Region resources, or --lbs-per-mwh (GRIDGATE_LBS_PER_MWH) instead. For the Regions of a cluster';

/** What `gridgate weights` prints as YAML or JSON. Within `v1` fields are added, never taken away or changed. */
export interface WeightsListing {
  readonly version: 'v1';
  /** Cleanest first. */
  readonly regions: readonly WeighedRegion[];
}

/** Prints each region's share of all intensity and its weight for placement; exit code 1 when no region is left. */
export async function weights(values: WeightsValues, env: Environment): Promise<number> {
  const loaded = await loadCandidates(values, env);
  if ('issues' in loaded) return reportFailure(loaded);
  const { candidates, leftOut } = loaded;
  for (const { name, why } of leftOut) note(`${name} is left out: ${why}`);
  for (const { name, gramsPerKwh } of candidates)
    if (gramsPerKwh < LEAST_GRAMS_PER_KWH)
      note(`${name} is at ${gramsPerKwh} gCO2e/kWh, which weighs as ${LEAST_GRAMS_PER_KWH}`);
  if (candidates.length === 0) note('no region is left to weigh');
  await print(render({ version: 'v1', regions: weighRegions(candidates) }, values.output, terminalColumns(env)));
  return candidates.length === 0 ? EXIT.findings : EXIT.fine;
}

/** The mistakes of where intensities come from, for a command line that has other mistakes too. */
export async function checkWeights(values: Partial<WeightsValues>, env: Environment): Promise<readonly string[]> {
  if (values.regions !== undefined) return checkRegionSource(values);
  const nothingGiven = 'regions' in values && 'lbsPerMwh' in values && values.lbsPerMwh === undefined;
  return nothingGiven && !findCluster(values, env) ? [lacksCluster(NOTHING_GIVEN, values)] : [];
}

async function loadCandidates(values: WeightsValues, env: Environment): Promise<CandidateRegions | Issues> {
  const given = [...(values.lbsPerMwh ?? [])].map(([name, lbsPerMwh]) => ({
    name,
    gramsPerKwh: gramsOfPounds(lbsPerMwh),
  }));
  const isUnsaid = values.regions === undefined && values.kubeconfig === undefined;
  // What stands on the command line is enough: nobody's default cluster is asked.
  if (isUnsaid && given.length > 0) return { candidates: cleanestOf(given), leftOut: [] };
  if (isUnsaid && !findCluster(values, env)) return { issues: [lacksCluster(NOTHING_GIVEN, values)] };
  const loaded = await loadRegions(values, env);
  if ('issues' in loaded) return loaded;
  for (const failure of loaded.failures) note(failure);
  const read = candidateRegions(loaded.snapshot);
  const twice = given.filter(({ name }) => loaded.snapshot.byName.has(name));
  if (twice.length > 0)
    return {
      issues: twice.map(
        ({ name }) => `--lbs-per-mwh: ${JSON.stringify(name)} is in ${values.regions ?? 'the cluster'} too`,
      ),
    };
  return { ...read, candidates: cleanestOf([...read.candidates, ...given]) };
}

function cleanestOf(regions: readonly Intensity[]): readonly Intensity[] {
  return [...regions].sort((a, b) => a.gramsPerKwh - b.gramsPerKwh || compareText(a.name, b.name));
}

function render(listing: WeightsListing, output: WeightsValues['output'] = 'yaml', width: number): string {
  return output === 'table' ? renderWeights(listing, width) : renderData(listing, output);
}

function renderWeights({ regions }: WeightsListing, width: number): string {
  return renderTable(
    [
      { title: 'NAME', givesWay: 1, cell: ({ name }) => name },
      { title: 'gCO2/kWh', align: 'right', cell: ({ gramsPerKwh }) => gramsPerKwh.toFixed(2) },
      { title: 'INTENSITY SHARE', align: 'right', cell: ({ intensityShare }) => intensityShare.toFixed(3) },
      { title: 'PLACEMENT WEIGHT', align: 'right', cell: ({ placementWeight }) => placementWeight.toFixed(3) },
    ],
    regions,
    width,
  );
}
