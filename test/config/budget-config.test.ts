import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_CONFIG, parseConfigText, writeConfig } from '../../src/config/config-file.ts';
import { secretsOf } from '../../src/config/secrets-of.ts';

function read(text: string) {
  return { issues: [], config: DEFAULT_CONFIG, ...parseConfigText(text, 'g.yaml') };
}

const WHOLE =
  'budgets: {energy: {prometheus: {url: "http://p:9090", query: watts, labels: {namespace: ns, pod: p}, token: {file: /token}}}}';

describe('what gridgate.yaml says of energy', () => {
  it('names no Prometheus where it says nothing', () => assert.deepEqual(read('').config.budgets.energy, {}));

  it('is read, and written as it was', () => {
    const { config, issues } = read(WHOLE);
    assert.deepEqual(issues, []);
    assert.equal(config.budgets.energy.prometheus?.labels?.pod, 'p');
    assert.deepEqual(read(JSON.stringify(writeConfig(config))).config, config);
  });

  it('is among what names secrets', () =>
    assert.deepEqual(secretsOf(read(WHOLE).config), [
      { source: 'energy source prometheus', field: 'token', where: { file: '/token' } },
    ]));

  const rows: readonly [prometheus: string, says: string][] = [
    ['{query: watts}', 'budgets.energy.prometheus.url: must be an http or https URL'],
    ['{url: "ftp://p"}', 'budgets.energy.prometheus.url: must be an http or https URL'],
    [
      '{url: "http://u:p@p"}',
      'budgets.energy.prometheus.url: must not hold a user name or password; they do not belong in this file',
    ],
    ['{url: "http://p", labels: {pod: p}}', 'budgets.energy.prometheus.labels: mean nothing without a query'],
    [
      '{url: "http://p", query: q, labels: {pod: "a-b"}}',
      'budgets.energy.prometheus.labels.pod: must be a label name of Prometheus',
    ],
    [
      '{url: "http://p", token: s3cret}',
      'budgets.energy.prometheus.token: must be {file: PATH} or {env: NAME}; a secret does not belong in this file',
    ],
    ['{url: "http://p", querry: q}', 'budgets.energy.prometheus.querry: no such key, did you mean query?'],
  ];
  for (const [prometheus, says] of rows)
    it(`${prometheus} is a mistake`, () =>
      assert.deepEqual(read(`budgets: {energy: {prometheus: ${prometheus}}}`).issues, [`g.yaml, line 1: ${says}`]));
});
