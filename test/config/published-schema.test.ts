import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseConfigText } from '../../src/config/config-file.ts';
import { POLICY_MEANINGS } from '../../src/config/policy-config.ts';
import { POLICY_ANNOTATIONS } from '../../src/decision/policy-annotations.ts';
import { createConfigMapOutage } from '../../src/sources/outage/configmap-outage.ts';
import {
  KEYS_PAGE,
  OUTAGES_SCHEMA_FILE,
  outagesSchema,
  pageWithKeys,
  publishedSchema,
  SCHEMA_FILE,
  TESTS_SCHEMA_FILE,
  testsSchema,
  textOf,
} from './published-schema.ts';

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
    assert.equal(
      published,
      textOf(publishedSchema()),
      `${SCHEMA_FILE} is not up to date; write it again: npm run schema`,
    ));

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
    [
      'Cluster Autoscaler somewhere else',
      'cluster-autoscaler: {namespace: scaling, status: ca-status, groups: [{region: us-west-2, match: ^eks-batch-}]}',
    ],
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
    ['no namespace', 'cluster-autoscaler: {namespace: Scaling}'],
    ['a node group without its region', 'cluster-autoscaler: {groups: [{match: a}]}'],
  ];
  for (const [name, text] of bad)
    it(`refuses ${name}, as gridgate does`, () => assert.deepEqual([isRead(text), isValid(text)], [false, false]));
});

describe('src/sources/README.md', () => {
  const page = readFileSync(KEYS_PAGE, 'utf8');

  it('says every key of gridgate.yaml, and is up to date', () => {
    const missing = [...pathsOf(schema)].filter((path) => !page.includes(`\n| \`${path}\` | `));
    assert.deepEqual(missing, [], 'write it again: npm run schema');
    assert.equal(page, pageWithKeys(), 'write it again: npm run schema');
  });

  it('says nothing of a key without words', () => assert.doesNotMatch(page, /^\| `[\w.-]+` \| *\|/m));

  it('leads to the schemas, and to the resource of Regions', () => {
    for (const file of ['gridgate.schema.json', 'gridgate-outages.schema.json', 'crd/regions.yaml'])
      assert.ok(page.includes(`](../../manifests/${file})`), file);
  });

  /** As mistakes name them, without the numbers of lists; a secret is one key. */
  function* pathsOf(at: Schema, path = ''): Generator<string> {
    const { properties = {}, items = [], additionalProperties, oneOf = [], anyOf = [] } = at;
    const isSecret = anyOf.length > 0 && anyOf.every((one) => one.properties?.['file'] ?? one.properties?.['env']);
    if (isSecret) return;
    for (const [key, value] of Object.entries(properties)) {
      yield path + key;
      yield* pathsOf(value, `${path}${key}.`);
    }
    for (const part of [items, additionalProperties || [], oneOf, anyOf].flat()) yield* pathsOf(part, path);
  }
});

describe('manifests/gridgate-outages.schema.json', () => {
  const text = readFileSync(OUTAGES_SCHEMA_FILE, 'utf8');
  const outages = z.fromJSONSchema(JSON.parse(text));

  it('is what the code makes of what it reads', () =>
    assert.equal(
      text,
      textOf(outagesSchema()),
      `${OUTAGES_SCHEMA_FILE} is not up to date; write it again: npm run schema`,
    ));

  const page = readFileSync(KEYS_PAGE, 'utf8');
  const [, sample = ''] = /```yaml\n(apiVersion: v1\nkind: ConfigMap[\s\S]*?)```/.exec(page) ?? [];
  const rows: readonly [name: string, data: Record<string, unknown>, isRead: boolean][] = [
    ['up', { a: 'up' }, true],
    ['down', { a: 'down' }, true],
    ['down with a reason', { a: 'down: power loss', b: ' down :\n two lines ' }, true],
    ['nothing', {}, true],
    ['another word', { a: 'DOWN' }, false],
    ['a reason of up', { a: 'up: fine' }, false],
    ['an empty value', { a: '' }, false],
    ['a word that begins so', { a: 'downtime' }, false],
    ['the sample of src/sources/README.md', parseDocument(sample).toJS()?.data ?? { missing: true }, true],
  ];
  for (const [name, data, isFine] of rows)
    it(`${isFine ? 'takes' : 'refuses'} ${name}, as gridgate does`, async () => {
      const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gridgate-outages' }, data };
      const isRead = createConfigMapOutage(async () => data as Record<string, string>)
        .read([], new AbortController().signal)
        .then(
          () => true,
          () => false,
        );
      assert.deepEqual([await isRead, outages.safeParse(manifest).success], [isFine, isFine]);
    });
});

describe('manifests/gridgate-test.schema.json', () => {
  const published = readFileSync(TESTS_SCHEMA_FILE, 'utf8');
  const schema = JSON.parse(published);

  it('is what the code makes of its own tests', () =>
    assert.equal(published, textOf(testsSchema()), `${TESTS_SCHEMA_FILE} is not up to date: npm run schema`));

  it('says of every key what it means', () => {
    const { regions: _, ...properties } = schema.properties; // those of a Region are told with it
    assert.deepEqual(undescribed({ properties }), []);
  });

  it('takes the sample, and no misspelt key', () => {
    const sample = readFileSync('manifests/samples/policy-test/gridgate-test.yaml', 'utf8');
    const takes = (text: string) => z.fromJSONSchema(schema).safeParse(parseDocument(text).toJS()).success;
    assert.deepEqual([takes(sample), takes(sample.replace('expect:', 'expct:'))], [true, false]);
  });
});
