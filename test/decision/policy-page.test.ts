import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BESIDE_POLICY,
  CARBON_BUDGET,
  MIN_REPLICAS,
  parseCarbonBudget,
  parseMinReplicas,
  WORKLOAD_KEYS,
} from '../../src/decision/carbon-budget.ts';
import { POD_KEYS } from '../../src/decision/pod-keys.ts';
import { BUILT_IN_DEFAULTS } from '../../src/decision/policy.ts';
import { POLICY_ANNOTATIONS } from '../../src/decision/policy-annotations.ts';
import { REASONS } from '../../src/decision/reasons.ts';
import { treatmentOf } from '../../src/decision/treatment.ts';
import { decideNow, makePolicy, makeRegion, makeSnapshot, region } from '../builders.ts';
import { SEED } from './random-runs.ts';
import { scenario, snapshotOf } from './scenarios.ts';

const PAGE = readFileSync('src/decision/policy.md', 'utf8');
const NAMESPACES = tableBelow('Of namespaces');
const PODS = tableBelow('Of pods');
const WORKLOADS = tableBelow('Of Deployments and StatefulSets');
const DECISIONS = tableBelow('Reasons');

/** Rows by the word in their first cell, each with the cells behind it. */
type Table = ReadonlyMap<string, readonly string[]>;

describe('the policy reference', () => {
  it('has every annotation of namespaces, and no other', () =>
    assert.deepEqual([...NAMESPACES.keys()].sort(), [...Object.keys(POLICY_ANNOTATIONS), ...BESIDE_POLICY].sort()));

  for (const [name, { words = [], parse }] of Object.entries(POLICY_ANNOTATIONS))
    it(`has the values, default and an example of ${name}`, () => {
      const [values = '', fallback = '', , example = ''] = NAMESPACES.get(name) ?? [];
      for (const word of words) assert.ok(codesOf(values).includes(word), `${word} in ${values}`);
      if (words.length > 0) assert.deepEqual(codesOf(values), words);
      assert.equal(codesOf(fallback)[0], BUILT_IN_DEFAULTS[name], fallback);
      const [written = ''] = codesOf(example);
      assert.ok(parse(written), `${example} is accepted`);
      assert.notEqual(written, BUILT_IN_DEFAULTS[name], 'an example shows another value than the default');
    });

  it('has every annotation of pods and workloads, and no other', () => {
    assert.deepEqual([...PODS.keys()].sort(), [...POD_KEYS].sort());
    assert.deepEqual([...WORKLOADS.keys()].sort(), [...WORKLOAD_KEYS].sort());
  });

  it('has examples for pods and workloads that are understood', () => {
    for (const [name, [, , , example = '']] of PODS) {
      const annotations = { 'gridgate.dev/class': 'flexible', [`gridgate.dev/${name}`]: codesOf(example)[0] ?? '' };
      const policy = makePolicy({ defer: '8h' });
      assert.deepEqual(
        treatmentOf({ metadata: { annotations }, spec: { restartPolicy: 'Never' } }, policy).warnings,
        [],
      );
    }
    for (const table of [NAMESPACES, WORKLOADS])
      assert.ok(parseCarbonBudget(exampleIn(table, CARBON_BUDGET)), `an example of ${CARBON_BUDGET}`);
    assert.ok(parseMinReplicas(exampleIn(WORKLOADS, MIN_REPLICAS)), `an example of ${MIN_REPLICAS}`);
  });

  it('has every reason, in the words of the code', () =>
    assert.deepEqual(Object.fromEntries([...DECISIONS].map(([reason, [, sentence]]) => [reason, sentence])), REASONS));

  it('says of random pods what is decided', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(scenario, (one) => {
        const { decision, reason } = decideNow(one.pod, makePolicy(one.policy), snapshotOf(one, one.regions), {
          requester: one.requester,
        });
        seen.add(reason);
        const told = codesOf(DECISIONS.get(reason)?.[0] ?? '');
        assert.ok(told.includes(decision), `${reason} ends with ${decision}, and the page says ${told}`);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
    assert.ok(seen.size > 8, [...seen].join());
  });

  it('says which reason a pod gets whose regions are refused for different ones', () => {
    assert.match(
      PAGE,
      /first of them that any of its regions has: held to one in an outage and one that is too dirty, `outage`/,
    );
    const regions = [
      makeRegion('dirty', 900),
      makeRegion('down', 20, { outage: 'AZ power loss' }),
      makeRegion('clean', 10),
    ];
    const nodeSelectorTerms = [{ matchExpressions: [region('In', 'dirty', 'down')] }];
    const pod = {
      spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } },
    };
    const { decision, reason } = decideNow(pod, makePolicy({ mode: 'enforce' }), makeSnapshot(regions));
    assert.deepEqual([decision, reason], ['deny', 'outage']);
  });

  it('names limits that gridgate.yaml has', () => {
    const schema = JSON.parse(readFileSync('manifests/gridgate.schema.json', 'utf8'));
    const known = Object.keys(schema.properties.limits.properties);
    const named = [...NAMESPACES.values()].flatMap((cells) => codesOf(cells[4] ?? ''));
    assert.ok(named.length >= 5);
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    );
  });
});

function tableBelow(heading: string): Table {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const [first = '', ...cells] = row.slice(2, -2).split(' | ');
      return [codesOf(first)[0] ?? '', cells];
    }),
  );
}

function codesOf(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function exampleIn(table: Table, key: string): string {
  return codesOf(table.get(key.replace('gridgate.dev/', ''))?.[3] ?? '')[0] ?? '';
}
