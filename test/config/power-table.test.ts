import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type PowerTableRead, readPowerTable } from '../../src/config/power-table.ts';
import { embodiedOf } from '../../src/energy/embodied.ts';
import { idlePowerOf } from '../../src/energy/instance-power.ts';
import { DEFAULT_POWER_MODEL } from '../../src/energy/power-model.ts';
import type { PowerTable } from '../../src/energy/power-table.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

function read(test: TestContext, text: string): Promise<PowerTableRead> {
  const path = join(makeTemporaryDirectory(test), 'power.yaml');
  writeFileSync(path, text);
  return readPowerTable(path);
}

async function readTable(test: TestContext, text: string): Promise<PowerTable> {
  const result = await read(test, text);
  assert.ok('table' in result, JSON.stringify(result));
  return result.table;
}

async function readIssues(test: TestContext, text: string): Promise<string[]> {
  const result = await read(test, text);
  assert.ok('issues' in result, 'should have been refused');
  for (const issue of result.issues) assert.match(issue, /^\/.*\/power\.yaml(, line \d+)?: /);
  return result.issues.map((issue) => issue.replace(/^.*power\.yaml(, |: )/, ''));
}

const FULL = `
vcpuWatts: {min: 0.9, max: 4.1}
memoryWattsPerGb: 0.35
pue: {aws: 1.15, default: 1.4}
instances:
  m7g.large: 12.1
  edge-box:
    idleWatts: 38
    vcpus: 16
    arch: amd64
    manufacturingKg: 1401.6
    machineVcpus: 64
`;

