import { readPowerTable } from '../../config/power-table.ts';
import type { Environment } from '../../config/read-options.ts';
import type { Mode } from '../../decision/policy.ts';
import { nearestKey } from '../../decision/policy-annotations.ts';
import { createMachines, type Machines } from '../../energy/machines.ts';
import type { PowerTable } from '../../energy/power-table.ts';
import { CLOUD_ZONES } from '../../regions/cloud-zones.ts';
import { EXIT, type Issues, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, printAll } from '../../terminal/print.ts';
import { createProgress } from '../../terminal/progress.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { findObstacle, writeWhole } from '../../terminal/write-whole.ts';
import { itself, tellFew } from '../../units/tell-few.ts';
import { loadWorld, type World } from '../../world/load-world.ts';
import { KILL_SWITCH, readModeCap } from '../../world/mode-cap.ts';
import { openCluster } from '../../world/open-cluster.ts';
import { type ChosenCluster, findCluster, findOwnCluster, lacksCluster } from '../../world/which-cluster.ts';
import { readWorldFiles, type WorldFiles } from '../../world/world-files.ts';
import { checkPaths, collectFiles } from './audit-files.ts';
import type { AuditedWorkload, AuditReport } from './audited-workload.ts';
import { type Collected, collectItems } from './collect-items.ts';
import { CHART_TEMPLATE } from './find-manifest-files.ts';
import { isFinding } from './findings.ts';
import { type AuditContext, judgeWorkload } from './judge-workload.ts';
import type { AuditValues } from './options.ts';
import { createPolicies } from './policies-of-audit.ts';
import { renderAudit } from './render-audit.ts';
import { renderAuditHtml } from './render-html.ts';
import { createRegionCarbon, sumUp } from './sum-up.ts';
import type { KnownRegions } from './unknown-regions.ts';
import type { WriteOptions } from './write-reports.ts';

const NOTHING_TO_AUDIT =
  '--filename: is missing; name files or directories, - for standard input, or audit what runs with --live';
const FILES_AND_LIVE = '--filename: means nothing beside --live, which says that what runs is audited';
const STRICT_LIVE = '--strict: means nothing beside --live, where everything is a Kubernetes object';
const REPORT_OF_FILES = '--report: needs --live; policy reports tell what runs in a cluster';
const ALL_OF_FILES = '--all-namespaces: needs --live; objects of files say themselves where they belong';
const SELECTOR_OF_FILES = '--selector: needs --live; audit files one by one, or all of them';
const REPORT_OF_SOME =
  '--selector: means nothing beside --report, which says all of a namespace and would take back what it says of others';
const PODS_ALONE =
  'what has no pods now (a CronJob between its runs, 0 replicas, an owner that is refused) is not among it, nor are annotations of owners: give what `kubectl get deployments,statefulsets,jobs,cronjobs -o yaml` prints to audit -f -';
const NODES_UNSEEN = 'nodes were not looked at: of what pods ask for, only regions count';
const HOW_TO_SEE_NODES = 'name a cluster with --kubeconfig, or give Nodes in the input';
/** One ConfigMap. */
const SWITCH_TIMEOUT_MS = 60_000;
const LIVE_WITHOUT_CLUSTER = '--live: needs a cluster';

/**
 * Audits files or a cluster. Answers 2 or 3 when a policy report could not be written, else 1 when something is denied, asks
 * for a region that nobody knows or is annotated wrongly, else 2 when something of the input could not be read.
 */
export async function audit(given: AuditValues, env: Environment): Promise<number> {
  const values = inAllNamespaces(given);
  const [mistakes, files, power] = await Promise.all([
    findMistakes(values, env),
    readWorldFiles(values),
    readPowerTable(values.powerTable),
  ]);
  const issues = [...mistakes, ...files.issues, ...('issues' in power ? power.issues : [])];
  if (issues.length > 0 || 'issues' in power) return reportIssues(issues);
  const { table } = power;
  const input = await (values.live ? readLive : readFiles)(files, values, env, table);
  if ('issues' in input) return reportFailure(input);
  for (const sentence of notesOn(input.world, values)) note(sentence);
  const { report, lasting } = judgeAll(input, table, values);
  const { isGuess = false } = input.world;
  await printAll(renderAudit(report, values.auditOutput, { width: terminalColumns(env), isGuess }));
  if (values.html !== undefined) {
    await writeWhole(values.html, renderAuditHtml(report));
    note(`${values.html} is written`);
  }
  const { cluster } = input;
  if (values.report && cluster) {
    const options = { cluster, namespace: values.auditNamespace };
    const written = await writePolicyReports({ ...report, workloads: lasting }, options);
    if (written !== EXIT.fine) return written;
  }
  if (report.workloads.some(isFinding) || report.wrongNamespaces.length > 0) return EXIT.findings;
  return report.broken.length > 0 ? EXIT.usage : EXIT.fine;
}

