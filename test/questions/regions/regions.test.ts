import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { REGIONS, regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import type { Finished } from '../../process/finished.ts';
import { runCommand } from '../../process/run-command.ts';

const WORLD = [...REGIONS, regionYaml('eu-north-1', {}), regionYaml('mars', { gridZone: 'MARS' })];

function writeRegions(test: TestContext, documents = WORLD): string {
  return writeDocuments(join(makeTemporaryDirectory(test), 'R.yaml'), documents);
}

function regions(test: TestContext, ...args: readonly string[]): Promise<Finished> {
  return runCommand(['regions', '--regions', writeRegions(test), ...args]);
}

describe('gridgate regions', { timeout: 300_000, concurrency: 2 }, () => {
  it('ranks them in a table of at most 80 columns, and exits 0', async (t) => {
    const { code, stdout, stderr } = await regions(t);
    assert.deepEqual([code, stderr], [0, '']);
    const [titles = '', ...rows] = stdout.trimEnd().split('\n');
    assert.deepEqual(titles.split(/ +/), ['NAME', 'ZONE', 'gCO2/kWh', 'BAND', 'OUTAGE', 'SOURCE', 'AGE']);
    const names = rows.map((row) => row.split(' ')[0]);
    assert.deepEqual(names, ['eu-north-1', 'eu-west', 'eu-north', 'us-west', 'eu-central', 'mars']);
    assert.match(rows[0] ?? '', /^eu-north-1 +SE-SE3 +\d+(\.\d)? +low +- +embedded +-$/);
    assert.match(rows[1] ?? '', /^eu-west +- +40 +low +DOWN: power loss +static +\d+s$/);
    assert.match(rows[5] ?? '', /^mars +MARS +unknown( +-){4}$/);
    for (const row of rows) assert.ok(row.length <= 80, row);
  });

  it('says the same in JSON and YAML, and nothing else on stdout', async (t) => {
    const [json, yaml] = await Promise.all(['json', 'yaml'].map((output) => regions(t, '--output', output)));
    const read = [JSON.parse(json?.stdout ?? ''), parse(yaml?.stdout ?? '')];
    const [first, second] = read.map((listing) => ({
      ...listing,
      takenAt: typeof listing.takenAt,
      regions: listing.regions.map((region: object) => ({ ...region, measuredAt: undefined })),
    }));
    assert.deepEqual(second, first);
    assert.deepEqual([first.version, first.regions.length], ['v1', 6]);
    assert.deepEqual([json?.stderr, yaml?.stderr], ['', '']);
  });

  it('prints usable regions for a runbook whatever --output says, and names the others on stderr', async (t) => {
    const { code, stdout, complaints } = await regions(t, '--format', 'shell', '--output', 'json');
    assert.equal(code, 0);
    assert.match(stdout, /^eu-north-1: \d+(\.\d)? gCO2e\/kWh\neu-north: 50 gCO2e\/kWh\n/);
    assert.match(stdout, /\nus-west: 120 gCO2e\/kWh\neu-central: 340 gCO2e\/kWh\n$/);
    assert.deepEqual(complaints, [
      'gridgate: eu-west is left out: in outage (power loss)',
      'gridgate: mars is left out: no reading',
    ]);
  });

  it('exits 1 when a runbook has nowhere to go', async (t) => {
    const file = writeRegions(t, [regionYaml('mars', {})]);
    const { code, stdout, complaints } = await runCommand(['regions', '--regions', file, '--format', 'shell']);
    assert.deepEqual([code, stdout, complaints.at(-1)], [1, '', 'gridgate: no region is left to go to']);
  });

  it('compares readings of the policy signal', async (t) => {
    const file = writeRegions(t, [
      regionYaml('a', { gramsPerKwh: 9 }),
      regionYaml('b', { gramsPerKwh: 99, signal: 'marginal' }),
    ]);
    const args = ['regions', '--regions', file, '--policy-signal', 'marginal', '--format', 'shell'];
    assert.equal((await runCommand(args)).stdout, 'b: 99 gCO2e/kWh\n');
  });

  for (const command of ['regions', 'regions --format shell', 'weights'])
    it(`${command} ends quietly when nobody reads on`, async (t) => {
      const gridgate = `"${process.execPath}" src/main.ts ${command} --regions "${writeRegions(t)}"`;
      const { stderr } = await promisify(execFile)('/bin/sh', [
        '-c',
        `{ ${gridgate}; echo "ended with $?" >&2; } | true`,
      ]);
      const unexpected = stderr.split('\n').filter((line) => line !== '' && !/ is left out: /.test(line));
      assert.deepEqual(unexpected, ['ended with 0']);
    });
});

describe('gridgate regions exits 2 and lists every mistake:', { timeout: 300_000, concurrency: 2 }, () => {
  const bad = [regionYaml('a', { gramsPerKwh: -1 }), regionYaml('b', { grams: 5 })];
  const rows: readonly [name: string, args: readonly string[], file: boolean, says: readonly RegExp[]][] = [
    ['no file for a runbook', ['--format', 'shell'], false, [/--regions \(GRIDGATE_REGIONS\): is missing/]],
    ['no such file', ['--regions', 'nowhere.yaml'], false, [/nowhere\.yaml: cannot be read: there is no such file/]],
    ['mistakes in the file', [], true, [/document 1.*spec\.gramsPerKwh/, /document 2.*spec\.grams: no such key/]],
    [
      'mistakes in options and in the file',
      ['--output', 'xml', '--format', 'bash', '--policy-signal', 'x'],
      true,
      [
        /--policy-signal: "x"/,
        /--output: "xml"/,
        /--format: "bash" is not allowed; give one of shell/,
        /document 1/,
        /document 2/,
      ],
    ],
    ['a file without a name', ['--regions', ''], false, [/--regions: "" is not allowed/]],
  ];
  for (const [name, args, file, says] of rows)
    it(name, async (t) => {
      const given = file ? ['--regions', writeRegions(t, bad), ...args] : args;
      const { code, stdout, complaints } = await runCommand(['regions', ...given]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(complaints.length, says.length, complaints.join('\n'));
      for (const [i, pattern] of says.entries()) assert.match(complaints[i] ?? '', pattern);
    });
});
