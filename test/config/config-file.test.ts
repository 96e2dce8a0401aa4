import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_CONFIG, parseConfigText, readConfig } from '../../src/config/config-file.ts';

const GOOD = `
sources:
  - {type: electricity-maps, token: {file: /run/secrets/electricity-maps}}
  - {type: watttime, username: {env: WATTTIME_USERNAME}, password: {env: WATTTIME_PASSWORD}}
  - {type: uk-carbon-intensity}
  - {type: prometheus, url: "http://prometheus:9090", query: 'grid_intensity{zone="{{zone}}"}', signal: marginal}
`;

function issuesOf(text: string): readonly string[] {
  const read = parseConfigText(text, 'gridgate.yaml');
  return 'issues' in read ? read.issues : [];
}

describe('gridgate.yaml', () => {
  it('names sources in the order in which they are tried', () => {
    const read = parseConfigText(GOOD, 'gridgate.yaml');
    assert.ok('config' in read, JSON.stringify(read));
    assert.deepEqual(
      read.config.sources.map(({ type }) => type),
      ['electricity-maps', 'watttime', 'uk-carbon-intensity', 'prometheus'],
    );
  });

  it('may say nothing of sources', () => {
    assert.deepEqual(parseConfigText('{}', 'gridgate.yaml'), { config: DEFAULT_CONFIG });
    assert.deepEqual(DEFAULT_CONFIG.sources, []);
  });

  it('with several mistakes gets all of them, each with its line and path', () => {
    const issues = issuesOf(`sources:
  - type: electricity-maps
  - type: watttime
    username: me
    password: {env: P}
  - type: file
    path: ""
colour: blue
`);
    for (const [index, wanted] of [
      /^gridgate.yaml, line 2: sources.0: needs token or tokens$/,
      /^gridgate.yaml, line 4: sources.1.username: must be \{file: PATH\} or \{env: NAME\}/,
      /^gridgate.yaml, line 7: sources.2.path: /,
      /^gridgate.yaml, line 6: sources.2.signal: /,
      /^gridgate.yaml, line 8: colour: no such key$/,
    ].entries())
      assert.match(issues[index] ?? '', wanted);
  });

  const rows: readonly [name: string, text: string, wanted: RegExp][] = [
    [
      'a source twice',
      'sources: [{type: uk-carbon-intensity}, {type: uk-carbon-intensity}]',
      /sources.1.type: .*twice/,
    ],
    ['a URL of another protocol', 'sources: [{type: uk-carbon-intensity, url: "file:///etc"}]', /http or https/],
    ['a source nobody knows', 'sources: [{type: gridstatus}]', /sources.0.type: .*electricity-maps/],
    ['two documents', '{}\n---\n{}', /more than one document/],
    ['nothing', '', /is empty/],
    ['no YAML', 'sources: [', /line 1/],
    ['a list', '- a', /document: /],
  ];
  for (const [name, text, wanted] of rows)
    it(`with ${name} is refused`, () => {
      assert.match(issuesOf(text).join('\n'), wanted);
    });

  it('never repeats what stands where a secret belongs', () => {
    const issues = issuesOf('sources: [{type: watttime, username: a, password: hunter2}]');
    assert.ok(issues.length > 0);
    assert.doesNotMatch(issues.join('\n'), /hunter2/);
  });

  it('that is not there is one mistake', async () => {
    const read = await readConfig('/nowhere/gridgate.yaml');
    assert.deepEqual(read, { issues: ['/nowhere/gridgate.yaml: cannot be read: there is no such file'] });
  });
});
