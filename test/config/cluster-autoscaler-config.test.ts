import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AUTOSCALER_STATUS } from '../../src/capacity/node-groups.ts';
import { DEFAULT_CONFIG, parseConfigText, writeConfig } from '../../src/config/config-file.ts';

const read = (text: string) => parseConfigText(text, 'gridgate.yaml');

describe('cluster-autoscaler in gridgate.yaml', () => {
  it('is Cluster Autoscaler where it usually is', () =>
    assert.deepEqual(DEFAULT_CONFIG.nodes.clusterAutoscaler, {
      namespace: 'kube-system',
      status: AUTOSCALER_STATUS,
      groups: [],
    }));

  it('is written as it was read', () => {
    const section = { namespace: 'scaling', status: 'ca', groups: [{ region: 'us-west-2', match: '^eks-(a|b)-' }] };
    const first = read(JSON.stringify({ 'cluster-autoscaler': section }));
    assert.ok('config' in first);
    assert.deepEqual(first.config.nodes.clusterAutoscaler, section);
    const again = read(JSON.stringify(writeConfig(first.config)));
    assert.deepEqual('config' in again && again.config.nodes.clusterAutoscaler, section);
  });

  const bad: readonly [name: string, groups: string, why: RegExp][] = [
    [
      'no expression',
      '[{region: a, match: "("}]',
      /groups\.0\.match: must be a regular expression such as \^eks-batch-/,
    ],
    [
      'one that repeats what repeats',
      '[{region: a, match: "(a+)+"}]',
      /groups\.0\.match: must be a regular expression/,
    ],
    ['none', '[{region: a}]', /groups\.0\.match/],
    [
      'a region that no node can have',
      '[{region: "a b", match: a}]',
      /groups\.0\.region: must be the name of a region/,
    ],
  ];
  for (const [name, groups, why] of bad)
    it(`is a mistake with ${name}`, () => {
      const found = read(`cluster-autoscaler: {groups: ${groups}}`);
      assert.match('issues' in found ? found.issues.join('\n') : '', why);
    });
});
