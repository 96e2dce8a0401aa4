import type { ApiClient } from '../../cluster/api-client.ts';
import { createApiWriter } from '../../cluster/api-writer.ts';
import { REGIONS_PATH } from '../../cluster/regions.ts';
import type { Environment } from '../../config/read-options.ts';
import { nearestKey } from '../../decision/policy-annotations.ts';
import { EXIT, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { readClusterRegions } from '../../world/cluster-regions.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { OUTAGE_ACTIONS, type OutageAction, type OutageValues } from './options.ts';
import { forcedUpNotes, type ListedOutage, listOutages, renderOutages } from './outage-listing.ts';

const FIELD_MANAGER = 'gridgate-outage';

/**
 * Writes what an incident needs into `spec.outage` of a Region, or lists who calls which region down.
 *
 * | action | spec.outage                           | afterwards                       |
 * | ------ | ------------------------------------- | -------------------------------- |
 * | set    | `active: true`, the reason, the end   | down, whatever sources say       |
 * | clear  | gone, an `active: false` too          | as the automatic sources say     |
 */
export async function outage(values: OutageValues, env: Environment, words: readonly string[]): Promise<number> {
  const [action, region] = words;
  const asked = readAsked(action, region, values);
  if ('issues' in asked) return reportIssues(asked.issues);
  const cluster = findCluster(values, env);
  if (!cluster) return reportIssues([lacksCluster('outage: Regions are in a cluster, and none is named', values)]);
  const read = await readClusterRegions(cluster);
  if ('issues' in read) return reportFailure(read);
  if (asked.action === 'list') {
    const listing = listOutages(read.regions, Date.now());
    for (const sentence of [...read.invalid, ...forcedUpNotes(listing)]) note(sentence);
    const output = values.output ?? 'table';
    await print(output === 'table' ? renderOutages(listing, terminalColumns(env)) : renderData(listing, output));
    return EXIT.fine;
  }
  const names = read.regions.map(({ metadata }) => metadata.name);
  if (!names.includes(asked.region)) return reportIssues([`outage: ${unknownRegion(asked.region, names)}`]);
  const opened = await openCluster(cluster);
  if ('issues' in opened) return reportFailure(opened);
  const { api } = opened;
  const written = await readFromCluster(
    `Region ${asked.region}`,
    () => patchOutage(api, asked.region, asked.outage),
    undefined,
    'write',
  ).finally(api.close);
  if ('issues' in written) return reportFailure(written);
  const [after] = listOutages(
    read.regions
      .filter(({ metadata }) => metadata.name === asked.region)
      .map((one) => ({ ...one, spec: { ...one.spec, outage: asked.outage ?? undefined } })),
    Date.now(),
  ).regions;
  if (after) await print(`${describe(after)}\n`);
  return EXIT.fine;
}

interface ManualOutage {
  readonly active: true;
  readonly reason: string;
  readonly until?: string;
}

type Asked =
  | { readonly action: 'list' }
  | { readonly action: 'set'; readonly region: string; readonly outage: ManualOutage }
  | { readonly action: 'clear'; readonly region: string; readonly outage: null };

function readAsked(
  action: string | undefined,
  region: string | undefined,
  { reason, until }: OutageValues,
): Asked | { readonly issues: readonly string[] } {
  const known = OUTAGE_ACTIONS.find((one) => one === action);
  if (!known) return { issues: [`outage: ${JSON.stringify(action ?? '')} is none of ${OUTAGE_ACTIONS.join(', ')}`] };
  const issues = mistakesIn(known, region, { reason, until });
  if (issues.length > 0) return { issues };
  if (known === 'list' || region === undefined) return { action: 'list' };
  if (known === 'clear') return { action: 'clear', region, outage: null };
  const end = until === undefined ? {} : { until: new Date(until).toISOString() };
  return { action: 'set', region, outage: { active: true, reason: reason ?? '', ...end } };
}

function mistakesIn(
  action: OutageAction,
  region: string | undefined,
  { reason, until }: Pick<OutageValues, 'reason' | 'until'>,
): readonly string[] {
  if (action === 'list') return region === undefined ? [] : ['outage list takes no region: it lists them all'];
  return [
    ...(region === undefined ? [`outage ${action} needs a region: gridgate outage ${action} REGION`] : []),
    ...(action === 'set' && reason === undefined
      ? ['outage set needs --reason: what others read when their pods are refused']
      : []),
    ...(action === 'set' && until !== undefined && until <= Date.now()
      ? [`--until: ${new Date(until).toISOString()} is past: that outage would be over already`]
      : []),
    ...(action === 'clear' && (reason ?? until) !== undefined ? ['outage clear takes no --reason and no --until'] : []),
  ];
}

function unknownRegion(region: string, known: readonly string[]): string {
  const nearest = nearestKey(region, known);
  const hint = nearest === undefined ? `known: ${known.slice(0, 10).join(', ') || 'none'}` : `did you mean ${nearest}?`;
  return `this cluster has no Region ${JSON.stringify(region)}; ${hint}`;
}

/** The whole of it is replaced: an end that was set before must not outlive a new reason. */
async function patchOutage(api: ApiClient, region: string, outage: ManualOutage | null): Promise<void> {
  const writer = createApiWriter({ api, mayWrite: () => {} });
  const spec = { outage: outage && { ...outage, until: outage.until ?? null } };
  await writer.mergePatch(`${REGIONS_PATH}/${region}`, { spec }, { fieldManager: FIELD_MANAGER });
}

function describe({ region, state, sources, reason, until }: ListedOutage): string {
  if (state !== 'down') return `${region} is up: nobody calls it down`;
  const end = until === null ? '' : ` until ${until}`;
  const others = sources.filter((source) => source !== 'manual');
  if (sources.includes('manual')) return `${region} is down${end}, by hand: ${reason}`;
  return `${region} is no longer down by hand, but ${others.join(', ')} still says so${reason === null ? '' : `: ${reason}`}`;
}
