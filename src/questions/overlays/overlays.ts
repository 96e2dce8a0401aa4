import type { CarbonBook } from '../../capacity/carbon-of-type.ts';
import { type NamedOverlay, type OverlayObject, toOverlayObject, weigh } from '../../capacity/keep-overlays.ts';
import { offeredTypesOf } from '../../capacity/offered-types.ts';
import { isOwn, writtenCarbonPrice } from '../../capacity/own-overlay.ts';
import { type OverlayPlan, planOverlays } from '../../capacity/plan-overlays.ts';
import type { OverlaySettings } from '../../capacity/price-cells.ts';
import { holdStep } from '../../capacity/price-step.ts';
import { overlayName } from '../../cluster/node-overlays.ts';
import { readEmbodiedTable } from '../../config/embodied-table.ts';
import { readInstanceTypes } from '../../config/instance-types-file.ts';
import type { OverlayConfig } from '../../config/overlay-config.ts';
import { readPowerTable } from '../../config/power-table.ts';
import type { Environment } from '../../config/read-options.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { CLOUD_ZONES } from '../../regions/cloud-zones.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { OfferedType } from '../../regions/offered-type.ts';
import { type RegionOfZone, zoneRegions } from '../../regions/zone-regions.ts';
import { EXIT, type Issues, reportFailure } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { unknownByDefault } from '../../units/overlay-settings.ts';
import { itself, nameFew, nameOf } from '../../units/tell-few.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { type ChosenCluster, findCluster, lacksCluster, strayContext } from '../../world/which-cluster.ts';
import { readWorldFiles, type WorldFiles } from '../../world/world-files.ts';
import { leftAloneWords, leverWords } from './lever-words.ts';
import type { OverlaysValues } from './options.ts';
import { reportOverlays } from './overlays-report.ts';
import { type Karpenters, NOTHING, readKarpenterFiles, readKarpenters } from './read-cluster.ts';
import { renderOverlays } from './render-overlays.ts';

const NO_PRICE = '--carbon-price (GRIDGATE_CARBON_PRICE): is missing; give the price of one kgCO2e: 0.1 is 100 a tonne';
const NO_TYPES =
  '--instance-types (GRIDGATE_INSTANCE_TYPES): is missing; give a file of instance types, or --from-cluster, or -f with Nodes or NodePools';
const TWO_WAYS = '--filename: means nothing beside --from-cluster, which says what there is';
const NOTHING_PRICED = 'no offering can be given a price of carbon';
const MOST_NAMED = 5;
const NO_CLUSTER = '--from-cluster: there is no cluster to ask';

/** Prints NodeOverlays that price carbon, or what they would change. */
export async function overlays(values: OverlaysValues, env: Environment): Promise<number> {
  const given = await gather(values, env);
  if ('issues' in given) return reportFailure(given);
  const { plan, own, settings, book } = given;
  const notes = [...given.notes, ...conflictWords(plan), ...leftAloneWords(plan.leftAlone), ...strayWords(given)];
  for (const sentence of notes) note(sentence);
  const report = reportOverlays({ plan, book, settings, now: Date.now(), notes });
  const hasConflicts = plan.conflicts.length > 0;
  if (plan.wanted.length === 0)
    return reportFailure({ issues: [NOTHING_PRICED], ...(hasConflicts && { exitCode: EXIT.findings }) });
  const { overlayOutput: output = values.explainPrices ? 'table' : 'yaml' } = values;
  const isExplained = values.explainPrices || output === 'table';
  if (!isExplained) for (const sentence of leverWords(report)) note(sentence);
  const text =
    output === 'table'
      ? renderOverlays(report, terminalColumns(env))
      : isExplained
        ? renderData(report, output)
        : renderObjects(toObjects(plan, own, settings), output);
  await print(text);
  return hasConflicts ? EXIT.findings : EXIT.fine;
}

/** The mistakes in what the options name, where single options have mistakes too. */
export async function checkOverlays(values: Partial<OverlaysValues>): Promise<readonly string[]> {
  const { instanceTypes, embodiedTable, powerTable, regions, config } = values;
  const [types, embodied, table, files] = await Promise.all([
    instanceTypes === undefined ? undefined : readInstanceTypes(instanceTypes),
    readEmbodiedTable(embodiedTable),
    readPowerTable(powerTable),
    readWorldFiles({ regions, config }),
  ]);
  return [types, embodied, table, files].flatMap((read) => (read && 'issues' in read ? read.issues : []));
}