describe('a power table', () => {
  it('counts before the embedded figures, as looked up', async (test) => {
    const table = await readTable(test, FULL);
    assert.deepEqual(table.model.vcpuWatts, { min: 0.9, max: 4.1 });
    assert.equal(table.model.memoryWattsPerGb, 0.35);
    assert.deepEqual(table.model.pue('aws'), { value: 1.15, basis: 'looked-up' });
    assert.deepEqual(table.model.pue('gcp'), { value: 1.1, basis: 'looked-up' });
    assert.deepEqual(table.model.pue(undefined), { value: 1.4, basis: 'looked-up' });
    assert.deepEqual(idlePowerOf({ instanceType: 'm7g.large' }, table), {
      watts: 12.1,
      basis: 'looked-up',
      how: 'own table',
    });
    // 1401.6 * 1000 / 35040 * 16 / 64
    assert.deepEqual(embodiedOf({ instanceType: 'edge-box' }, table), {
      gramsPerHour: 10,
      basis: 'looked-up',
      how: 'own table',
    });
    assert.equal(idlePowerOf({ instanceType: 'm6i.xlarge' }, table).watts, 21.7);
  });

  it('may be JSON', async (test) => {
    const table = await readTable(
      test,
      JSON.stringify({ instances: { 'm7g.large': 11, 'm6i.large': { idleWatts: 9 } } }),
    );
    assert.equal(idlePowerOf({ instanceType: 'm7g.large' }, table).watts, 11);
    assert.equal(idlePowerOf({ instanceType: 'm6i.large' }, table).watts, 9);
  });

  it('that says nothing changes nothing', async (test) => {
    const { model } = await readTable(test, '{}');
    assert.equal(model.vcpuWatts, DEFAULT_POWER_MODEL.vcpuWatts);
    assert.deepEqual(model.pue(undefined), { value: 1.135, basis: 'estimated' });
  });

  it('may name types like members of an object', async (test) => {
    const table = await readTable(test, 'instances: {constructor: 7, toString: 8}');
    assert.equal(idlePowerOf({ instanceType: 'constructor' }, table).watts, 7);
    assert.equal(idlePowerOf({ instanceType: 'valueOf' }, table).watts, 15);
  });

  it('with several mistakes gets all of them, each with its line and path', async (test) => {
    const issues = await readIssues(
      test,
      `vcpuWatts: {min: 4, max: 1}
memoryWattsPerGB: 0.3
pue: {aws: 0.9, gpc: 1.1}
instances:
  m7g.large: -3
  m6i.large: {idleWats: 3, vcpus: 2.5, arch: arm}
  m6i.xlarge: {}
  m5.large: ~
  m5.4xlarge: {manufacturingKg: 1200, machineVcpus: 8}
  m5.8xlarge: {idleWatts: 3, machineVcpus: 96}
  "a\\u0007b": 3
  __proto__: 3
`,
    );
    for (const wanted of [
      'line 1: vcpuWatts.max: must not be below min',
      'line 2: memoryWattsPerGB: no such key, did you mean memoryWattsPerGb?',
      'line 3: pue.aws: must be a number from 1 to 5',
      'line 3: pue.gpc: no such key, did you mean gcp?',
      'line 5: instances.m7g.large.idleWatts: must be a number of watts from 0.01 to 50000',
      'line 6: instances.m6i.large.idleWats: no such key, did you mean idleWatts?',
      'line 6: instances.m6i.large.vcpus: must be a whole number from 1 to 10000',
      'line 6: instances.m6i.large.arch: must be arm64 or amd64',
      'line 7: instances.m6i.xlarge: needs idleWatts or manufacturingKg',
      'line 8: instances.m5.large: must be a number of idle watts, or fields such as idleWatts and vcpus',
      "line 9: instances.m5.4xlarge.machineVcpus: must not be below the instance's 16",
      'line 10: instances.m5.8xlarge.machineVcpus: is of no use without manufacturingKg',
      'line 11: instances.a\\u0007b: is no instance type; give one as nodes are labelled',
      'line 12: instances.__proto__: is no instance type; give one as nodes are labelled',
    ])
      assert.ok(issues.includes(wanted), `${wanted} is not among\n${issues.join('\n')}`);
    assert.equal(issues.length, 14);
  });

  const rows: readonly [name: string, text: string, wanted: RegExp][] = [
    ['watts that are no number', 'instances: {m7g.large: .nan}', /instances.m7g.large.idleWatts: must be a number/],
    ['endless watts', 'memoryWattsPerGb: .inf', /memoryWattsPerGb: must be a number of watts from 0 to 100/],
    ['watts in quotes', 'instances: {m7g.large: "12.5"}', /must be a number of idle watts/],
    ['milliwatts', 'vcpuWatts: {min: 740, max: 3500}', /vcpuWatts.min: must be a number of watts from 0 to 100/],
    ['half a pair', 'vcpuWatts: {max: 3}', /vcpuWatts.min: must be a number/],
    ['a percentage as PUE', 'pue: {gcp: 110}', /pue.gcp: must be a number from 1 to 5/],
    ['one PUE', 'pue: 1.2', /pue: must be numbers by provider/],
    ['a list of instances', 'instances: [m7g.large]', /instances: must be figures by instance type/],
    ['a list', '- a', /document: must be fields/],
    ['a number', '12', /document: must be fields/],
    ['an instance type twice', 'instances:\n  m7g.large: 1\n  m7g.large: 2', /line 3: .*unique/],
    ['two documents', '{}\n---\n{}', /more than one document/],
    ['nothing', '', /is empty/],
    ['no YAML', 'instances: {', /line 1/],
    ['a name of 253 characters', `instances: {${'x'.repeat(253)}: 3}`, /instances\.x{80}\.\.\.: is no instance type/],
  ];
  for (const [name, text, wanted] of rows)
    it(`with ${name} is refused`, async (test) => {
      assert.match((await readIssues(test, text)).join('\n'), wanted);
    });

  it('that is not there, is a directory or is far too large is one mistake', async (test) => {
    const directory = makeTemporaryDirectory(test);
    const large = join(directory, 'large.yaml');
    writeFileSync(large, Buffer.alloc(17 * 2 ** 20, ' '));
    assert.deepEqual(await readPowerTable('/nowhere/power.yaml'), {
      issues: ['/nowhere/power.yaml: cannot be read: there is no such file'],
    });
    assert.deepEqual(await readPowerTable(directory), { issues: [`${directory}: cannot be read: it is a directory`] });
    assert.deepEqual(await readPowerTable(large), {
      issues: [`${large}: is larger than 16 MiB; a power table is not`],
    });
  });
});
