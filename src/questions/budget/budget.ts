import { readPowerTable } from '../../config/power-table.ts';
import type { Environment } from '../../config/read-options.ts';
import { namedNode, nodeByAlias } from '../../energy/node-aliases.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { buildTopology } from '../../regions/topology.ts';
import { type PodPower, wattsOfPods } from '../../scaling/component-carbon.ts';
import { usageKey } from '../../scaling/pod-usage.ts';
import { EXIT, type Issues, reportFailure } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { groupingLabel } from '../../units/pod-grouping.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { standInRegions } from '../../world/stand-in-regions.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { readWorldFiles, type WorldFiles } from '../../world/world-files.ts';
import { type BudgetReport, reportBudget } from './budget-report.ts';
import type { BudgetPod } from './components.ts';
import type { BudgetValues } from './options.ts';
import { readSeenCluster, type SeenCluster } from './read-cluster.ts';
import { type MeasuredEnergy, readEnergy } from './read-energy.ts';
import { renderBudget } from './render-budget.ts';
import { tellAverages, tellUnknownPods } from './unknown-pods.ts';

const OWN_TABLE =
  '--power-table counts for these figures alone: the controllers that keep budgets estimate by the embedded table';
const NO_CLUSTER = 'budget: what runs is in a cluster, and none is named';

/** Prints what the components of a cluster emit, and how that stands to their carbon budgets. */
export async function budget(values: BudgetValues, env: Environment): Promise<number> {
  const report = await gather(values, env);
  if ('issues' in report) return reportFailure(report);
  for (const sentence of report.notes) note(sentence);
  const { output = 'table' } = values;
  await print(output === 'table' ? renderBudget(report, terminalColumns(env)) : renderData(report, output));
  return report.over.length > 0 ? EXIT.findings : EXIT.fine;
}

/** The mistakes in what the options name, where single options have mistakes too. */
export async function checkBudget({ regions, config, powerTable }: Partial<BudgetValues>): Promise<readonly string[]> {
  const [files, table] = await Promise.all([readWorldFiles({ regions, config }), readPowerTable(powerTable)]);
  return [...files.issues, ...('issues' in table ? table.issues : [])];
}

async function gather(values: BudgetValues, env: Environment): Promise<BudgetReport | Issues> {
  const { kubeconfig, context, regions, config, groupBy, regionLabel } = values;
  const namespace = values.allNamespaces ? undefined : values.explainNamespace;
  const cluster = findCluster({ kubeconfig, context }, env);
  const [files, power] = await Promise.all([readWorldFiles({ regions, config }), readPowerTable(values.powerTable)]);
  const mistakes = [
    ...(cluster ? [] : [lacksCluster(NO_CLUSTER, {})]),
    ...files.issues,
    ...('issues' in power ? power.issues : []),
  ];
  if (!cluster || 'issues' in power || mistakes.length > 0) return { issues: mistakes };
  const extent = { namespace, regionLabel, label: groupingLabel(groupBy), readsRegions: regions === undefined };
  const [seen, measured] = await Promise.all([
    readSeenCluster(cluster, extent),
    readEnergy(values, files.config.budgets.energy, env),
  ]);
  if ('issues' in seen) return seen;
  if ('issues' in measured) return measured;
  const { model } = power.table;
  const { snapshot, notes } = await intensitiesOf(seen, files, values, env);
  const inputs = usable(seen, measured);
  const watts = wattsOfPods({
    pods: seen.pods,
    usages: seen.usages,
    ...inputs,
    nodes: seen.nodes,
    model,
  });
  return reportBudget({
    ...seen,
    power: watts,
    snapshot,
    model,
    grouping: groupBy,
    namespace,
    earlier: measured.earlier,
    now: Date.now(),
    notes: [
      ...seen.notes,
      ...(values.powerTable === undefined ? [] : [OWN_TABLE]),
      ...usageNotesOf(seen, watts),
      ...notes,
      ...measured.notes,
      ...inputs.notes,
      ...tellAverages(seen.pods, snapshot),
      ...tellUnknownPods(seen.pods, watts, snapshot),
    ],
  });
}

/** Why nobody knows what pods use: where all are measured, nobody asks. */
function usageNotesOf({ usageNotes, pods }: SeenCluster, power: PodPower): readonly string[] {
  const isMeasured = ({ namespace, name }: BudgetPod) => power.get(usageKey(namespace, name))?.how === 'pod';
  return pods.every(isMeasured) ? [] : usageNotes;
}

/** What a node draws is shared among all of its pods: of nodes whose pods are not all seen nothing can be said. */
function usable({ isWhole, nodes }: SeenCluster, { samples }: MeasuredEnergy) {
  const nodeOf = nodeByAlias(nodes.map(namedNode));
  const ofMachines = samples.filter(({ pod }) => !pod);
  const strange = ofMachines.filter(({ machines }) => !machines.some((name) => nodeOf(name) !== undefined)).length;
  const notes = [
    ...(isWhole ? [] : ['pods of other namespaces may not be seen: shares are of this namespace alone']),
    ...(!isWhole && ofMachines.length > 0
      ? ['what nodes draw is not used: pods of other namespaces have their share of it']
      : strange > 0
        ? [`Prometheus: ${strange === 1 ? '1 machine is' : `${strange} machines are`} none of these nodes`]
        : []),
  ];
  return { measured: isWhole ? samples : samples.filter(({ pod }) => pod), notes };
}

/** How clean the regions of nodes are now; those that nobody describes have the yearly average of their grid zone. */
async function intensitiesOf(
  seen: SeenCluster,
  files: WorldFiles,
  { policySignal, regionLabel }: BudgetValues,
  env: Environment,
): Promise<{ readonly snapshot: Snapshot; readonly notes: readonly string[] }> {
  const topology = buildTopology(seen.nodes);
  const described = files.regions?.value ?? seen.regions;
  const standIn = described.length === 0 && topology.regions.size > 0 ? standInRegions(topology.regions) : undefined;
  const { snapshot, failures } = await takeSnapshot(
    { regions: standIn?.regions ?? described, config: files.config },
    { policySignal, regionLabel, topology },
    env,
  );
  return { snapshot, notes: [...(standIn ? [standIn.note] : []), ...failures] };
}
