import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseConfigText } from '../../src/config/config-file.ts';
import { POLICY_MEANINGS } from '../../src/config/policy-config.ts';
import { POLICY_ANNOTATIONS } from '../../src/decision/policy-annotations.ts';
import { SCHEMA_FILE, schemaText } from './published-schema.ts';

const published = readFileSync(SCHEMA_FILE, 'utf8');
const schema = JSON.parse(published);
const validator = z.fromJSONSchema(schema);

/** As an editor reads it, by YAML 1.2; an empty file says nothing. */
function isValid(text: string): boolean {
  return validator.safeParse(parseDocument(text).toJS() ?? {}).success;
}

function isRead(text: string): boolean {
  return 'config' in parseConfigText(text, 'gridgate.yaml');
}

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | readonly Schema[];
  readonly additionalProperties?: Schema | false;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** The paths of keys that say nothing of themselves. */
function undescribed(at: Schema, path = ''): readonly string[] {
  const { properties = {}, items = [], additionalProperties, oneOf = [], anyOf = [] } = at;
  const parts = [items, additionalProperties || [], oneOf, anyOf].flat();
  return [
    ...parts.flatMap((part) => undescribed(part, path)),
    ...Object.entries(properties).flatMap(([key, value]) => {
      const own = value.description || SELF_EVIDENT.has(key) ? [] : [`${path}.${key}`];
      return [...own, ...undescribed(value, `${path}.${key}`)];
    }),
  ];
}

const SELF_EVIDENT: ReadonlySet<string> = new Set(['type', 'url']);

describe('manifests/gridgate.schema.json', () => {
  it('is what the code makes of its own configuration', () =>
    assert.equal(published, schemaText(), `${SCHEMA_FILE} is not up to date; write it again: npm run schema`));

  it('says of every key what it means', () => assert.deepEqual(undescribed(schema), []));

  it('knows every policy annotation, and no other', () => {
    const known = Object.keys(POLICY_ANNOTATIONS);
    assert.deepEqual(Object.keys(POLICY_MEANINGS), known);
    assert.deepEqual(Object.keys(schema.properties.policy.properties), known);
  });

  const sample = /```yaml\n(sources: .*?)```/s.exec(readFileSync('src/sources/README.md', 'utf8'))?.[1] ?? '';
  const good: readonly [name: string, text: string][] = [
    ['nothing', '{}'],
    ['the file of the manifests', readFileSync('manifests/gridgate.yaml', 'utf8')],
    ['the sample of src/sources/README.md', sample],
    [
      'every source',
      `sources:
  - {type: electricity-maps, tokens: {DE: {env: DE}}, signal: average-direct, disableEstimations: true, url: "https://x.test"}
  - {type: watttime, username: {env: U}, password: {file: /p}}
  - {type: uk-carbon-intensity}
  - {type: carbon-aware-sdk, url: "http://x.test:8080/a", signal: marginal}
  - {type: prometheus, url: "HTTP://x.test", query: 'a{zone="{{zone}}"}', signal: marginal, token: {env: T}}
  - {type: file, path: a.yaml, signal: average-lifecycle}`,
    ],
    [
      'every source of outages',
      `outage:
  sources:
    - {type: prometheus, url: "http://x.test", query: down, regionLabel: where}
    - {type: aws-health, services: [EC2], endpoint: "http://x.test"}
    - {type: configmap, namespace: a, name: b}
    - {type: nodes}`,
    ],
    [
      'a policy of numbers and lists',
      'policy: {max-intensity: 250, regions: [eu-*, "!eu-south-*"], max-latency: 80ms}',
    ],
    ['the mode off, and false, which YAML 1.1 makes of it', 'policy: {mode: "off"}\nlimits: {mode: false}'],
    [
      'every limit',
      `limits: {max-intensity: 400, regions: ["eu-*"], mode: warn, failover: [], pod-overrides: [a], no-opt-out: ["prod-*"],
  system-priority: ["kube-*"], spread-opens-dirty: false, daemon-accounts: ["system:serviceaccount:kube-system:*"]}`,
    ],
    [
      'keys about nodes',
      'startup-taints: [a.test/b]\nstartupTaints: [c]\ntaint-nodes: [high]\ntolerations: always\ndaemon-owners: [a.test/B]',
    ],
    ['taints by a switch', 'taint-nodes: true'],
  ];
  for (const [name, text] of good)
    it(`takes ${name}, as gridgate does`, () => {
      assert.notEqual(text, '');
      assert.deepEqual([isRead(text), isValid(text)], [true, true]);
    });

  const bad: readonly [name: string, text: string][] = [
    ['a key that is misspelt', 'source: []'],
    ['a source nobody knows', 'sources: [{type: gridstatus}]'],
    ['a source without what it needs', 'sources: [{type: file, signal: marginal}]'],
    ['a secret in words', 'sources: [{type: electricity-maps, token: hunter2}]'],
    ['an address of another protocol', 'sources: [{type: uk-carbon-intensity, url: "ftp://x.test"}]'],
    ['a policy that is misspelt', 'policy: {max-intensty: 250}'],
    ['a word that a policy does not know', 'policy: {placement: prefered}'],
    ['a mode nobody knows', 'limits: {mode: strict}'],
    ['a limit as text', 'limits: {max-intensity: "400"}'],
    ['two names in one pattern', 'limits: {regions: ["eu-*,us-*"]}'],
    ['one threshold', 'bands: {thresholds: [200]}'],
    ['a threshold beyond any grid', 'bands: {thresholds: [200, 3000]}'],
    ['a taint with a space', 'startup-taints: ["a b"]'],
    ['a band that no taint keeps away', 'taint-nodes: [low]'],
    ['a kind without its group', 'daemon-owners: [DaemonSet]'],
  ];
  for (const [name, text] of bad)
    it(`refuses ${name}, as gridgate does`, () => assert.deepEqual([isRead(text), isValid(text)], [false, false]));
});
