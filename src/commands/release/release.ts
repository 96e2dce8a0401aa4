import type { ApiClient } from '../../cluster/api-client.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import type { Environment, Origins } from '../../config/read-options.ts';
import { canAsk, confirm } from '../../terminal/confirm.ts';
import { EXIT, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { type Asked, readAsked, type Target } from './asked.ts';
import { findNamed } from './find-named.ts';
import { letGo, type Outcome } from './let-go.ts';
import type { ReleaseValues } from './options.ts';
import { isOverdue } from './overdue.ts';
import { type Policies, readPolicies } from './policies.ts';
import { loadSteering } from './steering.ts';
import { byHand, OVERDUE, tellReleased } from './tell-released.ts';
import { listUnits, nameUnit, type WaitingUnit } from './waiting-units.ts';

const NO_CLUSTER = 'release: what waits is in a cluster, and none is named';
const NOBODY_TO_ASK =
  'release: nothing was let go: without a terminal nobody can be asked; give --yes (GRIDGATE_RELEASE_YES)';
const USUAL_NAMESPACE = 'default';
const FIELD_MANAGER = 'gridgate-release';
const AT_ONCE = 16;
const TIMEOUT_MS = 60_000;

/** Lets go now what waits for a cleaner hour. One that cannot go keeps no other from it: exit code 3 at the end. */
export async function release(
  values: ReleaseValues,
  env: Environment,
  _origins: Origins,
  words: readonly string[],
): Promise<number> {
  const asked = readAsked(words, values);
  const cluster = findCluster(values, env);
  const issues = [...('issues' in asked ? asked.issues : []), ...(cluster ? [] : [lacksCluster(NO_CLUSTER, {})])];
  if (issues.length > 0 || 'issues' in asked || !cluster) return reportIssues(issues);
  const opened = await openCluster(cluster);
  if ('issues' in opened) return reportFailure(opened);
  const { api } = opened;
  const own = values.explainNamespace ?? (asked.what === 'overdue' ? undefined : (opened.namespace ?? USUAL_NAMESPACE));
  const namespace = values.allNamespaces ? undefined : own;
  try {
    return await releaseIn({ api, namespace, values, env }, asked);
  } finally {
    api.close();
  }
}

interface Releasing {
  readonly api: ApiClient;
  /** All of them where it is absent. */
  readonly namespace: string | undefined;
  readonly values: ReleaseValues;
  readonly env: Environment;
}

async function releaseIn(releasing: Releasing, asked: Asked): Promise<number> {
  const { api, namespace, values } = releasing;
  const within = { namespace, labelSelector: values.selector };
  const read = await readFromCluster('what waits', () => listUnits(api, within, note), TIMEOUT_MS);
  if ('issues' in read) return reportFailure(read);
  const units = read.value;
  if (asked.what === 'named') return releaseNamed(releasing, units, asked.targets);
  return asked.what === 'overdue' ? releaseOverdue(releasing, units) : releaseEach(releasing, units);
}

async function releaseOverdue(releasing: Releasing, units: readonly WaitingUnit[]): Promise<number> {
  const policies = await readPolicies(releasing.api, namespacesOf(units), releasing.values);
  const now = Date.now();
  const due = units.filter((unit) => isOverdue(unit, policies.of(unit.object.metadata.namespace ?? ''), now));
  return releaseAll(releasing, due, { policies, why: async () => OVERDUE });
}

async function releaseEach(releasing: Releasing, units: readonly WaitingUnit[]): Promise<number> {
  const { api, namespace, values } = releasing;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  if (units.length === 0) note(`nothing waits${where}`);
  else if (!values.dryRun && !values.releaseYes) {
    if (!canAsk()) return reportIssues([NOBODY_TO_ASK]);
    if (!(await confirm(`Let go all ${units.length} that wait${where}?`))) {
      note('nothing was let go');
      return EXIT.findings;
    }
  }
  const policies = await readPolicies(api, namespacesOf(units), values);
  return releaseAll(releasing, units, { policies, why: () => byHand(api) });
}

async function releaseNamed(
  releasing: Releasing,
  units: readonly WaitingUnit[],
  targets: readonly Target[],
): Promise<number> {
  const { api, namespace = '', values } = releasing;
  const found = await findNamed(targets, { api, namespace, units });
  if ('issues' in found) return reportFailure(found);
  const { chosen, notes, missing } = found;
  for (const sentence of notes) note(sentence);
  const policies = await readPolicies(api, namespacesOf(chosen), values);
  const code = await releaseAll(releasing, chosen, { policies, why: () => byHand(api) });
  return missing.length > 0 ? reportIssues(missing) : code;
}

function namespacesOf(units: readonly WaitingUnit[]): readonly string[] {
  return [...new Set(units.map(({ object }) => object.metadata.namespace ?? ''))];
}

interface Released {
  readonly unit: WaitingUnit;
  readonly outcome: Outcome;
}

async function releaseAll(
  { api, namespace, values, env }: Releasing,
  units: readonly WaitingUnit[],
  { policies, why }: { readonly policies: Policies; readonly why: () => Promise<string> },
): Promise<number> {
  if (units.length === 0) return print(renderNone(values)).then(() => EXIT.fine);
  const told = new Set<string>();
  const tell = (sentence: string) => {
    if (!told.has(sentence)) note(sentence);
    told.add(sentence);
  };
  for (const sentence of policies.notes) tell(sentence);
  const hasPods = units.some(({ kind }) => kind === 'Pod');
  const steer = hasPods
    ? await loadSteering(values, env, { api, policies, onlyNamespace: namespace, tell })
    : undefined;
  const { dryRun: isDryRun, namedOutput: output } = values;
  const released: Released[] = [];
  const failures: string[] = [];
  await inParallel(units, AT_ONCE, async (unit) => {
    try {
      const outcome = await letGo(unit, { api, clock: Date.now, steer, isDryRun, fieldManager: FIELD_MANAGER });
      released.push({ unit, outcome });
      if (output === 'table') await print(renderLine({ unit, outcome }, { isDryRun, namespace }));
      else if (output === 'name' && outcome !== 'not waiting') await print(`${nameUnit(unit)}\n`);
    } catch (error) {
      failures.push(`cannot let go ${nameUnit(unit)}: ${describeReadFailure(error)}`);
    }
  });
  if (output === 'json' || output === 'yaml') await print(renderData(dataOf(released, isDryRun), output));
  const went = released.filter(({ outcome }) => outcome !== 'not waiting').map(({ unit }) => unit);
  if (!isDryRun && went.length > 0)
    await tellReleased(went, { api, why: await why(), fieldManager: FIELD_MANAGER, now: Date.now() });
  return failures.length > 0 ? reportFailure({ issues: failures, exitCode: EXIT.upstream }) : EXIT.fine;
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  released: 'released',
  'gate alone': 'released as its author wrote it: the API server refused what was to be added',
  'not waiting': 'does not wait any more',
};

function renderLine(
  { unit, outcome }: Released,
  { isDryRun, namespace }: { readonly isDryRun: boolean; readonly namespace: string | undefined },
): string {
  const where = namespace === undefined ? ` in namespace ${unit.object.metadata.namespace}` : '';
  return `${nameUnit(unit)} ${OUTCOMES[outcome]}${where}${isDryRun ? ' (dry run)' : ''}\n`;
}

/**
 * What `-o json` prints; within `v1` fields are added, never taken away or given another meaning. `outcome`: `released`, `gate alone`,
 * `not waiting`; where `dryRun` is true, what it would be.
 */
function dataOf(released: readonly Released[], dryRun: boolean): object {
  const data = released.map(({ unit: { kind, object }, outcome }) => {
    const { namespace, name } = object.metadata;
    return { kind, namespace, name, outcome };
  });
  return { version: 'v1', dryRun, released: data };
}

function renderNone({ namedOutput: output, dryRun }: ReleaseValues): string {
  return output === 'json' || output === 'yaml' ? renderData(dataOf([], dryRun), output) : '';
}