function notesOn({ notes, snapshot }: World, { live }: AuditValues): readonly string[] {
  return [
    ...notes,
    ...(snapshot.topology ? [] : [live ? NODES_UNSEEN : `${NODES_UNSEEN}; ${HOW_TO_SEE_NODES}`]),
    ...(live ? [PODS_ALONE] : []),
  ];
}

/** `-A` counts before `-n`, which a variable of the environment may have said. */
function inAllNamespaces(values: AuditValues): AuditValues {
  return values.live && values.allNamespaces ? { ...values, auditNamespace: undefined } : values;
}

function meaninglessLive({ files, strictFiles }: AuditValues): readonly string[] {
  return [...(files === undefined ? [] : [FILES_AND_LIVE]), ...(strictFiles ? [STRICT_LIVE] : [])];
}

function meaninglessOfFiles({ files, report, allNamespaces, selector }: AuditValues): readonly string[] {
  return [
    ...(files === undefined ? [NOTHING_TO_AUDIT] : []),
    ...(report ? [REPORT_OF_FILES] : []),
    ...(allNamespaces ? [ALL_OF_FILES] : []),
    ...(selector === undefined ? [] : [SELECTOR_OF_FILES]),
  ];
}

/** What else can be wrong before a long stream is read, or a cluster asked. */
async function findMistakes(values: AuditValues, env: Environment): Promise<readonly string[]> {
  const { files, live, report, html, selector } = values;
  const obstacle = html === undefined ? undefined : await findObstacle(html);
  return [
    ...(live ? meaninglessLive(values) : meaninglessOfFiles(values)),
    ...(selector !== undefined && report ? [REPORT_OF_SOME] : []),
    ...(live && !findCluster(values, env) ? [lacksCluster(LIVE_WITHOUT_CLUSTER, values)] : []),
    ...(files !== undefined && !live ? await checkPaths(files) : []),
    ...(obstacle === undefined ? [] : [`--html: ${obstacle}`]),
  ];
}

interface Input {
  readonly world: World;
  readonly collected: Collected;
  readonly source: AuditReport['source'];
  readonly knownRegions: KnownRegions;
  readonly machines: Machines;
  /** The kill switch's. */
  readonly modeCap?: Mode | undefined;
  /** Where gridgate itself is; absent of files. */
  readonly ownNamespace?: string | undefined;
  /** That which was audited live. */
  readonly cluster?: ChosenCluster;
}

async function readFiles(
  written: WorldFiles,
  values: AuditValues,
  env: Environment,
  table: PowerTable,
): Promise<Input | Issues> {
  const { files = [], auditNamespace: namespace = 'default', regionLabel, strictFiles: strict } = values;
  const collected = await collectFiles(files, { namespace, regionLabel, strict });
  tellOddities(collected.oddities);
  const { beside, broken } = collected;
  const world = await loadWorld(written, values, env, { beside });
  if ('issues' in world) return { ...world, issues: [...world.issues, ...broken] };
  if (isNothing(collected) && broken.length === 0) {
    const hint = collected.noObjects.has(CHART_TEMPLATE) ? '; audit what helm template prints' : '';
    return { issues: [`--filename: ${files.join(', ')} holds no Kubernetes object${hint}`] };
  }
  return {
    world,
    collected,
    source: 'files',
    knownRegions: knownRegions(collected, world, findOwnCluster(values, env) !== undefined),
    machines: createMachines(world.snapshot.topology, table),
  };
}

/** kubectl says nothing of them. */
function tellOddities(oddities: readonly string[]): void {
  const tellRest = (more: number) => `and ${more} more keys that are there twice, or tags that nobody knows`;
  for (const sentence of tellFew(oddities, MOST_ODDITIES, itself, tellRest)) note(sentence);
}

const MOST_ODDITIES = 20;

/** Not a single object; and nothing else either, or templates, of which somebody may believe that they were audited. */
function isNothing({ workloads, passedOver, notJudged, noObjects, namespaces, beside }: Collected): boolean {
  const { regions, nodes, nodePools = [] } = beside;
  const counts = [passedOver.size, notJudged.size, namespaces.size, regions.length, nodes.length, nodePools.length];
  const hasObjects = workloads.length > 0 || counts.some((count) => count > 0);
  return !hasObjects && (noObjects.size === 0 || noObjects.has(CHART_TEMPLATE));
}

/**
 * Regions and nodes say which names there are; without a cluster the public clouds' regions count, too. Where nobody said anything,
 * a name that resembles none of these is taken for somebody's own.
 */