interface Gathered {
  readonly plan: OverlayPlan;
  /** Ours that are there. */
  readonly own: readonly NodeOverlayFacts[];
  readonly settings: OverlaySettings;
  readonly book: CarbonBook;
  readonly notes: readonly string[];
}

async function gather(values: OverlaysValues, env: Environment): Promise<Gathered | Issues> {
  const files = await readWorldFiles(values);
  const section = files.config.overlays;
  const typesFile = values.instanceTypes ?? (values.fromCluster ? undefined : section.instanceTypes);
  const [types, embodied, table, karpenters] = await Promise.all([
    typesFile === undefined ? undefined : readInstanceTypes(typesFile),
    readEmbodiedTable(values.embodiedTable ?? section.embodiedTable),
    readPowerTable(values.powerTable ?? section.powerTable),
    readSurroundings(values, env),
  ]);
  const issues = [
    ...files.issues,
    ...[types, embodied, table, karpenters].flatMap((read) => (read && 'issues' in read ? read.issues : [])),
    ...(settingsOf(values, section) ? [] : [NO_PRICE]),
  ];
  const settings = settingsOf(values, section);
  if (issues.length > 0 || !settings || 'issues' in karpenters || 'issues' in embodied || 'issues' in table)
    return { issues, ...('exitCode' in karpenters && { exitCode: karpenters.exitCode }) };
  if (types && 'issues' in types) return types;
  const offered = types?.types ?? offeredTypesOf(karpenters.nodes, karpenters.pools);
  if (offered.length === 0) return { issues: [NO_TYPES] };
  const utilisation = (values.utilisation ?? section.utilisation) / 100;
  const book = { table: table.table, embodied: embodied.embodied, utilisation };
  const place = await intensitiesOf(offered, { files, karpenters, values, env });
  const { pools, overlays } = karpenters;
  const plan = planOverlays({ types: offered, pools, overlays, ...place, book, settings });
  const notes = [
    ...karpenters.notes,
    ...place.notes,
    ...(types ? [] : FROM_CLUSTER),
    ...warningsOf(settings),
    ...percentWords(plan),
  ];
  return { plan, own: overlays.filter(isOwn), settings, book, notes };
}

const FROM_CLUSTER = [
  'of a cluster, instance types are those of its nodes and those that its NodePools name, in the zones of both: others keep their price',
];

/** What becomes of users' percentages: an adjustment with carbon in it can be no part of a price. */
function percentWords({ cells, percentages, isRounded }: OverlayPlan): readonly string[] {
  const workedOut = new Set(
    cells.flatMap(([{ offering }, price]) =>
      offering.price !== undefined && 'group' in price && price.group.includesUsers ? [...price.users] : [],
    ),
  );
  const told = percentages.filter((name) => workedOut.has(name));
  if (told.length === 0) return [];
  const named = nameFew(told, MOST_NAMED, itself);
  return [
    `percentages of NodeOverlays (${named}) are worked out of the prices that were given: where Karpenter's are others, they come to the same amounts`,
    ...(isRounded ? ['so that there are not more than 2,000 overlays, they are rounded to steps of 1%'] : []),
  ];
}

function warningsOf({ mode, unknown }: OverlaySettings): readonly string[] {
  return [
    ...(mode === 'replace'
      ? ['replace: money does not count any more; types that are not listed keep prices of money, far above']
      : []),
    ...(unknown === 'high'
      ? ['--unknown high: consolidation replaces running nodes of types of which no carbon is known']
      : []),
  ];
}

function settingsOf(values: OverlaysValues, section: OverlayConfig): OverlaySettings | undefined {
  const carbonPrice = values.carbonPrice ?? section.carbonPrice;
  if (carbonPrice === undefined) return undefined;
  const mode = values.overlayMode ?? section.mode;
  return {
    carbonPrice,
    mode,
    unknown: values.unknownTypes ?? section.unknown ?? unknownByDefault(mode),
    compose: values.compose ?? section.compose,
    weights: values.weightRange ?? section.weights,
  };
}

/** What Karpenter has: of files, of the cluster that is asked for, or nothing. */
async function readSurroundings(values: OverlaysValues, env: Environment): Promise<Karpenters | Issues> {
  const { overlayFiles, fromCluster, regionLabel, kubeconfig, context } = values;
  const cluster = chooseCluster(values, env);
  if (fromCluster && overlayFiles) return { issues: [TWO_WAYS] };
  if (fromCluster && !cluster) return { issues: [lacksCluster(NO_CLUSTER, {})] };
  if (overlayFiles) return readKarpenterFiles(overlayFiles, regionLabel);
  const stray = strayContext({ context, kubeconfig }, cluster, env);
  if (stray.length > 0) return { issues: stray };
  return cluster ? readKarpenters(cluster, regionLabel) : NOTHING;
}

