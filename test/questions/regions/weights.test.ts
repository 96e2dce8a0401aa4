import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { REGIONS, regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';

const AZURE = ['--lbs-per-mwh', 'East US=1585', '--lbs-per-mwh', 'West US=865'];
const KNOWN = {
  version: 'v1',
  regions: [
    { name: 'West US', gramsPerKwh: 392.36, intensityShare: 0.353, placementWeight: 0.647 },
    { name: 'East US', gramsPerKwh: 718.94, intensityShare: 0.647, placementWeight: 0.353 },
  ],
};

function writeRegions(test: TestContext, documents: readonly string[] = REGIONS): string {
  return writeDocuments(join(makeTemporaryDirectory(test), 'R.yaml'), documents);
}

describe('gridgate weights', { timeout: 300_000, concurrency: 2 }, () => {
  it('knows the answer for East US and West US, as YAML', async () => {
    const { code, stdout, stderr } = await runCommand(['weights', ...AZURE]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^version: v1\nregions:\n {2}- name: West US\n {4}gramsPerKwh: 392\.36\n/);
    assert.deepEqual(parse(stdout), KNOWN);
  });

  it('says the same as JSON', async () =>
    assert.deepEqual(JSON.parse((await runCommand(['weights', ...AZURE, '--output', 'json'])).stdout), KNOWN));

  it('says the same as a table', async () =>
    assert.equal(
      (
        await runCommand(['weights', '--output', 'table'], {
          env: { GRIDGATE_LBS_PER_MWH: 'East US=1585,West US=865' },
        })
      ).stdout,
      [
        'NAME     gCO2/kWh  INTENSITY SHARE  PLACEMENT WEIGHT',
        'West US    392.36            0.353             0.647',
        'East US    718.94            0.647             0.353',
        '',
      ].join('\n'),
    ));

  it('weighs the regions of a file, and names on stderr what it leaves out', async (t) => {
    const file = writeRegions(t, [...REGIONS, regionYaml('mars', {})]);
    const { code, stdout, complaints } = await runCommand(['weights', '--regions', file]);
    assert.equal(code, 0);
    assert.deepEqual(parse(stdout).regions, [
      { name: 'eu-north', gramsPerKwh: 50, intensityShare: 0.098, placementWeight: 0.639 },
      { name: 'us-west', gramsPerKwh: 120, intensityShare: 0.235, placementWeight: 0.266 },
      { name: 'eu-central', gramsPerKwh: 340, intensityShare: 0.667, placementWeight: 0.094 },
    ]);
    assert.deepEqual(complaints, [
      'gridgate: eu-west is left out: in outage (power loss)',
      'gridgate: mars is left out: no reading',
    ]);
  });

  it('weighs values beside a file, and says which count as 1 g', async (t) => {
    const file = writeRegions(t, [regionYaml('a', { gramsPerKwh: 9 })]);
    const { code, stdout, complaints } = await runCommand(['weights', '--regions', file, '--lbs-per-mwh', 'b=0']);
    assert.equal(code, 0);
    assert.deepEqual(parse(stdout).regions, [
      { name: 'b', gramsPerKwh: 0, intensityShare: 0.1, placementWeight: 0.9 },
      { name: 'a', gramsPerKwh: 9, intensityShare: 0.9, placementWeight: 0.1 },
    ]);
    assert.deepEqual(complaints, ['gridgate: b is at 0 gCO2e/kWh, which weighs as 1']);
  });

  it('exits 1 with an empty list when no region is left', async (t) => {
    const file = writeRegions(t, [regionYaml('mars', {})]);
    const { code, stdout, complaints } = await runCommand(['weights', '--regions', file, '--output', 'json']);
    assert.deepEqual([code, JSON.parse(stdout)], [1, { version: 'v1', regions: [] }]);
    assert.deepEqual(complaints, ['gridgate: mars is left out: no reading', 'gridgate: no region is left to weigh']);
  });
});

describe('gridgate weights exits 2 and lists every mistake:', { timeout: 300_000, concurrency: 2 }, () => {
  const missing = /--regions \(GRIDGATE_REGIONS\): is missing; .*--lbs-per-mwh/;
  const rows: readonly [name: string, args: readonly string[], says: readonly RegExp[]][] = [
    ['nothing to weigh', [], [missing]],
    ['nothing to weigh beside another mistake', ['--output', 'xml'], [/--output: "xml"/, missing]],
    [
      'values that are none',
      ['--lbs-per-mwh', 'a=x', '--lbs-per-mwh', 'b'],
      [/^gridgate: --lbs-per-mwh: "a=x,b" is not allowed; give NAME=VALUE .*"a=x" has no value.*"b" does not begin/],
    ],
    [
      'a bad value and a missing file',
      ['--lbs-per-mwh', 'a', '--regions', 'nowhere.yaml'],
      [/"a"/, /nowhere\.yaml: cannot/],
    ],
    ['no value', ['--lbs-per-mwh'], [/argument missing/, /^see gridgate weights --help$/]],
    ['a file without a name', ['--regions', ''], [/--regions: "" is not allowed/]],
  ];
  for (const [name, args, says] of rows)
    it(name, async () => {
      const { code, stdout, complaints } = await runCommand(['weights', ...args]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(complaints.length, says.length, complaints.join('\n'));
      for (const [i, pattern] of says.entries()) assert.match(complaints[i] ?? '', pattern);
    });

  it('every region that file and option both give', async (t) => {
    const both = ['--lbs-per-mwh', 'eu-north=5,us-west=6,b=7'];
    const { code, stdout, complaints } = await runCommand(['weights', '--regions', writeRegions(t), ...both]);
    assert.deepEqual([code, stdout, complaints.length], [2, '', 2]);
    assert.match(complaints[0] ?? '', /^gridgate: --lbs-per-mwh: "eu-north" is in .*R\.yaml too$/);
  });
});
