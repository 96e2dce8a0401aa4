import { type NamedSecret, tellSecret } from '../../units/named-secret.ts';
import { isPlainName, shellCommand } from '../../units/shell-command.ts';
import { tellFew } from '../../units/tell-few.ts';
import type { ClusterFacts, KeyRef } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { type Located, locate, objectOf } from './locate-secret.ts';

const MOST_TOLD = 5;

/** Whether gridgate.yaml can be read, every secret that it names is there, and what the kill switch does. */
export function judgeSettings(facts: ClusterFacts): readonly Finding[] {
  return [...judgeConfiguration(facts), ...judgeKillSwitch(facts)];
}

function judgeConfiguration(facts: ClusterFacts): readonly Finding[] {
  const { settings, systemNamespace } = facts;
  const check = 'gridgate.yaml';
  return about(check, settings, (value) => {
    if (!value)
      return [{ check, state: 'ok', says: `there is no ConfigMap gridgate in ${systemNamespace}: defaults count` }];
    if ('mistakes' in value) {
      const todo = shellCommand`kubectl edit configmap gridgate -n ${systemNamespace}`;
      const most = tellFew(
        value.mistakes,
        MOST_TOLD,
        (says) => says,
        (more) => `${more} more mistakes`,
      );
      return most.map((says): Finding => ({ check, state: 'failed', says: `${says}; the last good one counts`, todo }));
    }
    const faults = value.secrets.flatMap((secret) => faultOf(secret, facts));
    const sources = value.sources.length === 0 ? 'no source' : value.sources.join(', ');
    return faults.length > 0 ? faults : [{ check, state: 'ok', says: `is in order: ${sources}` }];
  });
}

/** Where a secret is looked for, and what is there instead. */
function faultOf(named: NamedSecret, facts: ClusterFacts): readonly Finding[] {
  const { deployments, systemNamespace } = facts;
  const controllers =
    'value' in deployments ? deployments.value.find(({ roles }) => roles.includes('controllers')) : undefined;
  if (!controllers) return []; // told with the replicas
  const check = 'secrets';
  const what = tellSecret(named);
  const located = locate(named, controllers);
  if ('missing' in located) {
    const todo = shellCommand`kubectl edit deployment ${controllers.name} -n ${systemNamespace}`;
    return [{ check, state: 'failed', says: `${what}: ${located.missing}`, todo }];
  }
  return faultOfKeys(check, what, located, facts);
}

function faultOfKeys(
  check: string,
  what: string,
  { candidates }: Extract<Located, { candidates: unknown }>,
  { keys, systemNamespace }: ClusterFacts,
): readonly Finding[] {
  if (candidates.length === 0) return [];
  const unread: string[] = [];
  for (const ref of candidates) {
    const seen = keys.get(objectOf(ref));
    if (seen && 'unread' in seen) unread.push(seen.unread);
    else if (seen?.value?.has(ref.key)) return [];
  }
  if (unread[0] !== undefined) return [{ check, state: 'not known', says: `${what}: ${unread[0]}` }];
  const [first] = candidates;
  if (!first) return [];
  const seen = keys.get(objectOf(first));
  const isThere = seen !== undefined && 'value' in seen && seen.value !== undefined;
  const says = isThere
    ? `${what}: the ${objectOf(first)} in ${systemNamespace} has no key ${first.key}, or nothing in it`
    : `${what}: there is no ${objectOf(first)} in ${systemNamespace}`;
  return [{ check, state: 'failed', says, todo: remedy(first, isThere, systemNamespace) }];
}

function remedy({ kind, name, key }: KeyRef, isThere: boolean, namespace: string): string | undefined {
  if (kind === 'ConfigMap' || !isPlainName(key))
    return shellCommand`kubectl edit ${kind.toLowerCase()} ${name} -n ${namespace}`;
  return isThere
    ? shellCommand`kubectl patch secret ${name} -n ${namespace} -p '{"stringData":{"${key}":"TOKEN"}}'`
    : shellCommand`kubectl create secret generic ${name} -n ${namespace} --from-literal=${key}=TOKEN`;
}

function judgeKillSwitch({ killSwitch, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'kill switch';
  return about(check, killSwitch, ({ cap, unreadable }) => {
    const todo = shellCommand`kubectl describe configmap gridgate-kill-switch -n ${systemNamespace}`;
    if (unreadable !== undefined)
      return [
        {
          check,
          state: 'failed',
          says: `its max-mode ${JSON.stringify(unreadable)} is no mode, and counts as ${cap}`,
          todo,
        },
      ];
    if (cap === undefined || cap === 'enforce')
      return [{ check, state: 'ok', says: 'is not set: every namespace has its own mode' }];
    return [{ check, state: 'warning', says: `no mode above ${cap} counts in any namespace`, todo }];
  });
}
