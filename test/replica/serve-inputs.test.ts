import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { switchedOn } from '../../src/replica/capacity-options.ts';
import { readInputs } from '../../src/replica/serve-inputs.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

describe('a gridgate.yaml that is named and not there', () => {
  const readIn = async (path: string, env: Record<string, string>) =>
    (await readInputs({ config: path, kubeconfig: 'k' }, env)).issues.filter((issue) =>
      issue.includes('gridgate.yaml'),
    );

  it('is a mistake on a command line', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'gridgate.yaml');
    assert.deepEqual(await readIn(path, {}), [`${path}: cannot be read: there is no such file`]);
  });

  it('is none in a pod, whose ConfigMap may be made later', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'gridgate.yaml');
    assert.deepEqual(await readIn(path, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }), []);
  });
});

describe('options that do not go together', () => {
  const CLUSTER = { kubeconfig: 'k' };
  const contradictory = [
    [{ minReplicas: 5, maxReplicas: 2 }, '--min-replicas: 5 is above --max-replicas, 2'],
    [
      { scaleUpThreshold: 20, scaleDownThreshold: 30 },
      '--scale-down-threshold: 30 is not below --scale-up-threshold, 20',
    ],
    [{ minReplicas: 2, maxReplicas: 2, scaleUpThreshold: 31, scaleDownThreshold: 30 }, undefined],
    [{ regionalAutoscaler: 'on', carbonBudgets: 'audit' }, undefined],
  ] as const;
  for (const [values, issue] of contradictory)
    it(`${JSON.stringify(values)}: ${issue ?? 'fit'}`, async () => {
      const { issues } = await readInputs({ ...CLUSTER, ...values }, {});
      assert.deepEqual(issues, issue === undefined ? [] : [issue]);
    });

  it('of a cluster, where there is none', async () => {
    const { issues } = await readInputs({ regionalAutoscaler: 'on', carbonBudgets: 'audit', nodePools: 'off' }, {});
    assert.deepEqual(
      issues.filter((issue) => /needs a cluster/.test(issue)).map((issue) => issue.split(':')[0]),
      ['--regional-autoscaler', '--carbon-budgets'],
    );
  });
});

it('what is switched on is named as it was asked for', () => {
  const on = switchedOn({ nodePools: 'off', regionalAutoscaler: 'on', carbonBudgets: 'audit' });
  assert.deepEqual(
    [...on],
    [
      ['--regional-autoscaler', 'on'],
      ['--carbon-budgets', 'audit'],
    ],
  );
});
