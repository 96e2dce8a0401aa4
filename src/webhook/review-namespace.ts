import { adviceOnPlacement, PLACEMENT_KEY } from '../decision/autoscaler-words.ts';
import { BESIDE_POLICY } from '../decision/carbon-budget.ts';
import { CHECK_KEY } from '../decision/check-answer.ts';
import { type EffectivePolicy, effectivePolicy } from '../decision/effective-policy.ts';
import { shouldBeManaged } from '../decision/managed-label.ts';
import { warning } from '../decision/messages.ts';
import { misplacedLabels } from '../decision/misplaced-annotations.ts';
import { ANNOTATION_PREFIX, MANAGED_LABEL } from '../decision/namespace-record.ts';
import type { PatchOperation } from '../decision/patch.ts';
import { describeIssue, POLICY_ANNOTATIONS, type PolicyIssue } from '../decision/policy-annotations.ts';
import type { PolicyRules } from '../decision/policy-rules.ts';
import { HOME_KEY, knownNames, matchesNothing, REGIONS_KEY, unknownNames } from '../decision/unknown-names.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { isMapping } from '../units/is-mapping.ts';
import { onOneLine } from '../units/legible.ts';
import { tellFew } from '../units/tell-few.ts';
import type { Answer, Denial } from './answer.ts';
import { cutName } from './cut-name.ts';
import { type JsonObject, type Review, text } from './review.ts';
import { passed } from './review-pod.ts';

/** A namespace may come with a hundred thousand annotations: each mistake is looked for its nearest key, and told. */
const MOST_OWN = 100;
const MOST_NAMED = 50;

/**
 * Refuses the mistakes that this write brings into a namespace's annotations, and what it asks beyond the limits, all in
 * one message; keeps the label that the pod webhooks select by in step with the mode that counts. What was there before
 * does not block other writes. The kill switch changes nothing here: it is lifted again without touching namespaces.
 */
export function reviewNamespace(review: Review, rules: PolicyRules, snapshot: Snapshot): Answer {
  const name = review.name || cutName(text(field(review.object, 'metadata')['name']));
  if (review.kind !== 'Namespace' || review.group !== '') return passed(review, 'not_a_pod', undefined);
  if (review.isOversized) return passed(review, 'oversized', undefined);
  const annotations = annotationsToJudge(review);
  const before = review.oldObject ? ownAnnotations(review.oldObject) : {};
  const { policy, mistakes, excess } = effectivePolicy(name, annotations, rules);
  const { mode } = policy;
  const outcome = { mode, decision: 'allow', reason: 'valid_policy', owner: `Namespace/${name}` } as const;
  if (field(review.object, 'metadata')['deletionTimestamp']) return { outcome };
  const introduced = [...mistakes, ...excess].filter(({ key, value }) => before[key] !== value);
  if (introduced.length > 0) {
    const denial = denialOf(name, introduced);
    const { message } = denial;
    return { denial, outcome: { ...outcome, decision: 'deny', reason: 'invalid_policy', message } };
  }
  const managed = shouldBeManaged(name, mode);
  if (managed !== undefined) {
    const advice = adviceOn(name, { policy, annotations, before, rules, snapshot, isNew: !review.oldObject });
    const warnings = [...labelWarnings(review), ...advice];
    return { patch: labelPatch(review.object, managed), warnings, outcome };
  }
  if (mode === 'off' || annotations[`${ANNOTATION_PREFIX}mode`] === undefined) return { outcome };
  return { warnings: [`gridgate never acts in ${name}: its annotations there have no effect`], outcome };
}

interface Written extends Pick<EffectivePolicy, 'policy'> {
  readonly annotations: Readonly<Record<string, string>>;
  readonly before: Readonly<Record<string, string>>;
  readonly rules: PolicyRules;
  readonly snapshot: Snapshot;
  readonly isNew: boolean;
}

/** Advice on annotations that are in order: region names that nothing here has, and a mode that begins to deny or to record. */
function adviceOn(name: string, { policy, annotations, before, rules, snapshot, isNew }: Written): readonly string[] {
  const { mode } = policy;
  const modeBefore = effectivePolicy(name, before, rules).policy.mode;
  const rises = mode === 'enforce' && modeBefore !== 'enforce';
  const keys = [REGIONS_KEY, HOME_KEY].filter((key) => rises || before[key] !== annotations[key]);
  const shows = `gridgate audit --live -n ${name}`;
  const deniesAll = keys.includes(REGIONS_KEY) && mode === 'enforce' && matchesNothing(policy.regions, snapshot);
  return [
    ...unknownNames(annotations, keys, knownNames(snapshot)),
    ...(deniesAll
      ? ['gridgate: nothing that is known here is among the regions allowed: every pod will be denied']
      : []),
    // Nothing runs yet in a namespace that is new.
    ...(rises && !isNew
      ? [
          `gridgate: "${shows}" names what will be refused, and DaemonSets that reach outside regions; the leader names the first 5 in an Event here once enforce acts`,
        ]
      : []),
    ...waitingAdvice({ policy, annotations, before }),
    ...placementAdvice({ policy, annotations, before, snapshot }),
    ...(mode === 'audit' && modeBefore !== 'audit'
      ? [
          `gridgate: mode audit only records: "${shows}" shows it now, an Event tells owners once a day; so do the log and gridgate_admission_requests_total`,
        ]
      : []),
  ].map(warning);
}

