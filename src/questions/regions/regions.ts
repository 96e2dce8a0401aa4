import { existsSync } from 'node:fs';
import type { GridgateConfig } from '../../config/config-file.ts';
import type { Environment } from '../../config/read-options.ts';
import { checkLabels } from '../../regions/check-labels.ts';
import { zonesOf } from '../../sources/intensity/read-regions.ts';
import { EXIT, type Issues, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { readConfigOf } from '../../world/cluster-config.ts';
import { readClusterNodePools, readClusterNodes } from '../../world/cluster-regions.ts';
import { createSources } from '../../world/live-sources.ts';
import { type DescribedRegions, describeRegions, loadRegions } from '../../world/load-regions.ts';
import { type ChosenCluster, findCluster } from '../../world/which-cluster.ts';
import { renderUnasked, type SplitSources, splitSources } from './asked-from-here.ts';
import { candidateRegions } from './candidate-regions.ts';
import { checkSources, renderChecks } from './check-sources.ts';
import { missingSecrets, renderMissing } from './missing-secrets.ts';
import type { RegionsValues } from './options.ts';
import { listRegions, renderListing, renderShell } from './region-listing.ts';
import { watchRegions } from './watch-regions.ts';

const OUTPUT_OF_LIST = '--output: wide and name list regions; beside --check give one of table, json, yaml';

/** Prints the ranked truth about all regions, or with `--format shell` those that a runbook can go to: exit code 1 when there is none. */
export async function regions(values: RegionsValues, env: Environment): Promise<number> {
  if (values.watch) return watchRegions(values, env);
  if (values.check) return check(values, env);
  // A runbook or a router does not go to regions that nobody named.
  const loaded = await loadRegions(values, env, values.format === 'shell' ? 'mistake' : 'averages');
  if ('issues' in loaded) return reportFailure(loaded);
  for (const failure of loaded.failures) note(failure);
  if (values.format === 'shell') {
    const { candidates, leftOut } = candidateRegions(loaded.snapshot);
    for (const { name, why } of leftOut) note(`${name} is left out: ${why}`);
    if (candidates.length === 0) note('no region is left to go to');
    await print(renderShell(candidates));
    return candidates.length === 0 ? EXIT.findings : EXIT.fine;
  }
  const listing = listRegions(loaded);
  await print(renderListing(listing, { output: values.listOutput, width: terminalColumns(env) }));
  return EXIT.fine;
}

/**
 * Tries every configured source for every region and, in a cluster, holds the labels of its nodes against its Regions; exit code 3
 * when none that was asked works for any of them, 1 when labels and Regions do not fit. Where no gridgate.yaml is named, the cluster's
 * own counts, of which only what can do the caller no harm is asked from here.
 */
async function check(values: RegionsValues, env: Environment): Promise<number> {
  const { listOutput: output } = values;
  if (output === 'wide' || output === 'name') return reportIssues([OUTPUT_OF_LIST]);
  const described = await describeRegions(values, env, 'averages');
  if ('issues' in described) return reportFailure(described);
  const { invalid = [] } = described;
  const cluster = findCluster(values, env);
  const chosen = await chooseSources(described.config, cluster, values);
  if ('issues' in chosen) return reportFailure(chosen);
  const { asked, unasked } = chosen;
  const sources = createSources(asked, env);
  const missing = missingSecrets(asked, env, existsSync);
  const misfits = cluster && (await readMisfits(cluster, described, values));
  if (misfits && 'issues' in misfits) return reportFailure(misfits);
  const labels = misfits && [...invalid, ...misfits];
  const regions = described.regions.map(zonesOf);
  const checks = await checkSources(sources, { regions, policySignal: values.policySignal, clock: Date.now });
  if (sources.length === 0 && !cluster)
    note('no source is configured (--config): regions have fixed values or yearly averages');
  const found = { version: 'v1', sources: checks, missing, unasked, ...(labels && { labels }) };
  const forPeople = () => renderMissing(missing) + renderUnasked(unasked) + renderChecks(checks) + renderLabels(labels);
  await print(output === 'table' ? forPeople() : renderData(found, output));
  if (sources.length > 0 && !checks.some(({ works }) => works)) return EXIT.upstream;
  return labels?.length ? EXIT.findings : EXIT.fine;
}

/** Where the labels of the cluster's nodes and its Regions do not fit together. */
async function readMisfits(
  cluster: ChosenCluster,
  { regions }: DescribedRegions,
  { regionLabel }: RegionsValues,
): Promise<readonly string[] | Issues> {
  const nodes = await readClusterNodes(cluster, regionLabel);
  if ('issues' in nodes) return nodes;
  return checkLabels(regions, nodes.value, regionLabel, await readClusterNodePools(cluster));
}

async function chooseSources(
  { sources }: GridgateConfig,
  cluster: ChosenCluster | undefined,
  { config: path, systemNamespace }: RegionsValues,
): Promise<SplitSources | Issues> {
  const described = { asked: sources, unasked: [] };
  if (path !== undefined || !cluster) return described;
  const read = await readConfigOf(cluster, systemNamespace);
  if ('issues' in read) for (const issue of read.issues) note(issue);
  const own = 'value' in read ? read.value : undefined;
  if (!own) return described;
  return 'issues' in own ? own : splitSources(own.config.sources);
}

function renderLabels(labels: readonly string[] | undefined): string {
  if (labels?.length === 0) return 'works  labels of nodes and Regions fit together\n';
  return (labels ?? []).map((sentence) => `FAILS  ${sentence}\n`).join('');
}
