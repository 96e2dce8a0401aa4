import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { renderData } from '../../src/terminal/render-data.ts';
import { forTerminal, paint } from '../../src/terminal/terminal.ts';
import { escapeUnseen, legible, onOneLine } from '../../src/units/legible.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runsOf } from '../decision/random-runs.ts';
import { runCommand } from '../process/run-command.ts';
import { parseXml } from '../questions/audit/xml.ts';

/** What no terminal may get: controls but line end and tab, what is unseen or turns the writing, halves of characters. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const NASTY = 'a\u001b[31mb\u0007\u009b2Jc\u202edcba\u2066x\u200b\ufeff\u2028y\u{e0041}\r\nz';

describe('text for a terminal', () => {
  it('has nothing that a terminal acts upon, and keeps its lines where they are wanted', () => {
    assert.equal(onOneLine('a\u001b[31m\nb\u202ec'), 'a [31m b c');
    assert.equal(legible('a\u001b[31m\n\tb\u202ec'), 'a [31m\n\tb c');
  });

  it('keeps our own colours, and none that stands in the text', () => {
    const before = process.env['FORCE_COLOR'];
    process.env['FORCE_COLOR'] = '1';
    try {
      const shown = forTerminal(`${paint('red', 'a\u001b[8mb')} \u001b[8m`);
      assert.equal(shown.replace('\u001b[31ma [8mb\u001b[39m', 'OURS'), 'OURS  [8m');
    } finally {
      if (before === undefined) delete process.env['FORCE_COLOR'];
      else process.env['FORCE_COLOR'] = before;
    }
  });
});

describe('data for programs', () => {
  it('escapes the same, and means the same', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(NASTY));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (entries) => {
        const data = { list: entries, map: Object.fromEntries(entries.map(([key, value]) => [`k${key}`, value])) };
        const json = renderData(data, 'json');
        assert.doesNotMatch(json, UNSEEN);
        assert.deepEqual(JSON.parse(json), data);
        const yaml = renderData(data, 'yaml');
        assert.doesNotMatch(yaml, UNSEEN);
        assert.deepEqual(parse(yaml), data);
      }),
      { numRuns: runsOf(300) },
    );
  });

  it('is escaped in XML, too', () =>
    assert.equal(escapeUnseen('<a b="\u202e\u{e0041}"/>', 'xml'), '<a b="&#x202e;&#xe0041;"/>'));
});

describe('a name that would turn the terminal around', () => {
  const OUTPUTS = {
    'audit as a table': ['audit', 'table'],
    'audit as JSON': ['audit', 'json'],
    'audit as YAML': ['audit', 'yaml'],
    'audit as SARIF': ['audit', 'sarif'],
    'audit as JUnit': ['audit', 'junit'],
    'regions as a table': ['regions', 'table'],
    'regions as JSON': ['regions', 'json'],
    'admit as a table': ['admit', 'table'],
    'admit as YAML': ['admit', 'yaml'],
  } as const;
  for (const [name, [command, output]] of Object.entries(OUTPUTS))
    it(`does not reach it from ${name}`, async (test) => {
      const { regions, namespaces, pods } = writeNasty(test);
      const files = command === 'regions' ? [] : ['-f', pods, '--namespaces', namespaces];
      const { stdout, stderr } = await runCommand([command, ...files, '--regions', regions, '--output', output]);
      assert.match(stdout, /dcba|eu-north/, stderr);
      assert.doesNotMatch(stdout + stderr, UNSEEN);
      if (output === 'json') JSON.parse(stdout);
      if (output === 'junit') parseXml(stdout);
    });

  it('does not reach it from mistakes of files, and of the command line', async (test) => {
    const broken = join(makeTemporaryDirectory(test), 'x\u202e\u001b[31m.yaml');
    writeFileSync(broken, `kind: ${NASTY.replace(/[\r\n]/g, '')}\n`);
    for (const args of [['regions', '--regions', broken], ['regions', '--\u202e\u001b[31m'], ['\u202e\u001b[31m']]) {
      const { code, stderr } = await runCommand(args);
      assert.equal(code, 2);
      assert.doesNotMatch(stderr, UNSEEN);
    }
  });
});

function writeNasty(test: TestContext) {
  const directory = makeTemporaryDirectory(test);
  const write = (name: string, ...objects: object[]) => {
    const path = join(directory, `${name}\u202e.json`);
    writeFileSync(path, objects.map((object) => JSON.stringify(object)).join('\n'));
    return path;
  };
  const region = (name: string, spec: object) => ({
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'Region',
    metadata: { name },
    spec,
  });
  const containers = [{ name: 'c', image: NASTY }];
  return {
    regions: write(
      'regions',
      region('eu-north', { gramsPerKwh: 20 }),
      region('us-east', { gramsPerKwh: 300, outage: { active: true, reason: NASTY.replace(/[\r\n]/g, '') } }),
    ),
    namespaces: write('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', annotations: { 'gridgate.dev/mode': 'enforce' } },
    }),
    pods: write('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `web${NASTY}`, namespace: 'shop' },
      spec: { containers, nodeSelector: { 'topology.kubernetes.io/region': `us-east${NASTY}` } },
    }),
  };
}
