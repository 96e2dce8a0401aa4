import { readPowerTable } from '../../config/power-table.ts';
import type { Environment, Origins } from '../../config/read-options.ts';
import type { PowerTable } from '../../energy/power-table.ts';
import { EXIT, type Issues, reportFailure } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { openCluster } from '../../world/open-cluster.ts';
import {
  type ChosenCluster,
  findCluster,
  findOwnCluster,
  lacksCluster,
  strayContext,
} from '../../world/which-cluster.ts';
import { readWorldFiles } from '../../world/world-files.ts';
import { askKubelets, createPolicyOf, type KubeletPolicies } from './ask-kubelets.ts';
import { assess, countVersions } from './assess.ts';
import { type FleetNode, isVersion, newestMinorOf } from './fleet-node.ts';
import { describedInCluster, type RegionBook, readIntensitiesOf } from './intensities.ts';
import { measureNodes } from './measure-nodes.ts';
import { STATIC_FACTORS } from './node-power.ts';
import type { PreflightValues } from './options.ts';
import type { PreflightReport } from './preflight-report.ts';
import { type ReadNodes, readLiveNodes, readNodesFile } from './read-nodes.ts';
import { renderPreflight } from './render-preflight.ts';

const NODES_MISSING =
  '--filename (GRIDGATE_FILENAME): is missing; give what `kubectl get nodes -o json` prints. For the nodes of a cluster';
const NODES_TWICE = '--kubeconfig: means nothing beside --filename, which says what the nodes are';

const SELECTOR_OF_FILE =
  '--selector: means nothing beside --filename: give what `kubectl get nodes -l SELECTOR -o json` prints';

const ENDLESS = '--baseline-watts, --static-factor and --power-table: give numbers that no sum is beyond';

/** What files say; nobody was asked yet. */
interface GivenFiles {
  /** Absent where the nodes are those of a cluster. */
  readonly nodes?: ReadNodes;
  readonly staging?: ReadNodes;
  readonly table: PowerTable;
  readonly book: RegionBook;
}

interface Fleet extends KubeletPolicies {
  readonly nodes: readonly FleetNode[];
  readonly book: RegionBook;
}

/** Prints the idle power of the nodes of the target version: exit code 1 where it is too far above the baseline. */
export async function preflight(values: PreflightValues, env: Environment, origins: Origins = {}): Promise<number> {
  const files = await readGivenFiles(values, env, origins);
  if ('issues' in files) return reportFailure(files);
  const fleet = await readFleet(files, values, chooseCluster(values, env));
  if ('issues' in fleet) return reportFailure(fleet);
  for (const text of [...fleet.notes, ...(files.staging?.notes ?? [])]) note(text);
  const { targetVersion, counted } = countedOf(fleet.nodes, values);
  if (targetVersion === undefined || counted.length === 0)
    return reportFailure({ issues: [nothingToCount(fleet.nodes, targetVersion, values.selector)] });
  const [measured, intensities] = await Promise.all([
    measureNodes(values, counted),
    readIntensitiesOf(new Set(counted.flatMap(({ region }) => region ?? [])), fleet.book, values, env),
  ]);
  if ('issues' in measured) return reportFailure(measured);
  for (const text of [...measured.notes, ...intensities.notes]) note(text);
  const factors = new Map([...STATIC_FACTORS, ...(values.staticFactor ?? [])]);
  for (const arch of new Set(counted.map(({ arch }) => arch))) if (!factors.has(arch ?? '')) note(withoutFactor(arch));
  const found = assess({
    nodes: fleet.nodes,
    targetVersion,
    policyOf: createPolicyOf(fleet.told, values.assumePolicy),
    power: { table: files.table, factors, measured: measured.watts },
    baselineWatts: values.baselineWatts,
    maxIncreasePercent: values.maxIncrease,
    intensities: intensities.byRegion,
    staging: files.staging?.nodes,
    now: Date.now(),
  });
  if (!isBounded(found)) return reportFailure({ issues: [ENDLESS] });
  await print(render(found, values.output, terminalColumns(env)));
  return found.verdict === 'IDLE POWER SPIKE' ? EXIT.findings : EXIT.fine;
}

function isBounded({ total, carbon }: PreflightReport): boolean {
  return [total.watts, total.wattsUnderStatic, total.increasePercent, carbon.kgCo2eUnderStatic].every(Number.isFinite);
}

