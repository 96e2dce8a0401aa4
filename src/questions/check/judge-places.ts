import { effectivePolicy } from '../../decision/effective-policy.ts';
import { NEVER_MANAGED, shouldBeManaged } from '../../decision/managed-label.ts';
import { MANAGED_LABEL, type NamespaceRecord } from '../../decision/namespace-record.ts';
import { MODES } from '../../decision/policy.ts';
import { describeIssue } from '../../decision/policy-annotations.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import { checkLabels } from '../../regions/check-labels.ts';
import { itself, nameFew, nameOf, tellFew } from '../../units/tell-few.ts';
import type { ClusterFacts, Settings } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';

const MOST_NAMED = 3;
const MOST_TOLD = 5;
const NO_RULES: PolicyRules = { defaults: {}, limits: {} };

/** Whether nodes are labelled, and labels and Regions fit together. */
export function judgeNodes({ nodes, regions, regionLabel }: ClusterFacts): readonly Finding[] {
  const check = 'labels';
  return about(check, nodes, (all) => {
    const bare = all.filter(({ region }) => region === undefined);
    const misfits = 'value' in regions ? checkLabels(regions.value, all, regionLabel) : [];
    const told = tellFew(misfits, MOST_TOLD, itself, (more) => `${more} more labels or Regions do not fit`);
    const found: readonly Finding[] = [
      ...(bare.length > 0 ? [unlabelled(check, bare, all.length, regionLabel)] : []),
      ...told.map(
        (says): Finding => ({
          check,
          state: 'failed',
          says,
          todo: `kubectl get nodes -L ${regionLabel}; kubectl get regions`,
        }),
      ),
    ];
    if (found.length > 0) return found;
    if (all.length === 0) return [{ check, state: 'warning', says: 'the cluster has no nodes' }];
    return [{ check, state: 'ok', says: `${regionLabel} of the nodes (${all.length}) and Regions fit together` }];
  });
}

function unlabelled(
  check: string,
  bare: readonly { readonly name: string }[],
  all: number,
  regionLabel: string,
): Finding {
  const [first] = bare;
  const says = `${bare.length} of ${all} nodes have no label ${regionLabel} (${nameFew(bare, MOST_NAMED, nameOf)}): they are in no region`;
  const state = bare.length === all ? 'failed' : 'warning';
  return { check, state, says, todo: `kubectl label node ${first?.name} ${regionLabel}=REGION` };
}

/** Whether each namespace's label says what its mode does, and which have annotations that nobody understands. */
export function judgeNamespaces({ namespaces, settings, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'namespaces';
  return about(check, namespaces, (all) => {
    const rules = rulesOf(valueOr(settings, undefined));
    const judged = all
      .filter(({ name }) => name !== systemNamespace && !NEVER_MANAGED.has(name))
      .map((namespace) => ({ namespace, ...effectivePolicy(namespace.name, namespace.annotations, rules) }));
    const faults = judged.flatMap(({ namespace, policy, mistakes }) => [
      ...labelFault(check, namespace, shouldBeManaged(namespace.name, policy.mode)),
      ...mistakes.slice(0, 1).map(
        (issue): Finding => ({
          check,
          state: 'failed',
          says: `${namespace.name} counts as ${policy.mode}: ${describeIssue(issue)}`,
          todo: `kubectl describe namespace ${namespace.name}`,
        }),
      ),
    ]);
    const told = faults.slice(0, MOST_TOLD);
    if (faults.length > MOST_TOLD)
      return [
        ...told,
        { check, state: 'failed', says: `${faults.length - MOST_TOLD} more namespaces are not in order` },
      ];
    const modes = MODES.filter((mode) => mode !== 'off')
      .map((mode) => [mode, judged.filter(({ policy }) => policy.mode === mode).length] as const)
      .filter(([, count]) => count > 0);
    if (modes.length === 0 && told.length === 0)
      return [{ check, state: 'ok', says: `none of ${judged.length} opted in yet: gridgate acts nowhere` }];
    if (told.length > 0) return told;
    return [
      { check, state: 'ok', says: `opted in: ${modes.map(([mode, count]) => `${count} in ${mode}`).join(', ')}` },
    ];
  });
}

function rulesOf(settings: Settings | undefined): PolicyRules {
  return settings && 'rules' in settings ? settings.rules : NO_RULES;
}

function labelFault(
  check: string,
  { name, managed }: NamespaceRecord,
  wanted: boolean | undefined,
): readonly Finding[] {
  if (wanted === undefined || wanted === managed) return [];
  const says = wanted
    ? `${name} opted in, but lacks the label ${MANAGED_LABEL}: its pods are not sent to gridgate`
    : `${name} has the label ${MANAGED_LABEL}, but its mode is off: its pods are sent to gridgate for nothing`;
  const todo = `kubectl label namespace ${name} ${MANAGED_LABEL}${wanted ? '=true' : '-'}`;
  return [{ check, state: wanted ? 'failed' : 'warning', says, todo }];
}
