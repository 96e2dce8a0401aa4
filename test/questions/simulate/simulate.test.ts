import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { SimulateReport } from '../../../src/questions/simulate/report.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { madeUpSeries } from '../../forecast/series.ts';
import { runCommand } from '../../process/run-command.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

interface Files {
  write(name: string, text: string): string;
  /** CSV of a series that is made up. */
  series(name: string, seed: number, days?: number): string;
}

function writeFiles(test: TestContext): Files {
  const directory = makeTemporaryDirectory(test);
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    write,
    series: (name, seed, days = 60) =>
      write(
        name,
        `timestamp,gramsPerKwh\n${madeUpSeries(days, seed)
          .map(
            (grams, hour) =>
              `${new Date(START + hour * HOUR_MS).toISOString()},${hour % 50 === 7 ? '' : grams.toFixed(2)}`,
          )
          .join('\n')}\n`,
      ),
  };
}

const JOBS = 'arrival_time,length,cpus\n0,7200,2\n5000,3600,1\n90000,1800,4\n';

describe('gridgate simulate', () => {
  it('plays jobs in regions, and prints each way beside perfect foresight', async (t) => {
    const files = writeFiles(t);
    const intensities = ['--intensity', `east=${files.series('e.csv', 1)},west=${files.series('w.csv', 2)}`];
    const args = [
      'simulate',
      ...intensities,
      '--jobs',
      files.write('jobs.csv', JOBS),
      '--price',
      'east=0.04,west=0.05',
    ];
    const { code, stdout, stderr } = await runCommand([...args, '-o', 'json']);
    assert.equal(code, 0, stderr);
    const report: SimulateReport = JSON.parse(stdout);
    assert.deepEqual([report.version, report.home, report.work, report.jobs], [1, 'east', 'jobs', 15]);
    assert.deepEqual(
      report.regions.map(({ region, missingHours }) => [region, missingHours]),
      [
        ['east', 29],
        ['west', 29],
      ],
    );
    const [home] = report.strategies;
    const foresight = report.strategies.at(-1);
    assert.ok(Math.abs((home?.grams ?? 0) - report.baselineGrams) < 1e-9);
    assert.deepEqual([home?.avoidedPercent, home?.foresightPercent, home?.worstWaitHours], [0, 0, 0]);
    // 15 jobs of 2 * 2, 1 * 1 and 0.5 * 4 CPU hours, all at home.
    assert.ok(Math.abs((home?.cost ?? 0) - 5 * 7 * 0.04) < 1e-9, `${home?.cost}`);
    assert.ok(Math.abs((foresight?.foresightPercent ?? 0) - 100) < 1e-9);
    assert.ok(report.strategies.every(({ grams }) => grams >= (foresight?.grams ?? 0) - 1e-9));

    const table = await runCommand([...args, '--capacity', 'east=2,west=2']);
    assert.match(table.stdout, /^15 jobs that may wait 12h, home east, 2026-01-29 to 2026-03-02; at home at once: /);
    assert.match(table.stdout, /^STRATEGY +KGCO2E +AVOIDED +OF FORESIGHT +MOVES\/DAY +WAIT +WORST +COST +LATE$/m);
    assert.match(table.stdout, /^gridgate, where and when /m);
  });

  it('draws it all on one page, that loads nothing and runs nothing, whatever the names are', async (t) => {
    const files = writeFiles(t);
    const page = join(makeTemporaryDirectory(t), 'page.html');
    const jobs = files.write('jobs.csv', JOBS);
    const args = ['simulate', '--intensity', `east=${files.series('e.csv', 1)}`, '--jobs', jobs, '--html', page];
    const { code, stderr } = await runCommand(args);
    assert.deepEqual([code, stderr], [0, `gridgate: ${page} is written\n`]);
    const text = readFileSync(page, 'utf8');
    assert.match(text, /<p class="lead"><b>-?\d+\.\d%<\/b> less CO2e with gridgate/);
    for (const way of ['at home, at once', 'gridgate, where and when', 'perfect foresight'])
      assert.ok(text.includes(`<th scope="row">${way}</th>`), way);
    assert.equal(text.match(/<polyline/g)?.length, 1);
    assert.doesNotMatch(text, /<script|NaN|undefined|Infinity/);
    assert.match(text, /content="default-src &#39;none&#39;;/);
  });

  it('plays a service where no jobs are given, which cannot wait', async (t) => {
    const files = writeFiles(t);
    const { code, stdout } = await runCommand([
      'simulate',
      '--intensity',
      `east=${files.series('e.csv', 1)}`,
      '--intensity',
      `west=${files.series('w.csv', 2)}`,
      '--home',
      'west',
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^a service of one CPU, home west, /);
    // Nearly all: in a gap nobody knows which region is cleanest.
    assert.match(stdout, /^greedy, cleanest now +\S+ +\S+ +(99\.\d|100\.0)% /m);
  });

  it('tells how much of what waiting can save is found, for each series', async (t) => {
    const files = writeFiles(t);
    const args = [
      'simulate',
      '--every-hour',
      '--intensity',
      `a=${files.series('a.csv', 1)},b=${files.series('b.csv', 2)}`,
    ];
    const { code, stdout } = await runCommand([...args, '--length', '2h', '--slack', '8h', '-o', 'json']);
    assert.equal(code, 0);
    const { version, series } = JSON.parse(stdout);
    assert.equal(version, 1);
    assert.deepEqual(
      series.map(({ name, shares }: { name: string; shares: object }) => [name, Object.keys(shares)]),
      [
        ['a', ['gridgate', 'yesterday', 'profile', 'fixed-200']],
        ['b', ['gridgate', 'yesterday', 'profile', 'fixed-200']],
      ],
    );
    const table = await runCommand(args);
    assert.match(table.stdout, /^SERIES +FORESIGHT SAVES +GRIDGATE +YESTERDAY +PROFILE +FIXED-200\na +\d/);
  });

  it('takes the mean of several readings of an hour, in any order and with any offset', async (t) => {
    const files = writeFiles(t);
    const rows = madeUpSeries(40, 3).flatMap((grams, hour) => {
      const at = (minutes: number) => new Date(START + hour * HOUR_MS + minutes * 60_000).toISOString();
      return [`${at(30)},x,${grams + 10}`, `${at(0).replace('Z', '+00:00')},y,${grams - 10}`];
    });
    const path = files.write('half.csv', `timestamp,note,gramsPerKwh\n${rows.reverse().join('\n')}\n`);
    const { stdout } = await runCommand(['simulate', '--intensity', `a=${path}`, '-o', 'json']);
    const mean = madeUpSeries(40, 3).reduce((sum, grams) => sum + grams, 0) / (24 * 40);
    assert.ok(Math.abs(JSON.parse(stdout).regions[0].meanGramsPerKwh - mean) < 1e-6);
  });

  const mistakes: readonly [string, (files: Files) => readonly string[], RegExp][] = [
    ['no --intensity', () => [], /--intensity/],
    [
      'a file that is not there',
      () => ['--intensity', 'a=nowhere.csv'],
      /nowhere\.csv: cannot be read: there is no such file/,
    ],
    [
      'no column of readings',
      (files) => ['--intensity', `a=${files.write('x.csv', 'time,grams\n1,2\n')}`],
      /x\.csv: names no column timestamp, gramsPerKwh/,
    ],
    [
      'a reading that cannot be',
      (files) => ['--intensity', `a=${files.write('x.csv', 'timestamp,gramsPerKwh\n2026-01-01T00:00:00Z,-5\n')}`],
      /x\.csv, line 2: gramsPerKwh must be a number from 0 to 2000, or blank/,
    ],
    [
      'a time that is none',
      (files) => ['--intensity', `a=${files.write('x.csv', 'timestamp,gramsPerKwh\nyesterday,5\n')}`],
      /x\.csv, line 2: timestamp must be a time such as/,
    ],
    [
      'nothing but blanks',
      (files) => ['--intensity', `a=${files.write('x.csv', 'timestamp,gramsPerKwh\n2026-01-01T00:00:00Z,\n')}`],
      /x\.csv: holds no reading/,
    ],
    ['too few days', (files) => ['--intensity', `a=${files.series('a.csv', 1, 20)}`], /36 days in common/],
    [
      'a home that is no region',
      (files) => ['--intensity', `a=${files.series('a.csv', 1)}`, '--home', 'b'],
      /--home: no --intensity is called b/,
    ],
    [
      'a price for one of two',
      (files) => ['--intensity', `a=${files.series('a.csv', 1)},b=${files.series('b.csv', 1)}`, '--price', 'a=1'],
      /--price: b has none/,
    ],
    [
      'a job of no length',
      (files) => [
        '--intensity',
        `a=${files.series('a.csv', 1)}`,
        '--jobs',
        files.write('j.csv', 'arrival_time,length,cpus\n0,0,1\n'),
      ],
      /j\.csv, line 2: length must be a number of seconds above 0/,
    ],
    [
      'no job',
      (files) => [
        '--intensity',
        `a=${files.series('a.csv', 1)}`,
        '--jobs',
        files.write('j.csv', 'arrival_time,length,cpus\n'),
      ],
      /j\.csv: holds no job/,
    ],
    [
      'half hours with --every-hour',
      (files) => ['--every-hour', '--length', '90m', '--intensity', `a=${files.series('a.csv', 1)}`],
      /--length: must be whole hours/,
    ],
  ];
  for (const [name, args, expected] of mistakes)
    it(`ends with 2 at ${name}`, async (t) => {
      const { code, stdout, stderr } = await runCommand(['simulate', ...args(writeFiles(t))]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, expected);
    });
});
