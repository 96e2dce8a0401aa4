import { capMode } from '../../decision/effect.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import { MODES, type Policy } from '../../decision/policy.ts';
import { formatAge, MINUTE_MS } from '../../units/moment.ts';
import { shellCommand } from '../../units/shell-command.ts';
import { nameFew } from '../../units/tell-few.ts';
import type { ClusterFacts, WaitingThing } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';
import { clockOfCluster } from './judge-clocks.ts';
import { isLeading } from './judge-leader.ts';
import { rulesOf } from './judge-places.ts';
import { APPLY, controllersLog, OVERDUE_CRON_JOB } from './names.ts';
import { isWaitingThere, tellThings } from './tell-things.ts';

const MOST_NAMED = 3;
/** What has come to its latest start goes at once, but not before somebody has seen it. */
const GRACE_MS = MINUTE_MS;
/** Some of its runs, one after the other. */
const MOST_FAILING_MS = 30 * MINUTE_MS;

/** Whether what waits for a cleaner hour will be let go; nothing where no namespace lets any wait, and nothing does. */
export function judgeWaiting(facts: ClusterFacts): readonly Finding[] {
  const policies = policiesOf(facts);
  if (![...policies.values()].some(defers) && !isWaitingThere(facts)) return [];
  return [
    ...judgeReleaser(facts),
    ...judgeThings(facts, policies),
    ...judgeForecasts(facts),
    ...judgeOverdueRuns(facts),
  ];
}

/** What counts in each namespace, under the kill switch. */
function policiesOf({ namespaces, settings, killSwitch }: ClusterFacts): ReadonlyMap<string, Policy> {
  const rules = rulesOf(settings) ?? { defaults: {}, limits: {} };
  const said = valueOr(killSwitch, {}).cap;
  const cap = MODES.find((mode) => mode === said);
  return new Map(
    valueOr(namespaces, []).map(({ name, annotations }) => {
      const { policy } = effectivePolicy(name, annotations, rules);
      return [name, { ...policy, mode: capMode(policy.mode, cap) }];
    }),
  );
}

function defers(policy: Policy): boolean {
  return isPlaced(policy) && ((policy.deferMs ?? 0) > 0 || policy.podOverrides === 'allow');
}

function isPlaced({ mode }: Policy): boolean {
  return mode === 'warn' || mode === 'enforce';
}

/**
 * Whether the leader says that it lets go what waits:
 *
 * | its Lease                     | then                                |
 * | ----------------------------- | ----------------------------------- |
 * | renewed, by who leads         | ok                                  |
 * | renewed, by another           | warning: the leader has not said so |
 * | not renewed, or not there     | failed: new pods do not wait        |
 * | any, and nobody leads         | failed, the same                    |
 */
function judgeReleaser(facts: ClusterFacts): readonly Finding[] {
  const { apiServer, lease, systemNamespace } = facts;
  const check = 'releaser';
  return about(check, facts.releaserLease, (found) => {
    const todo = controllersLog(systemNamespace);
    const age = found && formatAge(clockOfCluster(apiServer) - found.renewedAt);
    if (found && hasReleaser(facts)) {
      const leader = valueOr(lease, undefined)?.holder;
      const says = `${found.holder} lets go what waits: it said so ${age} ago`;
      if (!isLeading(facts) || leader === found.holder) return [{ check, state: 'ok', says }];
      return [{ check, state: 'warning', says: `${says}, but ${leader} leads since, and has not`, todo }];
    }
    const since = found?.holder
      ? `${found.holder} said ${age} ago that it lets go what waits, and nobody since`
      : NOBODY;
    return [{ check, state: 'failed', says: `${since}: new pods do not wait`, todo }];
  });
}

const NOBODY = 'nobody says that it lets go what waits';

/** Not known counts as yes: that is said elsewhere. */
function hasReleaser(facts: ClusterFacts): boolean {
  const { releaserLease, apiServer, lease } = facts;
  if ('value' in lease && !isLeading(facts)) return false;
  if (!('value' in releaserLease)) return true;
  const { value } = releaserLease;
  return value !== undefined && value.holder !== '' && clockOfCluster(apiServer) - value.renewedAt < value.durationMs;
}

