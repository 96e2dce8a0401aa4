import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_CONFIG, parseConfigText, writeConfig } from '../../src/config/config-file.ts';

function read(text: string) {
  return { issues: [], config: DEFAULT_CONFIG, ...parseConfigText(text, 'g.yaml') };
}

describe('what gridgate.yaml says of prices of carbon', () => {
  it('is no price where it says nothing, so that nothing is written', () =>
    assert.deepEqual(read('sources: []').config.overlays, {
      mode: 'add',
      utilisation: 50,
      compose: true,
      weights: [9_000, 9_999],
    }));

  it('is read, and written as it was', () => {
    const text =
      'overlays: {carbonPrice: 0.1, mode: replace, utilisation: 30, unknown: skip, compose: false, weights: [1, 10], instanceTypes: /etc/types.json, embodiedTable: /etc/own.csv}';
    const { config, issues } = read(text);
    assert.deepEqual(issues, []);
    assert.equal(config.overlays.carbonPrice, 0.1);
    assert.deepEqual(read(JSON.stringify(writeConfig(config))).config, config);
  });

  const rows: readonly [text: string, says: string][] = [
    ['overlays: {carbonPrice: 0}', 'overlays.carbonPrice: must be above 0'],
    ['overlays: {mode: sum}', 'overlays.mode: "sum" is not one of add, replace'],
    ['overlays: {utilisation: 130}', 'overlays.utilisation: must be at most 100'],
    [
      'overlays: {weights: [9, 3]}',
      'overlays.weights: the first must be below the second: one overlay takes the place of another with another weight',
    ],
    [
      'overlays: {weights: [9, 9]}',
      'overlays.weights: the first must be below the second: one overlay takes the place of another with another weight',
    ],
    ['overlays: {weights: [0, 3]}', 'overlays.weights.0: must be at least 1'],
    ['overlays: {weights: [9000, 10001]}', 'overlays.weights.1: must be at most 10000'],
    ['overlays: {carbonprice: 1}', 'overlays.carbonprice: no such key, did you mean carbonPrice?'],
  ];
  for (const [text, says] of rows)
    it(`${text} is a mistake`, () => assert.deepEqual(read(text).issues, [`g.yaml, line 1: ${says}`]));
});
