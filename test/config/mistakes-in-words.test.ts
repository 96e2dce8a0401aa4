import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfigText } from '../../src/config/config-file.ts';

describe('what is wrong in gridgate.yaml is said in the words of who writes it:', () => {
  const rows: readonly [text: string, says: string][] = [
    ['source: []', 'source: no such key, did you mean sources?'],
    ['sources: {type: watttime}', 'sources: must be a list, not keys with values'],
    ['sources: [watttime]', 'sources.0: must be keys with values, not "watttime"'],
    [
      'sources: [{type: electricity-map}]',
      'sources.0.type: "electricity-map" is not one of electricity-maps, watttime, uk-carbon-intensity, carbon-aware-sdk, prometheus, file',
    ],
    [
      'sources: [{token: {env: T}}]',
      'sources.0.type: is missing; give one of electricity-maps, watttime, uk-carbon-intensity, carbon-aware-sdk, prometheus, file',
    ],
    [
      'sources: [{type: electricity-maps, token: abc}]',
      'sources.0.token: must be {file: PATH} or {env: NAME}; a secret does not belong in this file',
    ],
    [
      'sources: [{type: file, path: a.yaml}]',
      'sources.0.signal: is missing; give one of average-lifecycle, average-direct, marginal',
    ],
    ['sources: [{type: file, path: "", signal: marginal}]', 'sources.0.path: must not be empty'],
    ['sources: [{type: file, path: 7, signal: marginal}]', 'sources.0.path: must be text, not 7'],
    ['outage: {sources: [{type: configmap, name: x}]}', 'outage.sources.0.namespace: is missing; give text'],
    ['outage: {sources: [{type: aws-health, services: []}]}', 'outage.sources.0.services: must have at least 1 entry'],
    ['bands: {mode: relatve}', 'bands.mode: "relatve" is not one of absolute, relative'],
    ['bands: {thresholds: [200]}', 'bands.thresholds: must have at least 2 entries'],
    ['bands: {thresholds: [200, 9000]}', 'bands.thresholds.1: must be at most 2000'],
    ['limits: {max-intensity: 400g}', 'limits.max-intensity: must be a number, not "400g"'],
    ['limits: {no-opt-out: prod}', 'limits.no-opt-out: must be a list, not "prod"'],
    ['[]', 'document: must be keys with values, not a list'],
  ];
  for (const [text, says] of rows)
    it(`${text}: ${says}`, () => {
      const read = parseConfigText(text, 'g.yaml');
      const issues = 'issues' in read ? read.issues : [];
      assert.deepEqual(
        issues.map((issue) => issue.replace(/^g\.yaml, line 1: /, '')),
        [says],
      );
      assert.doesNotMatch(issues.join(), /Invalid|expected|received|Unrecognized/);
    });
});
