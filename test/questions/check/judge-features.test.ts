import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { troubleOf } from '../../../src/questions/check/read-autoscalers.ts';
import { deploymentOf, saysOf } from './facts-of.ts';

const run = (...args: readonly string[]) => ({ deployments: { value: [deploymentOf('controllers', { args })] } });
const MISSING = 'metrics.k8s.io tells no usage: it is not installed; gridgate needs metrics-server';
const noUsage = { usage: { value: MISSING } };
const measured = {
  settings: { value: { sources: [], secrets: [], rules: { defaults: {}, limits: {} }, measuresEnergy: true } },
} as never as object;

function autoscaler(...conditions: readonly object[]) {
  return { metadata: { name: 'web', namespace: 'shop' }, status: { conditions } } as never;
}

const without = autoscaler(
  { type: 'Accepted', status: 'True' },
  { type: 'MetricsAvailable', status: 'False', reason: 'NoUsage', message: 'nobody tells' },
);

describe('gridgate check says of what is switched on', () => {
  it('nothing where nothing is', () => assert.deepEqual(saysOf('features', noUsage), []));

  it('what it is, and that it lacks metrics-server', () => {
    assert.deepEqual(saysOf('features', { ...run('--regional-autoscaler=on', '--carbon-budgets=audit'), ...noUsage }), [
      'ok: controllers run with --regional-autoscaler=on, --carbon-budgets=audit',
      `warning: ${MISSING} (--regional-autoscaler, --carbon-budgets)`,
    ]);
  });

  it('that budgets need none where energy is measured', () => {
    assert.deepEqual(saysOf('features', { ...run('--carbon-budgets=on'), ...noUsage, ...measured }), [
      'ok: controllers run with --carbon-budgets=on',
    ]);
  });

  it('which RegionalAutoscalers lack something, and what', () => {
    const trouble = troubleOf(without);
    assert.ok(trouble);
    const many = { value: { count: 9, troubled: Array.from({ length: 7 }, () => trouble) } };
    const lines = saysOf('features', { ...run('--regional-autoscaler=on'), autoscalers: many });
    assert.match(lines[1] ?? '', /warning: RegionalAutoscaler shop\/web: NoUsage: nobody tells/);
    assert.match(lines.at(-1) ?? '', /2 more RegionalAutoscalers lack something/);
    const fine = { value: { count: 1, troubled: [] } };
    assert.deepEqual(saysOf('features', { ...run('--regional-autoscaler=on'), autoscalers: fine }).slice(1), [
      'ok: 1 RegionalAutoscaler is in order',
    ]);
    assert.equal(troubleOf(autoscaler({ type: 'Accepted', status: 'True' })), undefined);
  });

  it('that nobody reads RegionalAutoscalers where that is off', () => {
    assert.deepEqual(saysOf('features', { autoscalers: { value: { count: 2, troubled: [] } } }), [
      'warning: 2 RegionalAutoscalers are there, and nobody reads them: --regional-autoscaler is off',
    ]);
  });
});
