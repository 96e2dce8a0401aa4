import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../src/decision/decide.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { REASONS, type Reason } from '../../src/decision/reasons.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { applied, decideNow, makePolicy, REGION_LABEL } from '../builders.ts';
import { insistsOnSpread, isCarbonExempt, isGood, verdictOn } from './policy-model.ts';
import { PLACED, POD_ANNOTATIONS } from './random-pods.ts';
import { RUNS, SEED } from './random-runs.ts';
import { describeScenario, type Scenario, scenario, snapshotOf } from './scenarios.ts';
import { type Node, nodesFor, tolerant } from './scheduler-model.ts';

const LEFT_ALONE: ReadonlySet<Reason> = new Set(['mode_off', 'mirror_pod', 'daemonset_pod']);
const seen = new Map<Reason, number>();

function property(name: string, share: number, holds: (scenario: Scenario) => void): void {
  it(name, () => {
    fc.assert(fc.property(scenario, holds), { seed: SEED, numRuns: Math.ceil(RUNS * share) });
  });
}

/** One of each kind of pod that shares its patch with others. */
const PLAIN_PODS: readonly Pod[] = [{}, { affinity: {} }, termsOn('arch'), termsOn('arch', 'disk')]
  .flatMap((spec): PodSpec[] => [spec, { ...spec, tolerations: [] }, { ...spec, priority: 0 }])
  .flatMap((spec): Pod[] => [
    { metadata: {}, spec },
    { metadata: { annotations: { 'gridgate.dev/class': 'flexible' } }, spec },
  ]);

function termsOn(...keys: readonly string[]): PodSpec {
  const nodeSelectorTerms = keys.map((key) => ({ matchExpressions: [{ key, operator: 'Exists' as const }] }));
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
}

type PodSpec = NonNullable<Pod['spec']>;

interface Decided {
  readonly snapshot: ReturnType<typeof snapshotOf>;
  readonly decision: Decision;
  /** The pod as it is created; as it came where it is denied. */
  readonly pod: Pod;
}

function decideIn(scenario: Scenario, regions = scenario.regions, original = scenario.pod): Decided {
  const snapshot = snapshotOf(scenario, regions);
  const policy = makePolicy(scenario.policy);
  const decision = decideNow(original, policy, snapshot, { requester: scenario.requester });
  seen.set(decision.reason, (seen.get(decision.reason) ?? 0) + 1);
  return { snapshot, decision, pod: applied(original, decision) };
}

function regionOf(nodes: readonly Node[], name: string): string {
  return nodes.find((node) => node.name === name)?.labels[REGION_LABEL] ?? '';
}

