import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeSelectorTerm } from '../../src/decision/node-selector.ts';
import type { VolumeTerms } from '../../src/decision/volume-terms.ts';
import {
  applied,
  decideNow,
  expression,
  HOSTNAME_LABEL,
  makePod,
  makePolicy,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
  ZONE_LABEL,
  zone,
} from '../builders.ts';
import { verdictOn } from './policy-model.ts';
import { RUNS, SEED } from './random-runs.ts';
import { describeScenario, type Scenario, scenario, snapshotOf } from './scenarios.ts';
import { admits, type Node, nodesFor, tolerant } from './scheduler-model.ts';

interface Held extends Scenario {
  readonly volumes: readonly VolumeTerms[];
  /** Where they all are. */
  readonly home: string;
}

/** The ways in which a volume may say that it is where a node is. */
function waysToName({ name, labels }: Node, seesNodes: boolean): NodeSelectorTerm[] {
  const zoneName = labels[ZONE_LABEL];
  const byRegion = term(region('In', labels[REGION_LABEL] ?? ''));
  if (!seesNodes) return [byRegion];
  const byNode = [term(expression(HOSTNAME_LABEL, 'In', name)), onNode(name)];
  return [byRegion, ...byNode, ...(zoneName === undefined ? [] : [term(zone('In', zoneName))])];
}

/** A scenario whose pod has one to three volumes, all in one region. */
const held: fc.Arbitrary<Held> = scenario
  .filter(({ nodes }) => nodes.some(({ labels }) => labels[REGION_LABEL] !== undefined))
  .chain((given) => {
    const placed = given.nodes.filter(({ labels }) => labels[REGION_LABEL] !== undefined);
    return fc.constantFrom(...placed).chain((node) => {
      const way = fc.constantFrom(...waysToName(node, given.seesNodes));
      return fc.array(way, { minLength: 1, maxLength: 3 }).map((ways) => {
        const volumes = ways.map((one, index) => ({ volume: `pv-${index}`, claim: `claim-${index}`, terms: [one] }));
        const text = () => `\nvolumes ${JSON.stringify(ways)}${describeScenario(given)}`;
        return { ...given, volumes, home: node.labels[REGION_LABEL] ?? '', [fc.toStringMethod]: text };
      });
    });
  });

function decideHeld(scenario: Held, pod = scenario.pod, final = false) {
  const { policy, volumes, requester } = scenario;
  const snapshot = snapshotOf(scenario, scenario.regions);
  const decision = decideNow(pod, makePolicy(policy), snapshot, { volumes, requester, final });
  return { decision, pod: applied(pod, decision) };
}

/** The nodes that admit a pod and reach its volumes, as kube-scheduler filters them. */
function placesOf({ nodes, volumes }: Held, pod: Scenario['pod']): readonly string[] {
  const reaching = nodes.filter((node) => volumes.every(({ terms }) => admits(makePod(requires(...terms)), node)));
  return nodesFor(pod, reaching);
}

function property(name: string, share: number, holds: (scenario: Held) => void): void {
  it(name, () => {
    fc.assert(fc.property(held, holds), { seed: SEED, numRuns: Math.ceil(RUNS * share) });
  });
}

describe(`a random pod that volumes hold in one region (GRIDGATE_SEED=${SEED})`, () => {
  property('is never denied for carbon or outage, unless it names a node elsewhere', 0.2, (scenario) => {
    const { decision } = decideHeld(scenario);
    const { nodeName } = scenario.pod.spec ?? {};
    const node = scenario.nodes.find(({ name }) => name === nodeName);
    if (nodeName && node?.labels[REGION_LABEL] !== scenario.home) return;
    if (decision.decision === 'deny') assert.match(decision.reason, /^(not_allowed|too_far)$/);
  });

  property('may go on where it could: carbon, outage and ranking take no node of its region away', 0.2, (scenario) => {
    const { decision, pod } = decideHeld(scenario);
    const target = decision.steps?.treatment.target;
    const home = scenario.regions.find(({ name }) => name === scenario.home);
    const isUnsettled = decision.decision === 'deny' || (target !== undefined && target !== scenario.home) || !home;
    if (isUnsettled || scenario.pod.spec?.nodeName) return;
    const { allowed, near } = verdictOn(home, scenario);
    const before = placesOf(scenario, scenario.pod).filter(
      (name) => scenario.nodes.find((node) => node.name === name)?.labels[REGION_LABEL] === scenario.home,
    );
    if (allowed && near) for (const name of before) assert.ok(placesOf(scenario, pod).includes(name), name);
  });

  property('is never widened', 0.1, (scenario) => {
    const { pod } = decideHeld(scenario);
    const before = nodesFor(tolerant(scenario.pod), scenario.nodes);
    for (const name of nodesFor(pod, scenario.nodes)) assert.ok(before.includes(name), name);
  });

  property('decided again gets an empty patch and the same words', 0.15, (scenario) => {
    const first = decideHeld(scenario);
    const again = decideHeld(scenario, first.pod);
    assert.deepEqual(again.decision.patch, []);
    const told = ({ decision, reason, message, warnings }: typeof first.decision) => [
      decision,
      reason,
      message,
      warnings,
    ];
    assert.deepEqual(told(again.decision), told(first.decision));
  });

  property('that volumes without a place would get the very decision of a pod without volumes', 0.05, (scenario) => {
    const anywhere = [{ volume: 'pv', claim: 'data', terms: [term(expression('disk', 'DoesNotExist'))] }];
    const { steps: _, ...decision } = decideHeld({ ...scenario, volumes: anywhere }).decision;
    const { steps: __, ...expected } = decideHeld({ ...scenario, volumes: [] }).decision;
    assert.deepEqual(decision, expected);
  });
});
