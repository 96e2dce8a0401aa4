import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { addOptions, readOptions } from '../../src/config/read-options.ts';
import { SCALING_OPTIONS } from '../../src/config/scaling-options.ts';

const KEYS = Object.keys(SCALING_OPTIONS) as (keyof typeof SCALING_OPTIONS)[];

function read(env: Readonly<Record<string, string>>) {
  const command = addOptions(new Command('serve'), KEYS).parse([], { from: 'user' });
  return readOptions(command, KEYS, env);
}

describe('what RegionalAutoscalers leave open', () => {
  it('is read from the environment variables that there were before gridgate', () => {
    const found = read({
      LOOP_PERIOD: '45',
      CARBON_CACHE_TTL: '600',
      MIN_REPLICAS: '2',
      MAX_REPLICAS: '20',
      HOLD_CYCLES: '5',
      COOLDOWN: '2m',
      SCALE_UP_THRESHOLD: '0.8',
      SCALE_DOWN_THRESHOLD: '25',
    });
    assert.deepEqual(found.values, {
      loopPeriod: 45_000,
      carbonCacheTtl: 600_000,
      minReplicas: 2,
      maxReplicas: 20,
      holdCycles: 5,
      cooldown: 120_000,
      stepLimit: 1,
      scaleUpThreshold: 80,
      scaleDownThreshold: 25,
    });
  });

  for (const [text, percent] of [
    ['70', 70],
    ['0.7', 70],
    ['.7', 70],
    ['1.5', 150],
    ['70%', 70],
    ['1%', 1],
    ['150', 150],
  ] as const)
    it(`a threshold of ${text} is ${percent}%`, () =>
      assert.equal(read({ SCALE_UP_THRESHOLD: text }).values.scaleUpThreshold, percent));

  for (const [name, text, said] of [
    ['LOOP_PERIOD', '1s', /duration from 5s to 24h/],
    ['LOOP_PERIOD', 'often', /such as 30s or 5m, or seconds/],
    ['COOLDOWN', '-1', /duration from 0 to 24h/],
    ['MIN_REPLICAS', '1.5', /whole number from 0 to 100000/],
    ['HOLD_CYCLES', '0', /whole number from 1 to 100/],
    ['SCALE_UP_THRESHOLD', '0', /percentage from 1 to 1000/],
    ['SCALE_UP_THRESHOLD', 'high', /percentage from 1 to 1000/],
  ] as const)
    it(`${name}=${text} is a mistake`, () => {
      const found = read({ [name]: text });
      assert.match('issues' in found ? found.issues.join() : '', said);
    });
});