function knownRegions(
  { beside }: Pick<Collected, 'beside'>,
  { snapshot, isGuess }: World,
  isCluster: boolean,
): KnownRegions {
  const ofNodes = [...beside.nodes, ...(snapshot.topology?.nodes ?? [])].flatMap(({ region }) => region ?? []);
  const given = [...snapshot.byName.keys(), ...beside.regions.map(({ metadata }) => metadata.name), ...ofNodes];
  const names = new Set([...given, ...(isCluster ? [] : CLOUD_ZONES.keys())]);
  const isOwn = new Map<string, boolean>();
  function isKnown(name: string): boolean {
    if (names.has(name) || !isGuess) return names.has(name);
    const known = isOwn.get(name) ?? nearestKey(name, [...names]) === undefined;
    isOwn.set(name, known);
    return known;
  }
  return { isKnown, names: [...names] };
}

async function readLive(
  written: WorldFiles,
  values: AuditValues,
  env: Environment,
  table: PowerTable,
): Promise<Input | Issues> {
  const { auditNamespace: namespace } = values;
  const world = await loadWorld(written, values, env, { onlyNamespace: namespace });
  if ('issues' in world) return world;
  const cluster = findCluster(values, env);
  if (!cluster) return { issues: [lacksCluster(LIVE_WITHOUT_CLUSTER, values)] };
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { readLiveWorkloads } = await import('./live-workloads.ts');
  const { topology } = world.snapshot;
  const machines = createMachines(topology, table);
  const regionOf = (node: string) => topology?.byName.get(node)?.region;
  const ofNodes = { regionOf, machineOf: machines.ofNode };
  try {
    const labelSelector = values.selector;
    const deps = {
      api: opened.api,
      namespace,
      labelSelector,
      ...ofNodes,
      volumesOf: world.volumesOf,
      progress: createProgress(),
    };
    const name = values.killSwitch ?? KILL_SWITCH;
    const signal = AbortSignal.timeout(SWITCH_TIMEOUT_MS);
    const { cap: modeCap, notes } = await readModeCap({ api: opened.api, signal }, name);
    for (const sentence of notes) note(sentence);
    const collected = await collectItems(readLiveWorkloads(deps));
    const known = knownRegions(collected, world, true);
    const [ownNamespace] = name.split('/');
    return { world, collected, source: 'cluster', knownRegions: known, machines, modeCap, ownNamespace, cluster };
  } catch (error) {
    return { issues: [(error as Error).message], exitCode: EXIT.upstream };
  } finally {
    opened.api.close();
  }
}

function judgeAll(
  { world, collected, source, knownRegions, machines, modeCap, ownNamespace }: Input,
  { model }: PowerTable,
  { assumeMode, report: isReported }: Pick<AuditValues, 'assumeMode' | 'report'>,
): { readonly report: AuditReport; readonly lasting: readonly AuditedWorkload[] } {
  const { snapshot, rules, namespaces } = world;
  const { workloads, defaults, passedOver, notJudged, noObjects, broken } = collected;
  const input = collected.namespaces;
  const policies = createPolicies({ rules, known: namespaces, input, knownRegions, onExcess: note });
  const context: AuditContext = {
    snapshot,
    policyOf: policies.policyOf,
    defaultsOf: (namespace) => defaults.get(namespace) ?? {},
    assumeMode,
    modeCap,
    ownNamespace,
    model,
    machines,
    volumesOf: (namespace, pod) => [...world.volumesOf(namespace, pod), ...collected.volumesOf(namespace, pod)],
    knownRegions,
    now: Date.now(),
  };
  const carbon = createRegionCarbon();
  const audited: AuditedWorkload[] = [];
  /** For policy reports. */
  const lasting: AuditedWorkload[] = [];
  // Each is let go once it is judged: two of 100,000 at a time are too many.
  for (const workload of drain(workloads)) {
    const judged = judgeWorkload(workload, context);
    carbon.add(judged);
    audited.push(judged.audited);
    if (isReported) lasting.push(judged.lasting());
  }
  const wrongNamespaces = policies.wrong();
  const facts = { snapshot, source, modeCap, carbon, passedOver, notJudged, noObjects, wrongNamespaces, broken };
  const report = sumUp(audited, facts);
  return { report, lasting };
}

function* drain<T>(list: T[]): Generator<T> {
  list.reverse();
  for (let next = list.pop(); next !== undefined; next = list.pop()) yield next;
}

async function writePolicyReports(report: AuditReport, options: WriteOptions): Promise<number> {
  const { describeWritten, writeReports } = await import('./write-reports.ts');
  const written = await writeReports(report, options);
  if ('issues' in written) return reportFailure(written);
  note(describeWritten(written));
  for (const failure of written.failures) note(failure);
  return written.failures.length > 0 ? EXIT.upstream : EXIT.fine;
}