function render(found: PreflightReport, output: PreflightValues['output'], width: number): string {
  return output === 'json' || output === 'yaml' ? renderData(found, output) : renderPreflight(found, width);
}

async function readGivenFiles(
  values: PreflightValues,
  env: Environment,
  origins: Origins,
): Promise<GivenFiles | Issues> {
  const { nodesFile, compare, powerTable, regionLabel } = values;
  const [nodes, staging, table, written] = await Promise.all([
    nodesFile === undefined ? undefined : readNodesFile(nodesFile, regionLabel),
    compare === undefined ? undefined : readNodesFile(compare, regionLabel),
    readPowerTable(powerTable),
    readWorldFiles(values),
  ]);
  const issues = [
    ...checkSource(values, env, origins),
    ...[nodes, staging, table, written].flatMap((read) => (isUnread(read) ? read.issues : [])),
  ];
  if (isUnread(nodes) || isUnread(staging) || isUnread(table) || issues.length > 0) return { issues };
  const book = { regions: written.regions?.value ?? [], config: written.config };
  return { ...(nodes && { nodes }), ...(staging && { staging }), table: table.table, book };
}

function checkSource(values: PreflightValues, env: Environment, origins: Origins): readonly string[] {
  const { nodesFile } = values;
  if (nodesFile === undefined) return chooseCluster(values, env) ? [] : [lacksCluster(NODES_MISSING, values)];
  // A kubeconfig in the environment is there for other commands too.
  if (origins.kubeconfig === '--kubeconfig') return [NODES_TWICE];
  if (values.selector !== undefined) return [SELECTOR_OF_FILE];
  return strayContext(values, undefined, env);
}

/** The cluster whose nodes are meant: beside `--regions`, which says nothing of nodes, still the one that we run in. */
function chooseCluster({ kubeconfig, context, regions }: PreflightValues, env: Environment): ChosenCluster | undefined {
  return findCluster({ kubeconfig, context, regions }, env) ?? findOwnCluster({ kubeconfig, context }, env);
}

function isUnread(read: object | undefined): read is { readonly issues: readonly string[] } {
  return read !== undefined && 'issues' in read;
}

/** The nodes of the file, or those of a cluster, whose kubelets are asked too. */
async function readFleet(
  { nodes, book }: GivenFiles,
  values: PreflightValues,
  cluster: ChosenCluster | undefined,
): Promise<Fleet | Issues> {
  if (nodes || !cluster) return { nodes: [], notes: [], ...nodes, told: new Map(), book };
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  try {
    const read = await readLiveNodes(api, values.regionLabel, values.selector);
    if ('issues' in read) return read;
    const { counted } = countedOf(read.nodes, values);
    const { told, notes } = await askKubelets(api, counted);
    if (values.regions !== undefined || counted.length === 0) return { nodes: read.nodes, told, notes, book };
    const { regions, notes: more } = await describedInCluster(cluster);
    return { nodes: read.nodes, told, notes: [...notes, ...more], book: { ...book, regions } };
  } finally {
    api.close();
  }
}

/** The nodes that are counted: those of the version that was asked for, or of the newest minor among them. */
function countedOf(nodes: readonly FleetNode[], values: PreflightValues) {
  const targetVersion = values.targetVersion ?? newestMinorOf(nodes.map(({ version }) => version));
  const counted = targetVersion === undefined ? [] : nodes.filter(({ version }) => isVersion(version, targetVersion));
  return { targetVersion, counted };
}

function withoutFactor(arch: string | undefined): string {
  if (arch === undefined) return 'nodes that tell no architecture count without a static factor';
  return `no static factor is known for the architecture ${arch}: its nodes count with 1 (--static-factor ${arch}=1.1)`;
}

/** A mistake of the command line's: with nothing to count, an exit code of 0 would hide it. */
function nothingToCount(nodes: readonly FleetNode[], targetVersion: string | undefined, selector?: string): string {
  if (nodes.length === 0 && selector !== undefined) return `--selector: no node has labels that fit ${selector}`;
  const seen = countVersions(nodes).map(({ version, nodes }) => `${nodes} of ${version ?? 'no version'}`);
  return `--target-version: no node is of ${targetVersion ?? 'a version that can be read'}; there are ${seen.join(', ') || 'no nodes at all'}`;
}
