import { effectivePolicy } from '../../decision/effective-policy.ts';
import { NEVER_MANAGED, shouldBeManaged } from '../../decision/managed-label.ts';
import { MANAGED_LABEL, MODE_KEY, type NamespaceRecord } from '../../decision/namespace-record.ts';
import { MODES, type Policy } from '../../decision/policy.ts';
import { describeIssue, type PolicyIssue } from '../../decision/policy-annotations.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import { checkLabels, elasticWithoutPools } from '../../regions/check-labels.ts';
import { shellCommand } from '../../units/shell-command.ts';
import { itself, nameFew, nameOf, tellFew } from '../../units/tell-few.ts';
import type { ClusterFacts } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';

const MOST_NAMED = 3;
const MOST_TOLD = 5;
const CHECK = 'namespaces';
const NO_RULES: PolicyRules = { defaults: {}, limits: {} };

/** Whether nodes are labelled, and labels and Regions fit together. */
export function judgeNodes({ nodes, nodePools, regions, regionLabel }: ClusterFacts): readonly Finding[] {
  const check = 'labels';
  return about(check, nodes, (all) => {
    const bare = all.filter(({ region }) => region === undefined);
    const pools = valueOr(nodePools, []);
    const misfits = 'value' in regions ? checkLabels(regions.value, all, regionLabel, pools) : [];
    const elastic = 'value' in regions ? elasticWithoutPools(regions.value, all, regionLabel, pools) : [];
    const told = tellFew(misfits, MOST_TOLD, itself, (more) => `${more} more labels or Regions do not fit`);
    const found: readonly Finding[] = [
      ...(bare.length > 0 ? [unlabelled(check, bare, all.length, regionLabel)] : []),
      ...told.map(
        (says): Finding => ({
          check,
          state: 'failed',
          says,
          todo: shellCommand`kubectl get nodes -L ${regionLabel}; kubectl get regions`,
        }),
      ),
      ...(elastic.length > 0 ? [unserved(check, elastic)] : []),
    ];
    if (found.length > 0) return found;
    if (all.length === 0) return [{ check, state: 'warning', says: 'the cluster has no nodes' }];
    return [{ check, state: 'ok', says: `${regionLabel} of the nodes (${all.length}) and Regions fit together` }];
  });
}

/** Node groups of another autoscaler are not looked at here. */
function unserved(check: string, regions: readonly string[]): Finding {
  const [first] = regions;
  const [who, it] = regions.length === 1 ? ['Region', 'it is'] : ['Regions', 'they are'];
  const says = `${who} ${nameFew(regions, MOST_NAMED, itself)}: no node is there, no NodePool creates any, and ${it} elastic: pods may be led where no node comes, unless another autoscaler brings it; take spec.elastic out, or let a NodePool name the region`;
  return { check, state: 'warning', says, todo: first && shellCommand`kubectl edit region ${first}` };
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
  return { check, state, says, todo: first && shellCommand`kubectl label node ${first.name} ${regionLabel}=REGION` };
}

/**
 * Whether each namespace's label says what its mode does, and which have annotations that nobody understands. Where gridgate.yaml
 * could not be read, nobody knows the mode of a namespace that says none, nor whether one may be off:
 *
 * | gridgate.yaml             | mode of the namespace itself | judged |
 * | ------------------------- | ---------------------------- | ------ |
 * | read, or not there        | any                          | yes    |
 * | not read, or has mistakes | audit, warn, enforce         | yes    |
 * | not read, or has mistakes | off, none                    | no     |
 */
