import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadKubeConfig, namespaceOf } from '../../src/cluster/kube-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'gridgate-kube-config-'));
after(() => rmSync(dir, { recursive: true }));

interface Parts {
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly contextCluster?: string;
}

function write({ cluster = {}, user = {}, contextCluster = 'c' }: Parts = {}): string {
  const file = join(dir, 'config');
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://api.example.invalid:6443', ...cluster } }],
    users: [{ name: 'u', user: { token: 'secret', ...user } }],
    contexts: [
      { name: 'main', context: { cluster: contextCluster, user: 'u' } },
      { name: 'other', context: { cluster: 'c', user: 'u' } },
    ],
    'current-context': 'main',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function messageOf(parts: Parts, context?: string): string {
  try {
    loadKubeConfig({ file: write(parts), context });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

test('loads the current context, or the one asked for', () => {
  assert.equal(loadKubeConfig({ file: write() }).getCurrentContext(), 'main');
  assert.equal(loadKubeConfig({ file: write(), context: 'other' }).getCurrentContext(), 'other');
});

test('a file path in the kubeconfig is relative to it', () => {
  writeFileSync(join(dir, 'ca.crt'), 'pem');
  const config = loadKubeConfig({ file: write({ cluster: { 'certificate-authority': 'ca.crt' } }) });
  assert.equal(config.getCurrentCluster()?.caFile, join(dir, 'ca.crt'));
});

/** A kubeconfig of one cluster, user and context. */
function oneOf(name: string, server: string, rest: object = {}): string {
  const file = join(dir, `of-${name}`);
  const config = {
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: { token: name } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    ...rest,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('several files count as kubectl merges them: the first of a name, and the first that says which context is current', () => {
  const first = oneOf('a', 'https://first.example.invalid');
  const twice = { clusters: [{ name: 'a', cluster: { server: 'https://never.example.invalid' } }] };
  const second = oneOf('b', '', {
    ...twice,
    contexts: [{ name: 'b', context: { cluster: 'a', user: 'b', namespace: 'shop' } }],
    'current-context': 'b',
  });
  const third = oneOf('c', 'https://third.example.invalid', { 'current-context': 'c' });
  const config = loadKubeConfig({ files: [first, second, third].map((file) => ({ file })) });
  assert.equal(config.getCurrentContext(), 'b');
  assert.equal(config.getCurrentCluster()?.server, 'https://first.example.invalid');
  assert.equal(config.getCurrentUser()?.token, 'b');
  assert.equal(namespaceOf(config), 'shop');
});

test('of several files the one that is malformed is named, without its text', () => {
  const good = write();
  const bad = join(dir, 'bad');
  writeFileSync(bad, 'users: [{name: u, user: {token: eyJ-top-secret}');
  assert.throws(
    () => loadKubeConfig({ files: [{ file: good }, { file: bad }] }),
    (error: Error) => error.message.includes(`kubeconfig ${bad}: line 1`) && !error.message.includes('top-secret'),
  );
});

test('says that no context is chosen', () => {
  const file = join(dir, 'empty');
  writeFileSync(file, 'apiVersion: v1\nkind: Config\n');
  assert.throws(() => loadKubeConfig({ file }), /has no context that is current; it has none$/);
});

const mistakes: readonly [string, Parts, string | undefined, RegExp][] = [
  ['an unknown context', {}, 'nope', /has no context "nope"; it has main, other$/],
  [
    'a context of an unknown cluster',
    { contextCluster: 'gone' },
    undefined,
    /does not define the cluster of its context "main"$/,
  ],
  [
    'no address',
    { cluster: { server: 'api.example.invalid' } },
    undefined,
    /no usable API server address in its cluster's field server$/,
  ],
  [
    'plain HTTP',
    { cluster: { server: 'http://localhost:8001' } },
    undefined,
    /plain HTTP .* insecure-skip-tls-verify: true$/,
  ],
  [
    'a CA that is not there',
    { cluster: { 'certificate-authority': 'gone.crt' } },
    undefined,
    /needs .*gone.crt, which cannot be read$/,
  ],
  [
    'a key that is not there',
    { user: { 'client-key': 'gone.key' } },
    undefined,
    /needs .*gone.key, which cannot be read$/,
  ],
];
for (const [name, parts, context, expected] of mistakes) {
  test(`says what is wrong: ${name}`, () => {
    assert.match(messageOf(parts, context), expected);
    assert.doesNotMatch(messageOf(parts, context), /secret/);
  });
}

test('says what is wrong: no file, or not a kubeconfig', () => {
  assert.throws(
    () => loadKubeConfig({ file: join(dir, 'none') }),
    /^Error: cannot load kubeconfig .*none: there is no such file$/,
  );
  writeFileSync(join(dir, 'text'), 'just: [text');
  assert.throws(() => loadKubeConfig({ file: join(dir, 'text') }), /^Error: cannot load kubeconfig .*text: /);
  writeFileSync(join(dir, 'empty'), '{}');
  assert.throws(() => loadKubeConfig({ file: join(dir, 'empty') }), /empty has no context/);
});

const HIDDEN: Readonly<Record<string, string>> = {
  'a brace that nobody closes': 'users: [{name: u, user: {token: eyJ-top-secret}',
  'a token on a line of its own': 'clusters: []\n  users:\neyJ-top-secret: [\n',
  'an alias': 'users: *eyJ-top-secret\n',
  'a key that is there twice': 'users: []\neyJ-top-secret: 1\neyJ-top-secret: 2\nusers: []\n',
  'a tag': 'users: !eyJ-top-secret x\n',
  'a token for a list': 'users: eyJ-top-secret\n',
  'a token for everything': 'eyJ-top-secret',
  'a token for an address':
    'clusters: [{name: c, cluster: {server: eyJ-top-secret}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n',
  'a password in an address':
    'clusters: [{name: c, cluster: {server: "http://u:eyJ-top-secret@h:1"}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n',
  'a key for the path of one':
    'clusters: [{name: c, cluster: {server: "https://h:1"}}]\nusers: [{name: u, user: {client-key: eyJ-top-secret}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n',
};
for (const [name, text] of Object.entries(HIDDEN))
  test(`repeats nothing of what stands in a malformed one: ${name}`, () => {
    assert.throws(
      () => loadKubeConfig({ file: '/some/config', text }),
      (error: Error) => /kubeconfig \/some\/config/.test(error.message) && !/top-secret/.test(error.message),
    );
  });

test('says on which line a malformed one is wrong', () => {
  const text = 'clusters: []\nusers: [{name: u, user: {token: x}\n';
  assert.throws(
    () => loadKubeConfig({ file: 'F', text }),
    /^Error: cannot load kubeconfig F: line 3 is not YAML; its text is not shown/,
  );
  assert.throws(
    () => loadKubeConfig({ file: 'F', text: 'clusters: [{cluster: {}}]' }),
    /: clusters\[0\].name is missing; its text/,
  );
});

test('without a file it needs the service account of a pod', () => {
  assert.throws(() => loadKubeConfig(), /^Error: the service account of this pod /);
});
