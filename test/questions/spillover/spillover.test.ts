import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { SpilloverReport } from '../../../src/questions/spillover/report.ts';
import { regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { findFreePort } from '../../control-plane/ports.ts';
import type { Finished } from '../../process/finished.ts';
import { runCommand } from '../../process/run-command.ts';
import { runGridgate } from '../../process/run-gridgate.ts';
import { awsError, startCloudWatch } from './fake-cloudwatch.ts';

const PLACES = ['--region', 'us-west-2', '--to', 'eu-central-1'];
const MOVED = [...PLACES, '--bytes', '1e12'];
const TIMES = ['--start', '2026-11-20T08:00:00Z', '--end', '2026-11-20T10:00:00Z'];
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };

interface Files {
  readonly regions: string;
  file(name: string, text: string): string;
}

/** The reference intensities, and a clean region near by. */
function writeFiles(test: TestContext): Files {
  const directory = makeTemporaryDirectory(test);
  const regions = writeDocuments(join(directory, 'regions.yaml'), [
    regionYaml('us-west-2', { gramsPerKwh: 120.5 }),
    regionYaml('eu-central-1', { gramsPerKwh: 338.2, latencyMs: { 'us-west-2': 142 } }),
    regionYaml('us-east-1', { gramsPerKwh: 379.1, latencyMs: { 'us-west-2': 62 } }),
    regionYaml('dark', { latencyMs: { 'us-west-2': 1 } }),
  ]);
  return {
    regions,
    file(name, text) {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    },
  };
}

/** In a process of its own where it needs an environment: the SDK of AWS reads its own. */
function run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished> {
  return env ? runGridgate(['spillover', ...args], { env }) : runCommand(['spillover', ...args]);
}