export function judgeNamespaces({ namespaces, settings, systemNamespace }: ClusterFacts): readonly Finding[] {
  return about(CHECK, namespaces, (all) => {
    const rules = rulesOf(settings);
    const known = all
      .filter(({ name }) => name !== systemNamespace && !NEVER_MANAGED.has(name))
      .map((namespace) => ({
        namespace,
        ...effectivePolicy(namespace.name, namespace.annotations, rules ?? NO_RULES),
      }));
    const judged = rules
      ? known
      : known.filter(({ namespace, policy }) => policy.mode !== 'off' && MODE_KEY in namespace.annotations);
    const faulty = judged.map(faultsOf).filter((faults) => faults.length > 0);
    const unknown = known.length - judged.length;
    return [
      ...tellFaults(faulty),
      ...(faulty.length === 0 && (unknown === 0 || judged.length > 0) ? [sumUp(judged)] : []),
      ...(unknown > 0 ? [unjudged(unknown)] : []),
    ];
  });
}

interface Judged {
  readonly namespace: NamespaceRecord;
  readonly policy: Policy;
  readonly mistakes: readonly PolicyIssue[];
}

/** Those of one namespace, failed ones first. */
function faultsOf({ namespace, policy, mistakes }: Judged): readonly Finding[] {
  const { name } = namespace;
  return [
    ...mistakes.slice(0, 1).map(
      (issue): Finding => ({
        check: CHECK,
        state: 'failed',
        says: `${name} counts as ${policy.mode}: ${describeIssue(issue)}`,
        todo: shellCommand`kubectl describe namespace ${name}`,
      }),
    ),
    ...labelFault(namespace, shouldBeManaged(name, policy.mode)),
  ];
}

/** A few namespaces, those where something failed first; the line about the others is as bad as the worst of them. */
function tellFaults(faulty: readonly (readonly Finding[])[]): readonly Finding[] {
  const sorted = faulty.toSorted((a, b) => Number(hasFailed(b)) - Number(hasFailed(a)));
  const hidden = sorted.slice(MOST_TOLD);
  const told = sorted.slice(0, MOST_TOLD).flat();
  if (hidden.length === 0) return told;
  const says = `${hidden.length} more namespaces are not in order`;
  return [...told, { check: CHECK, state: hidden.some(hasFailed) ? 'failed' : 'warning', says }];
}

function hasFailed(faults: readonly Finding[]): boolean {
  return faults.some(({ state }) => state === 'failed');
}

function sumUp(judged: readonly Judged[]): Finding {
  const modes = MODES.filter((mode) => mode !== 'off')
    .map((mode) => [mode, judged.filter(({ policy }) => policy.mode === mode).length] as const)
    .filter(([, count]) => count > 0);
  const says =
    modes.length === 0
      ? `none of ${judged.length} opted in yet: gridgate judges no pods`
      : `opted in: ${modes.map(([mode, count]) => `${count} in ${mode}`).join(', ')}`;
  return { check: CHECK, state: 'ok', says };
}

function unjudged(count: number): Finding {
  const says = `not judged: ${count} that ask for no mode, or for off: what counts there stands in gridgate.yaml, which could not be read`;
  return { check: CHECK, state: 'not known', says };
}

/** Undefined where nobody knows them: the last good ones count, or the caller may not see them. */
export function rulesOf(settings: ClusterFacts['settings']): PolicyRules | undefined {
  if (!('value' in settings)) return undefined;
  if (!settings.value) return NO_RULES;
  return 'rules' in settings.value ? settings.value.rules : undefined;
}

function labelFault({ name, managed }: NamespaceRecord, wanted: boolean | undefined): readonly Finding[] {
  if (wanted === undefined || wanted === managed) return [];
  const says = wanted
    ? `${name} opted in, but lacks the label ${MANAGED_LABEL}: its pods are not sent to gridgate`
    : `${name} has the label ${MANAGED_LABEL}, but its mode is off: its pods are sent to gridgate for nothing`;
  const todo = wanted
    ? shellCommand`kubectl label namespace ${name} ${MANAGED_LABEL}=true`
    : shellCommand`kubectl label namespace ${name} ${MANAGED_LABEL}-`;
  return [{ check: CHECK, state: wanted ? 'failed' : 'warning', says, todo }];
}
