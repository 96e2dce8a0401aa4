import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseManifests, readManifests } from '../../src/documents/manifest-file.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

const REGION = 'apiVersion: gridgate.dev/v1alpha1\nkind: Region\nmetadata: {name: us-west-2}\n';

function parse(text: string) {
  return parseManifests(text, 'F.yaml');
}

describe('a file of manifests', () => {
  it('holds several documents, each with its place', () => {
    const { documents, issues } = parse(`# regions\n${REGION}---\n---\n\n${REGION}`);
    assert.deepEqual(issues, []);
    assert.deepEqual(
      documents.map(({ kind, apiVersion, document, line }) => ({ kind, apiVersion, document, line })),
      [
        { kind: 'Region', apiVersion: 'gridgate.dev/v1alpha1', document: 1, line: 2 },
        { kind: 'Region', apiVersion: 'gridgate.dev/v1alpha1', document: 3, line: 8 },
      ],
    );
    assert.deepEqual(documents[0]?.value['metadata'], { name: 'us-west-2' });
  });

  it('may be JSON as kubectl prints it, items without their kind', () => {
    const items = [{ metadata: { name: 'shop' } }, { metadata: { name: 'bank' } }];
    const { documents, issues } = parse(JSON.stringify({ apiVersion: 'v1', kind: 'NamespaceList', items }, null, '\t'));
    assert.deepEqual(issues, []);
    assert.deepEqual(
      documents.map(({ kind, apiVersion, document, line }) => [kind, apiVersion, document, line]),
      [
        ['Namespace', 'v1', 1, 5],
        ['Namespace', 'v1', 1, 10],
      ],
    );
  });

  it('may hold Lists in a List', () => {
    const inner = { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Pod' }] };
    const { documents, issues } = parse(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [inner, inner] }));
    assert.deepEqual([documents.map(({ kind }) => kind), issues], [['Pod', 'Pod'], []]);
  });

  it('may be a list of any kind that has items, or none of them', () => {
    const { documents, issues } = parse(
      'apiVersion: v1\nkind: Things\nitems: [{apiVersion: v1, kind: Pod}]\n---\napiVersion: v1\nkind: List\nitems: null\n',
    );
    assert.deepEqual([documents.map(({ kind }) => kind), issues], [['Pod'], []]);
  });

  it('knows what null means: nothing, and in a map of texts or amounts the empty one', () => {
    const { documents } = parse(
      'apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: }, annotations: }\nspec: {nodeName: , nodeSelector: {b: null}, containers: [{resources: {requests: {cpu: ~}, limits: }}]}\n',
    );
    assert.deepEqual(documents[0]?.value['metadata'], { labels: { a: '' } });
    assert.deepEqual(documents[0]?.value['spec'], {
      nodeSelector: { b: '' },
      containers: [{ resources: { requests: { cpu: '0' } } }],
    });
  });

  it('keeps times and quoted words as text, merges like kubectl', () => {
    const { documents, issues } = parse(
      `${REGION}a: &a {until: 2026-11-22T09:00:00Z}\nb: {<<: *a, no: "off", maybe: off}\n`,
    );
    assert.deepEqual(issues, []);
    assert.deepEqual(documents[0]?.value['b'], { until: '2026-11-22T09:00:00Z', false: 'off', maybe: false });
  });

  it('cannot reach a prototype', () => {
    const { documents } = parse(`${REGION}__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n`);
    assert.equal(Object.getPrototypeOf(documents[0]?.value), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('may be an empty List, but not an empty file: a writer truncates first', () => {
    assert.deepEqual(parse('{apiVersion: v1, kind: List, items: []}'), { documents: [], issues: [] });
    for (const text of ['', '# nothing\n', '---\n---\n']) {
      assert.deepEqual(parse(text).issues, ['F.yaml: holds no Kubernetes object']);
    }
  });
});

describe('mistakes in manifests', () => {
  const rows: Record<string, { text: string; issues: (string | RegExp)[] }> = {
    'a duplicate key': {
      text: `${REGION}---\n${REGION}kind: Node\n`,
      issues: ['F.yaml, document 2, line 8: Map keys must be unique'],
    },
    'several in one document': {
      text: 'a: 1\na: 2\nb: "x\n',
      issues: [/^F.yaml, document 1, line 2: Map keys must be unique$/, /^F.yaml, document 1, line \d: .*quote/],
    },
    'not an object': {
      text: `- 1\n---\n${REGION}`,
      issues: ['F.yaml, document 1, line 1: is not a Kubernetes object'],
    },
    'without a kind': {
      text: `${REGION}---\nmetadata: {name: x}\n`,
      issues: ['F.yaml, document 2, line 5: apiVersion and kind must both be given'],
    },
    'an item without a kind': {
      text: 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n- {apiVersion: v1}\n',
      issues: ['F.yaml, document 1, line 5: apiVersion and kind must both be given'],
    },
    'annotations that kubectl would refuse': {
      text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  annotations:\n    gridgate.dev/mode: off\n    gridgate.dev/max-intensity: 250\n  labels: {a: }\n',
      issues: [
        'F.yaml, document 1, line 5: metadata.annotations: gridgate.dev/mode must be text; write its value in quotes',
        'F.yaml, document 1, line 6: metadata.annotations: gridgate.dev/max-intensity must be text; write its value in quotes',
      ],
    },
    'aliases that multiply': {
      text: `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}\n`,
      issues: ['F.yaml, document 1, line 1: uses too many aliases'],
    },
    'an alias of nothing': { text: 'a: *b\n', issues: [/^F.yaml, document 1, line 1: .*b/] },
    'nested sequences without end': {
      text: '['.repeat(50_000),
      issues: ['F.yaml, document 1, line 1: is nested too deeply'],
    },
    'a tag nobody knows': {
      text: `${REGION}a: !env HOME\n`,
      issues: ['F.yaml, document 1, line 4: Unresolved tag: !env'],
    },
    'not text at all': {
      text: '\0\u0001\0',
      issues: ['F.yaml, document 1, line 1: null byte is not allowed in input'],
    },
  };
  for (const [name, { text, issues }] of Object.entries(rows)) {
    it(name, () => {
      const found = parse(text).issues;
      assert.equal(found.length, issues.length, found.join('\n'));
      for (const [i, issue] of issues.entries()) {
        if (typeof issue === 'string') assert.equal(found[i], issue);
        else assert.match(found[i] ?? '', issue);
      }
    });
  }

  it('are not multiplied without end', () => {
    const text = Array.from({ length: 500 }, () => 'a: 1').join('\n');
    assert.equal(parse(text).issues.length, 20);
  });

  it('leave the documents around them readable', () => {
    const { documents, issues } = parse(`${REGION}---\na: [\n---\n${REGION}`);
    assert.deepEqual([documents.length, issues.length > 0], [2, true]);
  });
});

describe('reading a file of manifests', () => {
  it('answers documents and the text, for a watch', async (t) => {
    const file = join(makeTemporaryDirectory(t), 'R.yaml');
    writeFileSync(file, REGION);
    const { documents, issues, text } = await readManifests(file);
    assert.deepEqual([documents.length, issues, text], [1, [], REGION]);
  });

  it('answers one issue when there is no such file', async () => {
    assert.deepEqual(await readManifests('/nowhere/R.yaml'), {
      documents: [],
      issues: ['/nowhere/R.yaml: cannot be read: there is no such file'],
      text: undefined,
    });
  });

  it('answers one issue for a directory', async (t) => {
    const directory = join(makeTemporaryDirectory(t), 'R');
    mkdirSync(directory);
    assert.deepEqual((await readManifests(directory)).issues, [`${directory}: cannot be read: it is a directory`]);
  });
});
