import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUILT_IN_DEFAULTS } from '../../src/decision/policy.ts';
import { POLICY_ANNOTATIONS, parsePolicy } from '../../src/decision/policy-annotations.ts';
import { parsePolicyDefaults } from '../../src/decision/policy-defaults.ts';
import { compileRules } from '../../src/decision/policy-rules.ts';

describe('defaults', () => {
  it('that are built in are what a policy without annotations says', () => {
    const { defaults, mistakes } = parsePolicyDefaults(BUILT_IN_DEFAULTS);
    assert.deepEqual(mistakes, []);
    const { defaulted, regions, ...written } = defaults;
    const { regions: any, ...builtIn } = parsePolicy({}).policy;
    assert.deepEqual(written, builtIn);
    assert.equal(regions?.text, any.text);
    assert.ok(Object.keys(BUILT_IN_DEFAULTS).every((name) => Object.hasOwn(POLICY_ANNOTATIONS, name)));
  });

  it('are named with their mistakes, and what is in order counts', () => {
    const { defaults, mistakes } = parsePolicyDefaults({ 'max-intensity': 'much', mod: 'warn', placement: 'none' });
    assert.deepEqual(mistakes, [
      { name: 'max-intensity', message: '"much" is not gCO2e/kWh, a number such as 300' },
      { name: 'mod', message: 'no such annotation, did you mean mode?' },
    ]);
    assert.equal(defaults.placement, 'none');
  });

  it('give way to annotations, one by one, and say of which they are', () => {
    const { defaults } = compileRules({ policy: { 'max-intensity': '200', regions: 'eu-*', 'max-latency': '80ms' } });
    const { policy } = parsePolicy({ 'gridgate.dev/regions': 'us-*' }, defaults);
    assert.deepEqual([policy.maxIntensity, policy.maxIntensitySetBy], [200, 'default']);
    assert.equal(policy.regions.text, 'us-*');
    assert.deepEqual([...(policy.defaulted ?? [])], ['max-intensity', 'max-latency']);
  });

  it('of the option count before those of the file', () => {
    assert.equal(compileRules({ policy: { 'home-region': 'a' } }, 'b').defaults.homeRegion, 'b');
    assert.equal(compileRules({ policy: { 'home-region': 'a' } }).defaults.homeRegion, 'a');
  });
});