async function reportOf(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<SpilloverReport> {
  const { code, stdout, stderr } = await run([...args, '--output', 'json'], env);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

describe('gridgate spillover', { concurrency: 2 }, () => {
  it('prints the known answer, the figures behind it and the plan in 80 columns', async (t) => {
    const { regions } = writeFiles(t);
    const { code, stdout, complaints } = await run([...MOVED, '--regions', regions]);
    assert.equal(code, 0);
    assert.deepEqual(complaints, []);
    for (const part of [
      '0.60876 kgCO2e, +14.5% of the baseline of 4.2 kgCO2e',
      '1 TB x 12 = 12,000 GB x 0.00015 kWh/GB = 1.8 kWh',
      'kWh/GB  0.00015: what one failover was measured at (default)',
      '0.001 would give 4.0584 kgCO2e, +96.6%: Cloud Carbon Footprint',
      'Carbon-aware failover would have chosen eu-central-1: where it went.',
    ])
      assert.ok(stdout.includes(part), `${part}\n${stdout}`);
    assert.match(stdout, /^us-east-1 +62ms +379\.1 +static +0\.68238 +\+0\.07362 +-$/m);
    assert.ok(stdout.split('\n').every((line) => line.length <= 80));
  });

  it('is data on stdout with json, all that was asked for named', async (t) => {
    const { regions } = writeFiles(t);
    const report = await reportOf([...MOVED, ...TIMES, '--regions', regions, '--kwh-per-gb', '0.001'], {
      GRIDGATE_FACTOR: '6',
    });
    assert.equal(report.version, 'v1');
    assert.equal(report.total.kgCO2e.toFixed(4), '2.0292');
    assert.deepEqual(report.kwhPerGb, { value: 0.001, source: 'given by --kwh-per-gb' });
    assert.deepEqual(report.factor, { value: 6, source: 'given by GRIDGATE_FACTOR' });
    assert.deepEqual([report.start, report.end], ['2026-11-20T08:00:00.000Z', '2026-11-20T10:00:00.000Z']);
    assert.deepEqual(
      report.plans[0]?.regions.map(({ region }) => region),
      ['eu-central-1', 'us-east-1', 'dark'],
    );
  });

  it('knows the clouds by name alone, by the yearly averages of their grids', async () => {
    const { code, stdout, stderr } = await run([...MOVED, '--allow', 'e*']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /yearly averages of 2025/);
    assert.match(stdout, /^eu-north-1 +- +\d+ +yearly avg .* chosen$/m);
    assert.doesNotMatch(stdout, /^us-(east|west-1)|europe/m);
  });

  const flowFiles = {
    'CSV as Excel writes it: BOM, CRLF, quotes, capitals, other columns': {
      name: 'flows.csv',
      text: '\ufeff"From",TO,Note,Bytes\r\n"us-west-2",eu-central-1,"a, b",1e12\r\n\r\nus-west-2,us-east-1,,"500000000000"\r\n',
    },
    'a list in JSON, after a BOM': {
      name: 'flows.json',
      text: '\ufeff[{"from":"us-west-2","to":"eu-central-1","bytes":1e12},{"from":"us-west-2","to":"us-east-1","bytes":"5e11","x":{}}]',
    },
    'an object in JSON, with what --region says': {
      name: 'flows.json',
      text: ' {"flows":[{"to":"eu-central-1","bytes":1000000000000},{"to":"us-east-1","bytes":5e11,"start":null}]}',
    },
  };
  for (const [title, { name, text }] of Object.entries(flowFiles)) {
    it(`reads flows from ${title}`, async (t) => {
      const { regions, file } = writeFiles(t);
      const report = await reportOf(['--from-file', file(name, text), '--regions', regions, '--region', 'us-west-2']);
      assert.deepEqual(
        report.flows.map(({ from, to, bytes }) => [from, to, bytes]),
        [
          ['us-west-2', 'eu-central-1', 1e12],
          ['us-west-2', 'us-east-1', 5e11],
        ],
      );
      assert.equal(report.total.kgCO2e.toFixed(5), (0.608_76 + 0.341_19).toFixed(5));
    });
  }

  it('leaves out the flows of a file that the options rule out, and says how many', async (t) => {
    const { regions, file } = writeFiles(t);
    const flows = file(
      'f.csv',
      `from,to,bytes,start,end
us-west-2,eu-central-1,1,2026-11-20T08:30:00Z,
us-west-2,eu-central-1,2,2026-11-20T09:00:00+02:00,
us-west-2,eu-central-1,4,,
us-west-2,us-east-1,8,2026-11-20T08:30:00Z,
us-east-1,eu-central-1,16,2026-11-20T08:30:00Z,
us-west-2,eu-central-1,32,2026-11-20T10:00:00Z,
`,
    );
    const { code, stdout, complaints } = await run([
      ...PLACES,
      ...TIMES,
      '--from-file',
      flows,
      '--regions',
      regions,
      '--output',
      'json',
    ]);
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as SpilloverReport).total.bytes, 5);
    assert.match(
      complaints.join('\n'),
      /4 of 6 flows are left out[\s\S]*flows without a start are counted; there are 1/,
    );
  });

  it('shows the largest of 10,000 flows, counts all, and stays quick', async (t) => {
    const { regions, file } = writeFiles(t);
    const rows = Array.from({ length: 10_000 }, (_, i) => `us-west-2,eu-central-1,${i + 1}e6`);
    const { code, stdout } = await run([
      '--from-file',
      file('f.csv', ['from,to,bytes', ...rows].join('\n')),
      '--regions',
      regions,
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^us-west-2 +eu-central-1 +10 GB /m);
    assert.match(stdout, /^and 9976 more of .* kgCO2e together/m);
    assert.ok(stdout.split('\n').length < 60);
  });

  const CROWDS: Readonly<Record<string, string>> = {
    'CSV of good rows': `from,to,bytes\n${'us-west-2,eu-central-1,1\n'.repeat(100_001)}`,
    'CSV of broken rows': `from,to,bytes\n${'a"x,b,1\n'.repeat(100_001)}`,
    JSON: `[${'1,'.repeat(100_000)}1]`,
  };
  // What millions of them take is measured by `make bench` (hostile-memory.ts).
  for (const [name, text] of Object.entries(CROWDS))
    it(`refuses more than 100,000 flows in ${name}`, async (t) => {
      const flows = writeFiles(t).file('flows', text);
      const { code, complaints } = await run(['--from-file', flows]);
      assert.equal(code, 2, complaints.join('\n').slice(0, 500));
      assert.match(complaints.join('\n'), /flows: holds more than 100000 flows; sum them up/);
    });

  it('says whom --max-latency does not keep out, for want of a latency', async (t) => {
    const { file } = writeFiles(t);
    const near = (ms?: number) => ({ gramsPerKwh: 30, ...(ms !== undefined && { latencyMs: { 'us-west-2': ms } }) });
    const regions = writeDocuments(file('r.yaml', ''), [
      ...[regionYaml('us-west-2', near()), regionYaml('eu-central-1', near(142)), regionYaml('unmeasured', near())],
      regionYaml('forbidden', near()),
    ]);
    const args = [...MOVED, '--regions', regions, '--max-latency', '120ms', '--allow', '*,!forbidden'];
    const { notes } = await reportOf(args);
    assert.deepEqual(
      notes.filter((text) => text.includes('latency')),
      ['no latency from the failed region is known of unmeasured: --max-latency does not keep it out'],
    );
    assert.deepEqual(
      (await reportOf([...MOVED, '--regions', regions])).notes.filter((text) => text.includes('latency')),
      [],
    );
  });

  it('says where nothing is acceptable, and where nothing is known', async (t) => {
    const { regions } = writeFiles(t);
    const far = await run([...MOVED, '--regions', regions, '--allow', 'us-*', '--max-latency', '5ms']);
    assert.match(far.stdout, /^eu-central-1 .* went, not_allowed$/m);
    assert.match(far.stdout, /nowhere to go from us-west-2: no region is acceptable\.$/m);
    const blind = await run([...MOVED, '--regions', regions, '--allow', 'dark']);
    assert.match(blind.stdout, /^dark +1ms +unknown +- +- +- +-$/m);
    assert.match(blind.stdout, /could not have chosen: no acceptable region has a known intensity\.$/m);
    assert.deepEqual([far.code, blind.code], [0, 0]);
  });

  it('says that a measured intensity is not the one of then', async (t) => {
    const { file } = writeFiles(t);
    const measuredAt = new Date(Date.now() - 600_000).toISOString();
    const path = file('grams.json', JSON.stringify({ DE: { gramsPerKwh: 300, measuredAt } }));
    const source = { type: 'file', path, signal: 'average-lifecycle' };
    const config = file('gridgate.yaml', JSON.stringify({ sources: [source] }));
    const { code, stdout, stderr } = await run([...MOVED, ...TIMES, '--config', config]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^eu-central-1 +- +300 +file 10m /m);
    assert.match(stderr, /intensities are those of now, not of when the traffic moved/);
  });

  interface Mistake {
    readonly args: readonly string[];
    readonly says: readonly RegExp[];
    readonly file?: string;
  }
  const mistakes: Readonly<Record<string, Mistake>> = {
    'nothing at all': {
      args: [],
      says: [/how many bytes moved; give one of/, /--region: is missing/, /--to: is missing/],
    },
    'two sources of bytes': {
      args: [...MOVED, '--cloudwatch', ...TIMES],
      says: [/--bytes and --cloudwatch: are too many/],
    },
    'the end before the start, in the future, and one region twice': {
      args: [
        '--region',
        'us-west-2',
        '--to',
        'us-west-2',
        '--bytes',
        '1',
        '--start',
        '2999-01-01T00:00:00Z',
        '--end',
        '2998-01-01T00:00:00Z',
      ],
      says: [
        /are both us-west-2/,
        /--start: 2999-.* is in the future/,
        /--end: 2998-.* is in the future/,
        /--end: 2998.* is not after --start 2999/,
      ],
    },
    'the end at the start': {
      args: [...MOVED, '--start', '2026-11-20T08:00:00Z', '--end', '2026-11-20T09:00:00+01:00'],
      says: [/is not after/],
    },
    'no times for CloudWatch': {
      args: [...PLACES, '--cloudwatch'],
      says: [/--start: is missing; --cloudwatch/, /--end: is missing/],
    },
    'no times for Prometheus': {
      args: [...PLACES, '--prometheus-url', 'http://127.0.0.1:1'],
      says: [/--start: is missing; --prometheus-url/, /--end/],
    },
    'a time without a zone, negative bytes and a bad glob': {
      args: [...PLACES, '--bytes', '-1', '--start', '2026-11-20T08:00:00', '--allow', 'eu *'],
      says: [
        /--start: "2026-11-20T08:00:00" is not allowed/,
        /--bytes: "-1" is not allowed/,
        /--allow: "eu \*" is not allowed/,
      ],
    },
    'unknown regions': {
      args: ['--region', 'mars', '--to', 'venus', '--bytes', '1'],
      says: [/region mars: nobody describes it/, /region venus: nobody describes it/],
    },
    'a destination without intensity': {
      args: ['--region', 'us-west-2', '--to', 'dark', '--bytes', '1'],
      says: [/region dark: has no reading; give it gramsPerKwh/],
    },
    'more bytes than there are': { args: [...PLACES, '--bytes', '1e30'], says: [/--bytes: 1e\+30 is more than/] },
    'numbers beyond all sums': {
      args: [...MOVED, '--factor', '1e308', '--kwh-per-gb', '1e308'],
      says: [/--factor, --kwh-per-gb and --baseline-kg/],
    },
    'a destination that CloudWatch cannot be asked for': {
      args: ['--region', 'eu-central-1', '--to', 'dark', '--cloudwatch', ...TIMES],
      says: [/dark \(--to\) is no region of AWS/, /region dark: has no reading/],
    },
    'every bad row of a file, with its line': {
      args: [],
      file: `from,to,bytes,start,end
us-west-2,eu-central-1,1_000,,
us-west-2,eu-central-1,-5,2026-11-20 08:00,
us-west-2,us-west-2,5,,
,eu-central-1,,,
us-west-2,eu"central-1,5,,
__proto__,eu-central-1,NaN,,
us-west-2,eu-central-1,5,2026-11-20T08:00:00Z,2026-11-20T08:00:00Z
us-west-2,eu-central-1,5,,,,
us-west-2,mars,5,,
us-west-2,"eu-central-1,5,,`,
      says: [
        /line 2: bytes: "1_000" is not/,
        /line 3: bytes: "-5" is not/,
        /line 3: start: "2026-11-20 08:00" is not a time/,
        /line 4: from and to: are both us-west-2/,
        /line 5: from: is missing; .* or give --region/,
        /line 5: bytes: is missing/,
        /line 6: is no CSV: Invalid Opening Quote/,
        /line 7: from: "__proto__" is not a region name/,
        /line 7: bytes: "NaN" is not/,
        /line 8: end: is not after start/,
        /line 9: has 7 fields, and the first line 5/,
        /line 11: is no CSV/,
        /region mars: nobody describes it/,
      ],
    },
    'a file without the column bytes': {
      args: [],
      file: 'a;b;c\n1;2;3',
      says: [/line 1: names no column bytes, but "a;b;c"; give CSV/],
    },
    'an empty file': { args: [], file: '', says: [/holds no flow; give CSV/] },
    'a file with a head alone': { args: [], file: 'from,to,bytes\n', says: [/holds no flow/] },
    'JSON that is none': { args: [], file: '[{"from":', says: [/is no JSON/] },
    'JSON of another shape': { args: [], file: '{"flows":{}}', says: [/has no list of flows/] },
    'flows that are no flows': {
      args: [],
      file: '[1, {"from":["a"],"to":"b","bytes":1}, {"from":"us-west-2","to":"eu-central-1","bytes":"\\u0000"}]',
      says: [/flow 1: is no object/, /flow 2: from: is neither text nor a number/, /flow 3: bytes: "\\u0000" is not/],
    },
  };
  for (const [name, { args, says, file }] of Object.entries(mistakes)) {
    it(`refuses ${name}: exit 2, all at once`, async (t) => {
      const files = writeFiles(t);
      const fromFile = file === undefined ? [] : ['--from-file', files.file('flows', file)];
      const { code, stdout, complaints } = await run([...args, ...fromFile, '--regions', files.regions]);
      assert.equal(code, 2, complaints.join('\n'));
      assert.equal(stdout, '');
      assert.equal(complaints.length, says.length, complaints.join('\n'));
      for (const [i, one] of says.entries()) assert.match(complaints[i] ?? '', one);
    });
  }

  it('tells mistakes of the regions file and of a missing flows file beside its own', async (t) => {
    const { file } = writeFiles(t);
    const bad = file('bad.yaml', regionYaml('a', { gramsPerKwh: -1 }));
    const { code, complaints } = await run([
      '--from-file',
      '/nowhere',
      '--regions',
      bad,
      '--end',
      '2999-01-01T00:00:00Z',
    ]);
    assert.equal(code, 2);
    assert.match(
      complaints.join('\n'),
      /--end: 2999[\s\S]*\/nowhere: cannot be read: there is no such file[\s\S]*bad\.yaml.*gramsPerKwh/,
    );
  });

  it('sums what CloudWatch counted, hour by hour', async (t) => {
    const { regions } = writeFiles(t);
    const { endpoint } = await startCloudWatch(t, {
      pageSize: 1,
      instances: {
        'i-1': { '2026-11-20T08:00:00Z': 5e11, '2026-11-20T09:00:00Z': 1e11 },
        'i-2': { '2026-11-20T08:00:00Z': 4e11 },
      },
    });
    const args = [...PLACES, ...TIMES, '--cloudwatch', '--endpoint', endpoint, '--regions', regions];
    const report = await reportOf(args, CREDENTIALS);
    assert.deepEqual(
      report.flows.map(({ start, bytes }) => [start, bytes]),
      [
        ['2026-11-20T08:00:00.000Z', 9e11],
        ['2026-11-20T09:00:00.000Z', 1e11],
      ],
    );
    assert.equal(report.total.kgCO2e.toFixed(5), '0.60876');
    assert.match(report.notes.join(), /all that the EC2 instances of eu-central-1 sent \(2 of them\)/);
  });

  const clouds = {
    'refused credentials': {
      answer: awsError(400, 'AccessDeniedException'),
      says: /AWS refuses the credentials, which need cloudwatch:ListMetrics.*; set AWS_PROFILE/,
    },
    throttling: {
      answer: awsError(400, 'ThrottlingException'),
      says: /too many requests to CloudWatch; try again in a minute/,
    },
    'no instance': { answer: { body: { Metrics: [] } }, says: /it has no value in this range/ },
  };
  for (const [name, { answer, says }] of Object.entries(clouds)) {
    it(`says what to do about ${name} of CloudWatch: exit 3`, async (t) => {
      const { regions } = writeFiles(t);
      const { endpoint } = await startCloudWatch(t, { answer: () => answer });
      const { code, stdout, complaints } = await run(
        [...PLACES, ...TIMES, '--cloudwatch', '--endpoint', endpoint, '--regions', regions],
        CREDENTIALS,
      );
      assert.equal(code, 3);
      assert.equal(stdout, '');
      assert.equal(complaints.length, 1);
      assert.match(complaints[0] ?? '', says);
    });
  }

  const servers = {
    'a refused query': {
      status: 400,
      body: '{"status":"error","errorType":"bad_data","error":"parse error"}',
      code: 2,
      says: /--prometheus-query: Prometheus refuses it: .*parse error/,
    },
    'a server in trouble': {
      status: 503,
      body: 'busy',
      code: 3,
      says: /cannot read bytes from Prometheus \(http.*HTTP 503.*--bytes and --from-file/,
    },
    'no series': {
      status: 200,
      body: '{"status":"success","data":{"resultType":"matrix","result":[]}}',
      code: 3,
      says: /the query finds nothing in this range.*look at --prometheus-query/,
    },
    HTML: { status: 200, body: '<html>', code: 3, says: /HTML, not JSON/ },
  };
  for (const [name, { status, body, code: expected, says }] of Object.entries(servers)) {
    it(`says what is wrong with ${name} of Prometheus: exit ${expected}`, async (t) => {
      const { regions } = writeFiles(t);
      const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      t.after(() => server.close().closeAllConnections());
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { code, stdout, stderr } = await run([...PLACES, ...TIMES, '--prometheus-url', url, '--regions', regions]);
      assert.equal(code, expected, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, says);
    });
  }

  it('ends with 3 where nobody listens', async (t) => {
    const { regions } = writeFiles(t);
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const { code, stderr } = await run([...PLACES, ...TIMES, '--prometheus-url', url, '--regions', regions]);
    assert.equal(code, 3);
    assert.match(stderr, /the connection is refused; --bytes and --from-file work without it/);
  });
});