/** What is written of waiting, where nothing will wait for it; once, with the write that makes it so. */
function waitingAdvice({ policy, annotations, before }: Pick<Written, 'policy' | 'annotations' | 'before'>): string[] {
  const isWritten = ['defer', 'defer-by', 'mode'].some((name) => {
    const key = ANNOTATION_PREFIX + name;
    return before[key] !== annotations[key];
  });
  if (!isWritten) return [];
  const { mode, deferMs } = policy;
  const has = (name: string) => annotations[ANNOTATION_PREFIX + name] !== undefined;
  const places = mode === 'warn' || mode === 'enforce';
  return [
    ...(has('defer') && deferMs === 0 ? ['gridgate.dev/defer: 0 lets nothing wait'] : []),
    ...(has('defer') && deferMs && !places
      ? [`gridgate.dev/defer: nothing waits in mode ${mode}; gridgate.dev/mode has to be warn or enforce`]
      : []),
    ...(has('defer-by') && !deferMs ? ['gridgate.dev/defer-by: has no effect without gridgate.dev/defer'] : []),
  ];
}

/** What a placement that this write brings comes to, with what brings nodes here. */
function placementAdvice({
  policy,
  annotations,
  before,
  snapshot,
}: Pick<Written, 'policy' | 'annotations' | 'before' | 'snapshot'>): readonly string[] {
  const { supply } = snapshot;
  const { [PLACEMENT_KEY]: written } = annotations;
  if (!supply || written === undefined || written === before[PLACEMENT_KEY]) return [];
  const advice = adviceOnPlacement(policy.placement, supply.autoscaling);
  return advice === undefined ? [] : [advice];
}

/**
 * Of labels that this write brings or changes: who writes `kubectl label` for `kubectl annotate` believes that it was
 * done.
 */
function labelWarnings({ object, oldObject = {} }: Review): readonly string[] {
  const [labels, before] = [object, oldObject].map((one) => field(field(one, 'metadata'), 'labels'));
  const written = Object.entries(labels ?? {}).filter(([key, value]) => before?.[key] !== value);
  return misplacedLabels(Object.fromEntries(written)).map(warning);
}

function denialOf(name: string, issues: readonly PolicyIssue[]): Denial {
  const named = issues.slice(0, MOST_NAMED);
  return {
    object: { kind: 'Namespace', name: onOneLine(name) },
    code: 422,
    reason: 'Invalid',
    message: `gridgate refuses these annotations: ${tellFew(issues, MOST_NAMED, describe, (more) => `and ${more} more`).join('; ')}`,
    causes: named.map((issue) => ({
      reason: 'FieldValueInvalid',
      message: describe(issue),
      field: onOneLine(`metadata.annotations[${cutName(issue.key)}]`),
    })),
  };
}

function describe(issue: PolicyIssue): string {
  return onOneLine(describeIssue({ ...issue, key: cutName(issue.key) }));
}

function labelPatch(namespace: JsonObject, managed: boolean): readonly PatchOperation[] {
  const { labels } = field(namespace, 'metadata');
  const current = isMapping(labels) ? labels[MANAGED_LABEL] : undefined;
  const path = `/metadata/labels/${MANAGED_LABEL.replace('/', '~1')}`;
  if (!managed) return current === undefined ? [] : [{ op: 'remove', path }];
  if (current === 'true') return [];
  return isMapping(labels)
    ? [{ op: 'add', path, value: 'true' }]
    : [{ op: 'add', path: '/metadata/labels', value: { [MANAGED_LABEL]: 'true' } }];
}

/** One that asks who answers is understood in a dry run alone: it is never stored, and so no policy has to know it. */
function annotationsToJudge({ object, dryRun }: Review): Record<string, string> {
  const own = ownAnnotations(object);
  if (dryRun) delete own[CHECK_KEY];
  return own;
}

function ownAnnotations(namespace: JsonObject): Record<string, string> {
  const { annotations } = field(namespace, 'metadata');
  if (!isMapping(annotations)) return {};
  const isOwn = (entry: [string, unknown]): entry is [string, string] =>
    entry[0].startsWith(ANNOTATION_PREFIX) && typeof entry[1] === 'string';
  const own = Object.entries(annotations).filter(isOwn);
  if (own.length <= MOST_OWN) return Object.fromEntries(own);
  // All that can mean something, and enough of the rest to be refused for.
  const known = own.filter(([key]) => {
    const name = key.slice(ANNOTATION_PREFIX.length);
    return Object.hasOwn(POLICY_ANNOTATIONS, name) || BESIDE_POLICY.includes(name);
  });
  return Object.fromEntries([...own.slice(0, MOST_OWN), ...known]);
}

function field(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isMapping(value) ? value : {};
}
