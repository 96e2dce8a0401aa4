import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectivePolicy } from '../../src/decision/effective-policy.ts';
import { NO_LIMITS } from '../../src/decision/limits.ts';
import { misplacedInWorkload } from '../../src/decision/misplaced-annotations.ts';
import { describeIssue } from '../../src/decision/policy-annotations.ts';
import { podOfWorkload } from '../../src/decision/workload.ts';
import { prefixed } from '../builders.ts';

const RULES = { defaults: {}, limits: NO_LIMITS };

function ofNamespace(annotations: Readonly<Record<string, string>>, name = 'shop') {
  const { mistakes, policy } = effectivePolicy(name, prefixed(annotations), RULES);
  return { mode: policy.mode, mistakes: mistakes.map(describeIssue) };
}

describe('annotations of carbon budgets', () => {
  it('are known on namespaces', () => {
    const read = ofNamespace({ mode: 'enforce', 'carbon-budget': '0.5', paused: 'true' });
    assert.deepEqual(read, { mode: 'enforce', mistakes: [] });
  });

  it('with a mistake change nothing of the policy', () => {
    assert.deepEqual(ofNamespace({ mode: 'enforce', 'carbon-budget': 'half a kilo' }), {
      mode: 'enforce',
      mistakes: [
        'gridgate.dev/carbon-budget: "half a kilo" is not kgCO2e an hour above 0 and at most 1000000, such as 0.5 or 500g',
      ],
    });
  });

  it('misspelt are told what was meant', () => {
    assert.deepEqual(ofNamespace({ 'carbon-budgte': '0.5' }).mistakes, [
      'gridgate.dev/carbon-budgte: no such annotation, did you mean gridgate.dev/carbon-budget?',
    ]);
  });

  it('of workloads have no place on a namespace', () => {
    assert.deepEqual(ofNamespace({ 'min-replicas': '1' }).mistakes, [
      'gridgate.dev/min-replicas: no such annotation of namespaces: it belongs on a Deployment or StatefulSet',
    ]);
  });

  it('beyond what is taken are told how much that is', () => {
    assert.deepEqual(ofNamespace({ 'carbon-budget': '999999999' }).mistakes, [
      'gridgate.dev/carbon-budget: "999999999" is not kgCO2e an hour above 0 and at most 1000000, such as 0.5 or 500g',
    ]);
  });

  for (const [what, kind, annotations, podAnnotations, expected] of [
    [
      'in order',
      'Deployment',
      { 'carbon-budget': '0.5', 'min-replicas': '1', paused: 'true' },
      { class: 'flexible' },
      [],
    ],
    ['what gridgate writes', 'StatefulSet', { 'budget-status': '{}' }, {}, []],
    [
      'a mistake each',
      'StatefulSet',
      { 'carbon-budget': '0', 'min-replicas': '-1' },
      { class: 'flexible' },
      [
        'gridgate.dev/carbon-budget: "0" is not kgCO2e an hour above 0 and at most 1000000, such as 0.5 or 500g; ignored',
        'gridgate.dev/min-replicas: "-1" is not a whole number of replicas from 0 to 100000, such as 1; ignored',
      ],
    ],
    [
      'not flexible',
      'Deployment',
      { 'min-replicas': '1' },
      {},
      [
        'gridgate.dev/min-replicas: has no effect on this Deployment: only one whose pods are gridgate.dev/class: flexible is scaled down; write that to its pod template',
      ],
    ],
    [
      'flexible but for a blank, which counts as standard',
      'Deployment',
      { 'min-replicas': '1' },
      { class: ' flexible' },
      [
        'gridgate.dev/min-replicas: has no effect on this Deployment: only one whose pods are gridgate.dev/class: flexible is scaled down; write that to its pod template',
      ],
    ],
    [
      'another kind',
      'Job',
      { 'min-replicas': '1' },
      {},
      ['gridgate.dev/min-replicas: has no effect on a Job: carbon budgets scale Deployments and StatefulSets'],
    ],
  ] satisfies [string, string, Record<string, string>, Record<string, string>, string[]][])
    it(`on workloads: ${what}`, () => {
      const group = kind === 'Job' ? 'batch' : 'apps';
      const template = { metadata: { annotations: prefixed(podAnnotations) }, spec: { containers: [] } };
      const object = { metadata: { annotations: prefixed(annotations) }, spec: { template } };
      assert.deepEqual(misplacedInWorkload(group, kind, object, podOfWorkload(group, kind, object) ?? {}), expected);
    });
});