describe(`a random pod (GRIDGATE_SEED=${SEED})`, () => {
  property('decided again gets an empty patch and the same decision', 0.15, (scenario) => {
    const first = decideIn(scenario);
    const again = decideIn(scenario, scenario.regions, first.pod);
    assert.deepEqual(again.decision.patch, []);
    const told = ({ decision, reason, message, warnings, causes }: Decision) => ({
      decision,
      reason,
      message,
      warnings,
      causes,
    });
    assert.deepEqual(told(again.decision), told(first.decision));
    if (isForged(scenario.pod)) return;
    const final = decideNow(first.pod, makePolicy(scenario.policy), first.snapshot, {
      requester: scenario.requester,
      final: true,
    });
    assert.equal(final.decision === 'deny', first.decision.decision === 'deny', `/validate says ${final.message}`);
  });

  property('is decided the same whatever was decided before it', 0.1, (scenario) => {
    const snapshot = snapshotOf(scenario, scenario.regions);
    const policy = makePolicy(scenario.policy);
    const decideHere = (pod: Pod) => decideNow(pod, policy, snapshot, { requester: scenario.requester });
    for (const pod of [...PLAIN_PODS, scenario.pod]) decideHere(pod);
    const { steps: _, ...decision } = decideHere(scenario.pod);
    const { steps: __, ...expected } = decideIn(scenario).decision;
    assert.deepEqual(decision, expected);
  });

  property('never may run on a node that its own constraints refused, and keeps what is not ours', 0.15, (scenario) => {
    const { pod } = decideIn(scenario);
    const before = new Set(nodesFor(tolerant(scenario.pod), scenario.nodes));
    for (const name of nodesFor(pod, scenario.nodes)) assert.ok(before.has(name), name);
    assert.deepEqual(pod.spec?.nodeSelector, scenario.pod.spec?.nodeSelector);
    const added = (pod.spec?.tolerations ?? []).slice(scenario.pod.spec?.tolerations?.length ?? 0);
    assert.ok(added.every(({ key }) => key === 'gridgate.dev/carbon'));
    assert.deepEqual(
      pod.spec?.tolerations?.slice(0, -added.length || undefined) ?? [],
      scenario.pod.spec?.tolerations ?? [],
    );
  });

  /**
   * Unknown regions aside, a node that stays is in a region that is allowed, near and healthy, without exception; and
   * clean, except for critical and system pods, for a spread that carbon gave way to, and for the one region that
   * stays when all are dirty. A pod with a nodeName asks no scheduler: it is denied or stays where it is.
   */
  property('may run only on nodes that the policy accepts', 0.2, (scenario) => {
    const { decision, pod } = decideIn(scenario);
    if (LEFT_ALONE.has(decision.reason) || decision.decision === 'deny') return;
    const views = regionsOf(scenario, placesOf(scenario, pod));
    const verdicts = views.map((view) => ({ view, ...verdictOn(view, scenario) }));
    for (const { view, allowed, near, healthy } of verdicts)
      assert.deepEqual({ allowed, near, healthy }, { allowed: true, near: true, healthy: true }, view.name);
    const dirty = verdicts.filter(({ clean }) => !clean).map(({ view }) => view.name);
    if (decision.steps?.steering?.keptSpread) assert.ok(insistsOnSpread(scenario));
    else if (decision.reason === 'all_dirty') assertCleanestStays(scenario, views, decision);
    else assert.deepEqual(dirty, []);
  });

  property('is denied only where nothing in reach is acceptable, and never kept from what is', 0.15, (scenario) => {
    const { decision, pod } = decideIn(scenario);
    const isGoodPlace = (name: string) => regionsOf(scenario, [name]).some((view) => isGood(verdictOn(view, scenario)));
    const good = reachOf(scenario, decision).filter(isGoodPlace);
    if (decision.decision === 'deny') assert.deepEqual(good, []);
    const isRequired = ['require', 'auto'].includes(scenario.policy['placement'] ?? '');
    if (decision.decision === 'deny' || isRequired) return;
    const after = placesOf(scenario, pod);
    for (const name of good) assert.ok(after.includes(name), name);
  });

  property(
    'under two snapshots gets one preference a region, tighter requirements, and no new denial',
    0.15,
    (scenario) => {
      const first = decideIn(scenario);
      const second = decideIn(scenario, scenario.laterRegions, first.pod);
      const fresh = decideIn(scenario, scenario.laterRegions);
      assert.equal(second.decision.decision === 'deny', fresh.decision.decision === 'deny');
      assert.equal(second.decision.reason, fresh.decision.reason);
      const before = new Set(nodesFor(tolerant(first.pod), scenario.nodes));
      for (const name of nodesFor(second.pod, scenario.nodes)) assert.ok(before.has(name), name);
      for (const [region, count] of preferencesOf(second.pod))
        assert.ok(count <= Math.max(1, preferencesOf(scenario.pod).get(region) ?? 0), region);
    },
  );

  /** A node that is there, one that an elastic region or a NodePool may bring, or one without a region label. */
  property('keeps some of its reach, whatever is required of it', 0.3, (scenario) => {
    const { decision } = decideIn(scenario);
    const { reach, steering } = decision.steps ?? {};
    if (!reach || !steering || reach.regions.length === 0 || decision.reason === 'daemonset_pod') return;
    if (scenario.pod.spec?.nodeName) return;
    const { operator, values = [] } = steering.requirement ?? {};
    if (operator === undefined) return;
    const isLeft = ({ name }: RegionView) => values.includes(name) === (operator === 'In');
    assert.ok(reach.regions.some(isLeft) || (reach.unlabelled && operator === 'NotIn'), `${operator} ${values}`);
  });

  property('can still run where it could, or the answer says why not', 0.67, (scenario) => {
    const { decision, pod } = decideIn(scenario);
    if (!scenario.seesNodes || decision.decision === 'deny' || scenario.pod.spec?.nodeName) return;
    const before = nodesFor(
      { ...scenario.pod, spec: { ...scenario.pod.spec, tolerations: pod.spec?.tolerations ?? [] } },
      scenario.nodes,
    );
    if (before.length === 0 || nodesFor(pod, scenario.nodes).length > 0) return;
    assert.match(decision.warnings.join(), /counts on new ones|(it|the pod) waits|is no region that gridgate knows/);
  });

  for (const annotation of [...Object.keys(POD_ANNOTATIONS), 'all of them']) {
    // The best (`require`) and the cleanest (all dirty) are those of a pod's own reach: who reaches less may get
    // another. A region that never has a node is no alternative, though it is acceptable.
    const calm = scenario.map(({ policy, ...rest }) => ({
      ...rest,
      regions: rest.regions.map((view) => ({ ...view, elastic: true })),
      policy: { ...policy, placement: 'prefer', 'pod-overrides': 'tighten' },
    }));
    const cases = fc.tuple(calm, annotationsOf(annotation)).map(([calm, annotations]) => ({
      ...calm,
      annotations,
      [fc.toStringMethod]: () => `\n${JSON.stringify(annotations)}${describeScenario(calm)}`,
    }));
    it(`never reaches more by its annotations under pod-overrides: tighten: ${annotation}`, () => {
      const holds = ({ annotations, ...scenario }: Scenario & { annotations: Record<string, string> }) => {
        const plain = decideWith(scenario, {});
        const annotated = decideWith(scenario, annotations);
        if (plain.keptSpread || annotated.keptSpread || plain.reason === 'all_dirty') return;
        for (const place of annotated.places) assert.ok(plain.places.includes(place), place);
      };
      fc.assert(fc.property(cases, holds), { seed: SEED, numRuns: Math.ceil(RUNS * 0.02) });
    });
  }

  after(() => {
    const given = Object.keys(REASONS).filter((reason) => (seen.get(reason as Reason) ?? 0) >= RUNS / 2000);
    assert.deepEqual(given, [
      ...LEFT_ALONE,
      'unreachable',
      'acceptable',
      'steered',
      'kept_out',
      'no_data',
      'all_dirty',
      'not_allowed',
      'too_far',
      'outage',
      'high_carbon',
    ]);
  });
});

