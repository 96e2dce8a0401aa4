import { shellCommand } from '../../units/shell-command.ts';
import type { ClusterFacts, Tried } from './facts.ts';
import type { Finding } from './finding.ts';

const CALLED = {
  namespaces: 'namespaces.gridgate.dev',
  pods: 'pods.gridgate.dev',
} as const;

/** Whether gridgate answered the two dry runs; `reached` is what was found of the way to it, which says why it did not. */
export function judgeAnswers(
  { onNamespaces, onPods, systemNamespace }: ClusterFacts,
  reached: readonly Finding[],
): readonly Finding[] {
  const context = { systemNamespace, causes: reached.filter(({ state }) => state === 'failed') };
  const namespaces = judgeTried('answers for namespaces', CALLED.namespaces, onNamespaces, '', context);
  const check = 'answers for pods';
  if (onPods.outcome === 'untried') {
    const { why, todo } = onPods;
    return [namespaces, { check, state: 'not known', says: why, todo }];
  }
  return [namespaces, judgeTried(check, CALLED.pods, onPods, ` in ${onPods.namespace}`, context)];
}

interface Context {
  readonly systemNamespace: string;
  readonly causes: readonly Finding[];
}

function judgeTried(check: string, webhook: string, tried: Tried, where: string, context: Context): Finding {
  switch (tried.outcome) {
    case 'answered': {
      const { version, mode, reason, regions } = tried.answer;
      const does = where === '' ? '' : `${where}: mode ${mode}, ${reason}`;
      return { check, state: 'ok', says: `gridgate ${version} answers${does}; it knows ${count(regions)}` };
    }
    case 'older':
      return { check, state: 'ok', says: 'a gridgate that is older than this command answers' };
    case 'refused':
      return { check, state: 'not known', says: `the API server refuses the dry run: ${tried.why}` };
    case 'failed':
      return {
        check,
        state: 'failed',
        ...whyNot(context),
        says: `the API server cannot call ${webhook}: ${tried.why}`,
      };
    case 'silent':
      return { check, state: 'failed', ...whyNot(context), says: silence(webhook, where, context) };
  }
}

function silence(webhook: string, where: string, { causes }: Context): string {
  const [first] = causes;
  const why = first
    ? `see ${[...new Set(causes.map(({ check }) => check))].join(', ')} above`
    : 'its way is what is left: a NetworkPolicy or firewall between the API server and port 8443 of the pods, or a certificate that it does not trust';
  return `a dry run${where} passes without an answer of ${webhook}, as everything does while it cannot be called: ${why}`;
}

function whyNot({ causes, systemNamespace }: Context): Pick<Finding, 'todo'> {
  const todo =
    causes.find((cause) => cause.todo !== undefined)?.todo ??
    shellCommand`kubectl get networkpolicies,pods -n ${systemNamespace} -o wide`;
  return { todo };
}

function count(regions: number): string {
  return `${regions} ${regions === 1 ? 'region' : 'regions'}`;
}
