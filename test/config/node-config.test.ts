import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_CONFIG, parseConfigText, writeConfig } from '../../src/config/config-file.ts';
import type { NodeRules } from '../../src/regions/node-rules.ts';

function read(text: string) {
  const parsed = parseConfigText(text, 'g.yaml');
  return { issues: [], config: DEFAULT_CONFIG, ...parsed };
}

describe('what gridgate.yaml says of nodes', () => {
  const rows: readonly [name: string, text: string, part: Partial<NodeRules>][] = [
    ['nothing', 'sources: []', { startupTaints: [], taintedBands: [], tolerateAlways: false }],
    ['start-up taints', 'startup-taints: [example.com/agent, cold]', { startupTaints: ['example.com/agent', 'cold'] }],
    ['start-up taints as Karpenter spells them', 'startupTaints: [cold]', { startupTaints: ['cold'] }],
    ['the bands that it taints', 'taint-nodes: [high, medium, high]', { taintedBands: ['medium', 'high'] }],
    ['one band that it taints', 'taint-nodes: high', { taintedBands: ['high'] }],
    ['none that it taints', 'taint-nodes: none', { taintedBands: [] }],
    ['no, which is a boolean to YAML 1.1', 'taint-nodes: no', { taintedBands: [] }],
    ['as the option says it', 'taint-nodes: true', { taintedBands: ['medium', 'high'] }],
    ['tolerations whatever nodes say', 'tolerations: always', { tolerateAlways: true }],
    ['tolerations as nodes need them', 'tolerations: as-needed', { tolerateAlways: false }],
  ];
  for (const [name, text, part] of rows)
    it(name, () => {
      const { config, issues } = read(text);
      assert.deepEqual(issues, []);
      assert.deepEqual({ ...config.nodes, ...part }, config.nodes);
      const again = read(JSON.stringify(writeConfig(config)));
      assert.deepEqual(again.config, config);
    });
});

describe('a mistake about nodes is named with its path:', () => {
  const rows: readonly [name: string, text: string, says: string][] = [
    ['a band that is none', 'taint-nodes: [dirty]', 'taint-nodes: must be none, or bands of medium, high'],
    ['low, where pods should go', 'taint-nodes: low', 'taint-nodes: must be none, or bands of medium, high'],
    [
      'a taint with its effect',
      'startup-taints: [a, "b=c:NoSchedule"]',
      'startup-taints.1: must be the key of a taint such as example.com/agent-not-ready',
    ],
    ['tolerations of another kind', 'tolerations: never', 'tolerations: "never" is not one of as-needed, always'],
    [
      'an owner with its version',
      'daemon-owners: [apps/v1/DaemonSet]',
      'daemon-owners.0: must be a group and a kind such as apps/DaemonSet',
    ],
    [
      'an owner without group',
      'daemon-owners: [DaemonSet]',
      'daemon-owners.0: must be a group and a kind such as apps/DaemonSet',
    ],
    ['a misspelt key', 'startup-taint: [a]', 'startup-taint: no such key, did you mean startup-taints?'],
  ];
  for (const [name, text, says] of rows)
    it(name, () => assert.deepEqual(read(text).issues, [`g.yaml, line 1: ${says}`]));
});