function isForged(pod: Pod): boolean {
  return JSON.stringify(pod.spec?.affinity ?? {}).includes(PLACED);
}

/** The nodes of known regions that a pod may end on. A nodeName that nobody sees is anywhere. */
function placesOf({ nodes, seesNodes, regions }: Scenario, pod: Pod): readonly string[] {
  const { nodeName } = pod.spec ?? {};
  const names = nodeName ? [nodeName].filter(() => seesNodes) : nodesFor(pod, nodes);
  return names.filter((name) => regions.some((view) => view.name === regionOf(nodes, name)));
}

/** The nodes of known regions that a pod's own constraints leave, its target among them. */
function reachOf(scenario: Scenario, { steps }: Decision): readonly string[] {
  const target = scenario.pod.spec?.nodeName ? undefined : steps?.treatment.target;
  const places = placesOf(scenario, scenario.pod);
  return target === undefined ? places : places.filter((name) => regionOf(scenario.nodes, name) === target);
}

function regionsOf({ nodes, regions }: Scenario, names: readonly string[]): readonly RegionView[] {
  return regions.filter(({ name }) => names.some((node) => regionOf(nodes, node) === name));
}

/** Where a pod with these annotations may end; nowhere when it is denied. */
function decideWith(scenario: Scenario, annotations: Record<string, string>) {
  const original = { ...scenario.pod, metadata: { ...scenario.pod.metadata, annotations } };
  const { decision, pod } = decideIn(scenario, scenario.regions, original);
  return {
    places: decision.decision === 'deny' ? [] : placesOf(scenario, pod),
    keptSpread: decision.steps?.steering?.keptSpread,
    reason: decision.reason,
  };
}

/** A value for one pod annotation, or for all. */
function annotationsOf(annotation: string): fc.Arbitrary<Record<string, string>> {
  const entries = Object.entries<fc.Arbitrary<string>>(POD_ANNOTATIONS)
    .filter(([key]) => annotation === 'all of them' || key === annotation)
    .map(([key, values]) => [key.includes('/') ? key : `gridgate.dev/${key}`, values]);
  return fc.record(Object.fromEntries(entries));
}

/** How many preferred terms name just one region, by region. */
function preferencesOf(pod: Pod): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const terms = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const { preference } of terms) {
    const [only, ...others] = preference.matchExpressions ?? [];
    if (only?.key !== REGION_LABEL || only.operator !== 'In' || others.length > 0 || preference.matchFields?.length)
      continue;
    const [region, ...more] = only.values ?? [];
    if (region !== undefined && more.length === 0) counts.set(region, (counts.get(region) ?? 0) + 1);
  }
  return counts;
}

/** All dirty: at most one region stays, nothing better was within reach, and nothing dirty is cleaner. */
function assertCleanestStays(scenario: Scenario, [kept, ...others]: readonly RegionView[], decision: Decision): void {
  const grams = (view: RegionView) => view.reading?.gramsPerKwh ?? 0;
  assert.deepEqual(
    others.map(({ name }) => name),
    [],
  );
  assert.ok(!isCarbonExempt(scenario));
  for (const view of regionsOf(scenario, reachOf(scenario, decision))) {
    const verdict = verdictOn(view, scenario);
    assert.ok(!isGood(verdict), `${view.name} is clean`);
    if (kept && isGood({ ...verdict, clean: true })) assert.ok(grams(kept) <= grams(view), `${view.name} is cleaner`);
  }
}
