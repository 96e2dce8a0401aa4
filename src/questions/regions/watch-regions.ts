import { isDeepStrictEqual } from 'node:util';
import type { Environment } from '../../config/read-options.ts';
import { EXIT, type Issues, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note } from '../../terminal/print.ts';
import { printChanges } from '../../terminal/print-changes.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { followClusterRegions } from '../../world/follow-regions.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { type ChosenCluster, findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { readWorldFiles } from '../../world/world-files.ts';
import type { RegionsValues } from './options.ts';
import { type ListedRegion, listRegions, type RegionListing, renderChangedRegions } from './region-listing.ts';

/** Prints the regions of a cluster, and each that changes, until the process is ended or nobody reads. */
export async function watchRegions(values: RegionsValues, env: Environment): Promise<number> {
  const beside = [
    ...(values.check ? ['--check'] : []),
    ...(values.format === undefined ? [] : ['--format']),
    ...(values.config === undefined ? [] : ['--config']),
    ...(values.regions === undefined ? [] : ['--regions']),
  ];
  if (beside.length > 0)
    return reportIssues([
      `--watch: means nothing beside ${beside.join(', ')}: it follows what a cluster's leader writes`,
    ]);
  const cluster = findCluster(values, env);
  if (!cluster)
    return reportIssues([lacksCluster('--watch: follows the Regions of a cluster, and none is named', values)]);
  let failure: Issues | undefined;
  let last: RegionListing | undefined;
  await printChanges(listings(), {
    nameOf: ({ name }) => name,
    isSame: (before, after) => isDeepStrictEqual(timeless(before), timeless(after)),
    render: (changed, all, isFirst) => {
      const policySignal = last?.policySignal ?? values.policySignal;
      const { listOutput: output } = values;
      return renderChangedRegions({ changed, all, policySignal }, { output, width: terminalColumns(env), isFirst });
    },
  });
  return failure ? reportFailure(failure) : EXIT.fine;

  async function* listings(): AsyncGenerator<readonly ListedRegion[]> {
    for await (const listing of followListings(cluster as ChosenCluster, values, env)) {
      if ('issues' in listing) failure = listing;
      else {
        last = listing;
        yield listing.regions;
      }
    }
  }
}

async function* followListings(
  cluster: ChosenCluster,
  values: RegionsValues,
  env: Environment,
): AsyncGenerator<RegionListing | Issues> {
  const { config } = await readWorldFiles({});
  for await (const read of followClusterRegions(cluster, note)) {
    if ('issues' in read) return yield read;
    const loaded = await takeSnapshot({ ...read, config }, values, env);
    for (const failure of loaded.failures) note(failure);
    yield listRegions(loaded);
  }
}

/** Without what changes by itself: its age, and of a fixed value the moment, which is always now. */
function timeless({ ageSeconds: _, measuredAt, ...region }: ListedRegion): object {
  return region.source === 'static' ? region : { ...region, measuredAt };
}
