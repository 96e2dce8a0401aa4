import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Toleration } from '../../src/decision/pod.ts';
import { applied, decideNow, makePod, makeSnapshot } from '../builders.ts';

const snapshot = makeSnapshot({ 'eu-a': 100 });
const ALLOW = { 'pod-overrides': 'allow' };
const classed = (podClass?: string) => (podClass === undefined ? {} : { annotations: { class: podClass } });

describe('tolerations of the taint gridgate.dev/carbon', () => {
  const own = (value: string): Toleration => ({ key: 'gridgate.dev/carbon', operator: 'Equal', value });
  const every: Toleration = { key: 'gridgate.dev/carbon', operator: 'Exists' };
  const gpu: Toleration = { key: 'gpu', operator: 'Exists', effect: 'NoSchedule' };
  const rows: readonly [
    name: string,
    podClass: string | undefined,
    tolerate: string,
    before: Toleration[] | undefined,
    after: Toleration[] | undefined,
  ][] = [
    ['standard: every band', undefined, '', undefined, [every]],
    ['critical: every band', 'critical', '', undefined, [every]],
    ['flexible: low and medium', 'flexible', '', undefined, [own('low'), own('medium')]],
    ['never more than tolerate says', undefined, 'low', undefined, [own('low')]],
    ['never more than the class says', 'flexible', 'medium,high', undefined, [own('medium')]],
    ['nor more than both', 'flexible', 'high', undefined, undefined],
    ['tolerate none', undefined, 'none', undefined, undefined],
    ['tolerate all', undefined, 'high,low,medium', undefined, [every]],
    ['beside others', undefined, '', [gpu], [gpu, every]],
    ['into an empty list', 'flexible', '', [], [own('low'), own('medium')]],
    ['already there', undefined, '', [every], [every]],
    ['one of two is there', 'flexible', '', [own('medium')], [own('medium'), own('low')]],
    [
      'operator left out means Equal',
      'flexible',
      'low',
      [{ key: 'gridgate.dev/carbon', value: 'low' }],
      [{ key: 'gridgate.dev/carbon', value: 'low' }],
    ],
    ['whoever tolerates everything needs none', undefined, '', [{ operator: 'Exists' }], [{ operator: 'Exists' }]],
    [
      'every band one by one',
      undefined,
      '',
      [own('low'), own('medium'), own('high')],
      [own('low'), own('medium'), own('high')],
    ],
    [
      'of one effect only is not enough',
      undefined,
      'low',
      [{ ...own('low'), effect: 'NoExecute' }],
      [{ ...own('low'), effect: 'NoExecute' }, own('low')],
    ],
    ["a pod's own toleration is its own", 'flexible', 'none', [every], [every]],
  ];
  for (const [name, podClass, tolerate, before, after] of rows) {
    it(name, () => {
      const pod = makePod({ ...(before && { tolerations: before }), ...classed(podClass) });
      const decision = decideNow(pod, { ...ALLOW, ...(tolerate && { tolerate }) }, snapshot);
      assert.deepEqual(applied(pod, decision).spec?.tolerations, after);
    });
  }
});