/** A file of instance types alone asks no cluster, unless one is named. */
function chooseCluster(
  { fromCluster, kubeconfig, context }: OverlaysValues,
  env: Environment,
): ChosenCluster | undefined {
  return fromCluster || kubeconfig !== undefined ? findCluster({ kubeconfig, context }, env) : undefined;
}

interface Surrounded {
  readonly files: WorldFiles;
  readonly karpenters: Karpenters;
  readonly values: OverlaysValues;
  readonly env: Environment;
}

interface Intensities {
  readonly regionOfZone: RegionOfZone;
  readonly gramsPerKwhOf: (region: string) => number | undefined;
  readonly notes: readonly string[];
}

/** Where zones are, and how clean their regions are now; a region that nobody describes has the yearly average of its grid zone. */
async function intensitiesOf(
  types: readonly OfferedType[],
  { files, karpenters, values, env }: Surrounded,
): Promise<Intensities> {
  const described = files.regions?.value ?? karpenters.regions;
  const byName = new Map(described.map((region) => [region.metadata.name, region]));
  const given = values.zoneRegions ?? new Map<string, string>();
  const guess = zoneRegions(karpenters.nodes, new Set([...byName.keys(), ...CLOUD_ZONES.keys()]));
  const known = new Map<string, string | undefined>();
  const regionOfZone: RegionOfZone = (zone) => {
    if (!known.has(zone)) known.set(zone, given.get(zone) ?? guess(zone));
    return known.get(zone);
  };
  const offerings = types.flatMap((type) => type.offerings);
  const names = new Set(offerings.flatMap(({ zone, region }) => region ?? regionOfZone(zone) ?? []));
  const regions = [...names].map((name): ObservedRegion => byName.get(name) ?? { metadata: { name }, spec: {} });
  const { policySignal, regionLabel } = values;
  const { snapshot, failures } = await takeSnapshot(
    { regions, config: files.config },
    { policySignal, regionLabel },
    env,
  );
  const gramsPerKwhOf = (region: string) => {
    const view = snapshot.byName.get(region);
    return view && comparableReading(view, snapshot)?.gramsPerKwh;
  };
  const unread = [...names].filter((name) => gramsPerKwhOf(name) === undefined);
  const notes = unread.map((name) => `no intensity of ${name} is known: its offerings get no price`);
  return { regionOfZone, gramsPerKwhOf, notes: [...failures, ...notes] };
}

function toObjects(
  { wanted }: OverlayPlan,
  own: readonly NodeOverlayFacts[],
  { weights }: OverlaySettings,
): readonly OverlayObject[] {
  const named = wanted.map((one): NamedOverlay => ({ ...one, name: overlayName(one.content) }));
  const weightOf = weigh(named, own, weights);
  const written = new Map(own.map((one) => [one.name, writtenCarbonPrice(one)]));
  return named.flatMap((one) => {
    if (one.carbonPrice === undefined) return [];
    const carbonPrice = holdStep(one.carbonPrice, written.get(one.name));
    return [toOverlayObject(one, { weight: weightOf.get(one.name) ?? one.leastWeight, carbonPrice })];
  });
}

/** As kubectl applies them: a stream of documents, or a List. */
function renderObjects(objects: readonly OverlayObject[], output: 'json' | 'yaml'): string {
  if (output === 'json') return renderData({ apiVersion: 'v1', kind: 'List', items: objects }, 'json');
  return objects.map((object) => `---\n${renderData(object, 'yaml')}`).join('');
}

function conflictWords({ conflicts }: OverlayPlan): readonly string[] {
  return conflicts.map(
    ({ applied, refused, weight, at }) =>
      `NodeOverlays ${applied} and ${refused} both price ${at.type} in ${at.zone} with weight ${weight}: Karpenter applies nothing of ${refused}`,
  );
}

/** Of ours that are there, those that what is printed does not bring up to date; where nothing is printed, that says nothing of them. */
function strayWords({ plan, own }: Gathered): readonly string[] {
  const names = new Set(plan.wanted.map(({ content }) => overlayName(content)));
  const stray = own.filter(({ name }) => !names.has(name));
  if (stray.length === 0 || names.size === 0) return [];
  return [
    `of the NodeOverlays of gridgate that are there ${stray.length} are not among these; where no controller keeps them, delete them: ${nameFew(stray, MOST_NAMED, nameOf)}`,
  ];
}
