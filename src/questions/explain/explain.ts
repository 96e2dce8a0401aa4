import type { Environment, Origins } from '../../config/read-options.ts';
import type { Mode } from '../../decision/policy.ts';
import { EXIT, type Issues, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { loadWorld, type NoWorld, type World } from '../../world/load-world.ts';
import { KILL_SWITCH, readModeCap } from '../../world/mode-cap.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { type ReadFacts, readWaitingFacts } from '../../world/waiting-facts.ts';
import { type ChosenCluster, findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { readWorldFiles, type WorldFiles } from '../../world/world-files.ts';
import { explainObject } from './explain-object.ts';
import type { ExplainReport } from './explained.ts';
import type { ExplainValues } from './options.ts';
import { type FoundObject, type NotFound, type ReadDeps, readObject } from './read-object.ts';
import { renderExplained } from './render-explained.ts';
import { type ExplainTarget, kindInWords, parseTarget } from './target.ts';

const NO_CLUSTER = 'what runs or waits is in a cluster, and none is named';
const USUAL_NAMESPACE = 'default';
const NO_WORLD =
  'what would be decided now is not known: neither Regions nor nodes may be read; give --regions FILE and --kubeconfig FILE';
const TIMEOUT_MS = 60_000;

/** What was read of the cluster with the caller's own rights. */
interface Readings {
  readonly target: ExplainTarget;
  /** The namespace that gridgate itself is in. */
  readonly ownNamespace: string;
  readonly found: FoundObject;
  readonly world?: World;
  readonly modeCap: Mode | undefined;
  readonly notes: readonly string[];
  readonly waiting: ReadFacts;
  /** Whether something besides the object could not be read that decisions need. */
  readonly isPartial: boolean;
}

interface Request {
  readonly files: WorldFiles;
  readonly values: ExplainValues;
  readonly env: Environment;
  readonly cluster: ChosenCluster;
  readonly target: ExplainTarget;
}

/**
 * Explains what was decided about an object of the cluster, where it runs, why it waits or gets no pods, and what would be
 * decided now. Exit code 1 when it is refused, or would be now.
 */
export async function explain(
  values: ExplainValues,
  env: Environment,
  _origins: Origins,
  args: readonly string[],
): Promise<number> {
  const target = parseTarget(args, values.explainNamespace ?? USUAL_NAMESPACE);
  const cluster = findCluster(values, env);
  const ofTarget = 'issues' in target ? target.issues : [];
  const files = await readWorldFiles(values);
  const issues = [...ofTarget, ...(cluster ? [] : [lacksCluster(NO_CLUSTER, values)]), ...files.issues];
  if (issues.length > 0 || 'issues' in target || !cluster) return reportIssues(issues);
  const readings = await readAll({ files, values, env, cluster, target });
  if ('issues' in readings) return reportFailure(readings);
  const { policySignal, output = 'table' } = values;
  const { found, world, modeCap, notes, waiting, isPartial, ...read } = readings;
  const input = { ...read, found, policySignal, now: Date.now(), notes, modeCap, waiting };
  const report = explainObject({ ...input, ...(world && { world }) });
  await print(output === 'table' ? renderExplained(report, terminalColumns(env)) : renderData(report, output));
  if (isDenied(report)) return EXIT.findings;
  return isPartial ? EXIT.upstream : EXIT.fine;
}

/** Whether it was refused, or would be now. */
export function isDenied({ refusal, now }: Pick<ExplainReport, 'refusal' | 'now'>): boolean {
  return refusal?.byGridgate === true || now?.allowed === false;
}

/** Reads the object first: without it, or without an answer, the rest is not worth waiting for. */
async function readAll({ files, values, env, cluster, ...asked }: Request): Promise<Readings | Issues> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  const namespace = values.explainNamespace ?? opened.namespace ?? asked.target.namespace;
  const target = { ...asked.target, namespace };
  try {
    const deps: ReadDeps = { api, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const what = `${kindInWords(target)} ${target.name}`;
    const object = await readFromCluster(what, () => readObject(deps, target), TIMEOUT_MS);
    if ('issues' in object) return object;
    const nameOfSwitch = values.killSwitch ?? KILL_SWITCH;
    // It is where gridgate is.
    const [ownNamespace = ''] = nameOfSwitch.split('/');
    const [world, killSwitch, waiting] = await Promise.all([
      loadWorld(files, { ...values, namespaces: undefined }, env, { onlyNamespace: target.namespace }),
      readModeCap(deps, nameOfSwitch),
      readWaitingFacts({ ...deps, namespace: ownNamespace, now: Date.now() }),
    ]);
    if (isMistake(world)) return world;
    const found = object.value;
    if ('nearest' in found) return { issues: [notThere(target, found)], exitCode: EXIT.usage };
    const notes = [...killSwitch.notes, ...notesOf(world)];
    const isPartial = 'issues' in world;
    return {
      target,
      ownNamespace,
      found,
      notes,
      waiting,
      isPartial,
      modeCap: killSwitch.cap,
      ...('issues' in world ? {} : { world }),
    };
  } finally {
    api.close();
  }
}

/** Whether the caller made a mistake, as opposed to a cluster that does not tell. */
function isMistake(world: World | NoWorld): world is NoWorld {
  return 'issues' in world && world.exitCode !== EXIT.upstream && !world.lacksRegions;
}

function notesOf(world: World | NoWorld): readonly string[] {
  if (!('issues' in world)) return world.notes;
  return world.exitCode === EXIT.upstream
    ? world.issues.map((issue) => `what would be decided now is not known: ${issue}`)
    : [NO_WORLD];
}

function notThere(target: ExplainTarget, { nearest }: NotFound): string {
  const advice = nearest.length > 0 ? `; did you mean ${nearest.join(', ')}?` : '';
  return `there is no ${kindInWords(target)} ${target.name} in namespace ${target.namespace}${advice}`;
}
