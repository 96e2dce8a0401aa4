import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../cluster/api-client.ts';
import { createApiWriter } from '../../cluster/api-writer.ts';
import { REGIONS_PATH } from '../../cluster/regions.ts';
import type { Environment } from '../../config/read-options.ts';
import { quoted } from '../../decision/policy-annotations.ts';
import { hintFor } from '../../decision/unknown-names.ts';
import { MANUAL } from '../../regions/outage-by-hand.ts';
import { EXIT, type Issues, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { printChanges } from '../../terminal/print-changes.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { readClusterRegions } from '../../world/cluster-regions.ts';
import { followClusterRegions } from '../../world/follow-regions.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { type ChosenCluster, findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { OUTAGE_ACTIONS, type OutageAction, type OutageValues } from './options.ts';
import {
  forcedUpNotes,
  type ListedOutage,
  listOutages,
  type OutageLayout,
  renderChangedOutages,
  renderOutages,
} from './outage-listing.ts';

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
  const [action, named] = words;
  const region = named === undefined ? undefined : withoutType(named);
  const asked = readAsked(action, region, values);
  if ('issues' in asked) return reportIssues(asked.issues);
  const cluster = findCluster(values, env);
  if (!cluster) return reportIssues([lacksCluster('outage: Regions are in a cluster, and none is named', values)]);
  if (asked.action !== 'list') return change(cluster, asked);
  const layout = { output: values.namedOutput, width: terminalColumns(env) };
  return values.watch ? watch(cluster, layout) : list(cluster, layout);
}

/** kubectl's ways to name a Region: `eu-west-1`, `region/eu-west-1`, `regions.gridgate.dev/eu-west-1`. */
function withoutType(name: string): string {
  return name.replace(/^regions?(\.gridgate\.dev)?\//, '');
}

async function change(cluster: ChosenCluster, asked: AskedChange): Promise<number> {
  const read = await readClusterRegions(cluster);
  if ('issues' in read) return reportFailure(read);
  const names = read.regions.map(({ metadata }) => metadata.name);
  const before = read.regions.find(({ metadata }) => metadata.name === asked.region);
  if (!before) {
    const what = `this cluster has no Region ${quoted(asked.region)}`;
    return reportIssues([`outage: ${what}${hintFor(asked.region, { names })}`]);
  }
  const written = await writeOutage(cluster, asked.region, asked.outage);
  if ('issues' in written) return reportFailure(written);
  const changed = { ...before, spec: { ...before.spec, outage: asked.outage ?? undefined } };
  const [after] = listOutages([changed], Date.now()).regions;
  const isNoLongerForced = before.spec.outage?.active === false && asked.action === 'clear';
  if (after) await print(`${isNoLongerForced ? countsAgain(asked.region) : describe(after)}\n`);
  return EXIT.fine;
}

async function list(cluster: ChosenCluster, layout: OutageLayout): Promise<number> {
  const read = await readClusterRegions(cluster);
  if ('issues' in read) return reportFailure(read);
  const listing = listOutages(read.regions, Date.now());
  for (const sentence of [...read.invalid, ...forcedUpNotes(listing)]) note(sentence);
  await print(renderOutages(listing, layout));
  return EXIT.fine;
}

/** The same, and each region whose state changes, until the process is ended or nobody reads. */
async function watch(cluster: ChosenCluster, layout: OutageLayout): Promise<number> {
  let failure: Issues | undefined;
  await printChanges(listings(), {
    nameOf: ({ region }) => region,
    isSame: isDeepStrictEqual,
    render: (changed, all, isFirst) => renderChangedOutages(changed, all, { ...layout, isFirst }),
  });
  return failure ? reportFailure(failure) : EXIT.fine;

  async function* listings(): AsyncGenerator<readonly ListedOutage[]> {
    for await (const read of followClusterRegions(cluster, note)) {
      if ('issues' in read) failure = read;
      else yield listOutages(read.regions, Date.now()).regions;
    }
  }
}

async function writeOutage(cluster: ChosenCluster, region: string, outage: ManualOutage | null) {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  const write = () => patchOutage(api, region, outage);
  return readFromCluster(`Region ${region}`, write, undefined, 'write').finally(api.close);
}

interface ManualOutage {
  readonly active: true;
  readonly reason: string;
  readonly until?: string;
}

type Asked = { readonly action: 'list' } | AskedChange;

type AskedChange =
  | { readonly action: 'set'; readonly region: string; readonly outage: ManualOutage }
  | { readonly action: 'clear'; readonly region: string; readonly outage: null };

function readAsked(
  action: string | undefined,
  region: string | undefined,
  { reason, until, watch }: OutageValues,
): Asked | { readonly issues: readonly string[] } {
  const known = OUTAGE_ACTIONS.find((one) => one === action);
  if (!known) return { issues: [`outage: ${JSON.stringify(action ?? '')} is none of ${OUTAGE_ACTIONS.join(', ')}`] };
  const issues = mistakesIn(known, region, { reason, until, watch });
  if (issues.length > 0) return { issues };
  if (known === 'list' || region === undefined) return { action: 'list' };
  if (known === 'clear') return { action: 'clear', region, outage: null };
  const end = until === undefined ? {} : { until: new Date(until).toISOString() };
  return { action: 'set', region, outage: { active: true, reason: reason ?? '', ...end } };
}

function mistakesIn(
  action: OutageAction,
  region: string | undefined,
  { reason, until, watch }: Pick<OutageValues, 'reason' | 'until' | 'watch'>,
): readonly string[] {
  const unasked =
    action !== 'set' && (reason ?? until) !== undefined ? [`outage ${action} takes no --reason and no --until`] : [];
  if (action === 'list')
    return [...(region === undefined ? [] : ['outage list takes no region: it lists them all']), ...unasked];
  return [
    ...(watch ? [`outage ${action} takes no --watch: outage list does`] : []),
    ...(region === undefined ? [`outage ${action} needs a region: gridgate outage ${action} REGION`] : []),
    ...(action === 'set' && reason === undefined
      ? ['outage set needs --reason: what others read when their pods are refused']
      : []),
    ...(action === 'set' && until !== undefined && until <= Date.now()
      ? [`--until: ${new Date(until).toISOString()} is past: that outage would be over already`]
      : []),
    ...unasked,
  ];
}

/** The whole of it is replaced: an end that was set before must not outlive a new reason. */
async function patchOutage(api: ApiClient, region: string, outage: ManualOutage | null): Promise<void> {
  const writer = createApiWriter({ api, mayWrite: () => {} });
  const spec = { outage: outage && { ...outage, until: outage.until ?? null } };
  await writer.mergePatch(`${REGIONS_PATH}/${region}`, { spec }, { fieldManager: FIELD_MANAGER });
}

/** What they said meanwhile stands nowhere. */
function countsAgain(region: string): string {
  return `${region} is no longer forced up: its automatic sources count again, and what they say shows within a minute (gridgate outage list)`;
}

function describe({ region, state, sources, reason, until }: ListedOutage): string {
  if (state !== 'down') return `${region} is up: nobody calls it down`;
  const end = until === null ? '' : ` until ${until}`;
  const others = sources.filter((source) => source !== MANUAL);
  if (sources.includes(MANUAL)) return `${region} is down${end}, by hand: ${reason}`;
  return `${region} is no longer down by hand, but ${others.join(', ')} still says so${reason === null ? '' : `: ${reason}`}`;
}