/** What waits, and whether it should have started. */
function judgeThings(facts: ClusterFacts, policies: ReadonlyMap<string, Policy>): readonly Finding[] {
  const check = 'waiting';
  return about(check, facts.things, (things) => {
    if (things.length === 0) return [{ check, state: 'ok', says: 'nothing waits now' }];
    const now = clockOfCluster(facts.apiServer);
    const late = things.filter((thing) => latestStartOf(thing, policies.get(thing.namespace)) < now - GRACE_MS);
    if (late.length > 0) {
      const owners = [...new Set(late.map(({ namespace, owner }) => `${namespace}/${owner.kind}/${owner.name}`))];
      const says = `${tellThings(late)} should have started (${nameFew(owners, MOST_NAMED, (name) => name)})`;
      return [{ check, state: 'failed', says, todo: 'gridgate release --overdue' }];
    }
    if (hasReleaser(facts)) return [{ check, state: 'ok', says: `${tellThings(things)}: nothing is overdue` }];
    const says = `${tellThings(things)}, and nobody lets them go before their latest start`;
    return [{ check, state: 'failed', says, todo: releaseAll(things) }];
  });
}

/** As `gridgate release --overdue` has it: what its author says makes nothing wait longer. */
function latestStartOf({ since = 0, latestStart }: WaitingThing, policy: Policy | undefined): number {
  const said = latestStart ?? Number.POSITIVE_INFINITY;
  if (!policy) return said;
  if (!isPlaced(policy)) return since;
  return policy.podOverrides === 'allow' ? said : Math.min(said, since + (policy.deferMs ?? 0));
}

function releaseAll(things: readonly WaitingThing[]): string | undefined {
  const [namespace = '', ...more] = new Set(things.map((thing) => thing.namespace));
  return more.length > 0 ? 'gridgate release --all -A' : shellCommand`gridgate release --all -n ${namespace}`;
}

/** Whether anybody says which hours are cleaner. */
function judgeForecasts({ regions, apiServer, systemNamespace }: ClusterFacts): readonly Finding[] {
  if (!('value' in regions)) return []; // told with the Regions
  const check = 'forecasts';
  const now = clockOfCluster(apiServer);
  const changing = regions.value.filter(({ spec }) => spec.gramsPerKwh === undefined);
  const told = changing.filter(({ observed }) => observed?.forecast?.some(({ from }) => from > now));
  if (told.length > 0)
    return [
      { check, state: 'ok', says: `${told.length} of ${regions.value.length} Regions say which hours are cleaner` },
    ];
  const why =
    changing.length === 0
      ? 'every Region has a value of its own (spec.gramsPerKwh)'
      : 'no Region has a forecast of the hours to come';
  const todo = changing.length === 0 ? undefined : controllersLog(systemNamespace);
  return [{ check, state: 'warning', says: `${why}: no hour is known to be cleaner, so nothing new waits`, todo }];
}

/** Whether somebody lets go what is overdue where nobody leads. */
function judgeOverdueRuns({ overdueRuns, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'CronJob';
  const name = OVERDUE_CRON_JOB;
  return about(check, overdueRuns, (found) => {
    const so = 'without a leader nothing that waits would ever start';
    if (!found)
      return [{ check, state: 'failed', says: `there is no ${name} in ${systemNamespace}: ${so}`, todo: APPLY }];
    if (found.isSuspended) {
      const todo = shellCommand`kubectl patch cronjob ${name} -n ${systemNamespace} -p '{"spec":{"suspend":false}}'`;
      return [{ check, state: 'failed', says: `${name} is suspended: ${so}`, todo }];
    }
    if (found.failedForMs <= MOST_FAILING_MS)
      return [{ check, state: 'ok', says: `${name} lets go what is overdue where nobody leads` }];
    const todo = shellCommand`kubectl describe jobs,pods -n ${systemNamespace} -l app.kubernetes.io/component=release-overdue`;
    const says = `no run of ${name} has succeeded for ${formatAge(found.failedForMs)}: ${so}`;
    return [{ check, state: 'warning', says, todo }];
  });
}
