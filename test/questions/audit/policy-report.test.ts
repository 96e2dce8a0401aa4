import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMachines } from '../../../src/energy/machines.ts';
import { DEFAULT_POWER_MODEL } from '../../../src/energy/power-model.ts';
import { DEFAULT_POWER_TABLE } from '../../../src/energy/power-table.ts';
import type { AuditedWorkload } from '../../../src/questions/audit/audited-workload.ts';
import { judgeWorkload } from '../../../src/questions/audit/judge-workload.ts';
import {
  keepTimes,
  LEFT_OUT_ANNOTATION,
  type PolicyReport,
  policyReportsOf,
} from '../../../src/questions/audit/policy-report.ts';
import { makePod, makePolicy, makeRegion, makeSnapshot, NOW } from '../../builders.ts';

type Parts = Partial<AuditedWorkload> & { readonly grams?: number };

function audited({ grams = 0, ...parts }: Parts = {}): AuditedWorkload {
  return {
    namespace: 'shop',
    kind: 'Deployment',
    name: 'web',
    place: null,
    mode: 'enforce',
    pods: 3,
    decision: 'steer',
    reason: 'acceptable',
    denied: false,
    message: 'the pod may run wherever its own constraints lead; nothing to change',
    asks: [],
    reachesOutside: [],
    unknownRegions: [],
    wrongAnnotations: [],
    judgedBy: 'kind',
    regions: ['eu-north-1'],
    isRanked: true,
    region: 'eu-north-1',
    prefers: false,
    runsIn: { 'eu-north-1': 3 },
    misplaced: 0,
    misplacedIn: {},
    waits: null,
    requests: { vcpu: 1, memoryGb: 1, basis: 'looked-up' },
    gramsPerHour: { asWritten: grams, atHome: grams, placed: grams },
    embodied: { gramsPerHour: 1, basis: 'estimated' },
    alternative: null,
    ...parts,
  };
}

const TAKEN_AT = new Date(NOW).toISOString();

function reportsOf(...workloads: readonly AuditedWorkload[]): readonly PolicyReport[] {
  return [...policyReportsOf({ takenAt: TAKEN_AT, workloads, wrongNamespaces: [] })];
}

function reportOf(...workloads: readonly AuditedWorkload[]): PolicyReport {
  const [report] = reportsOf(...workloads);
  assert.ok(report);
  return report;
}

const DENIED: Parts = { decision: 'deny', reason: 'high_carbon', region: null };

describe('the result of a workload', () => {
  const rows: readonly { readonly what: string; readonly workload: Parts; readonly result: string }[] = [
    { what: 'that may stay', workload: {}, result: 'pass info' },
    { what: 'that is denied', workload: { ...DENIED, denied: true }, result: 'fail high' },
    { what: 'that would be denied under enforce', workload: { ...DENIED, mode: 'warn' }, result: 'warn medium' },
    { what: 'that asks for an unknown region', workload: { reason: 'unknown_region' }, result: 'fail high' },
    { what: 'that runs where it is refused', workload: { misplaced: 1 }, result: 'fail high' },
    { what: 'that does so in audit mode', workload: { misplaced: 1, mode: 'audit' }, result: 'warn medium' },
    { what: 'that stays for want of better', workload: { reason: 'all_dirty' }, result: 'warn low' },
    { what: 'that its volume holds in an outage', workload: { reason: 'outage' }, result: 'warn low' },
  ];
  for (const { what, workload, result } of rows)
    it(`${what} is ${result}`, () => {
      const [found] = reportOf(audited(workload)).results;
      assert.equal(`${found?.result} ${found?.severity}`, result);
      assert.equal(found?.scored, found?.result !== 'warn');
    });

  it('names policy, rule, workload, time and figures', () => {
    const [result] = reportOf(audited({ ...DENIED, denied: true, misplaced: 2, grams: 12.345 })).results;
    assert.equal(result?.policy, 'gridgate');
    assert.equal(result.rule, 'high_carbon');
    assert.equal(result.category, 'Carbon');
    assert.deepEqual(result.resources, [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }]);
    assert.deepEqual(result.timestamp, { seconds: NOW / 1_000, nanos: 0 });
    const { gramsPerHour, misplaced, decision, region } = result.properties;
    assert.deepEqual(
      { gramsPerHour, misplaced, decision, region },
      {
        gramsPerHour: '12.3',
        misplaced: '2',
        decision: 'deny',
        region: undefined,
      },
    );
    assert.match(result.message, /^2 of 3 pods run where the policy refuses them \(eu-north-1: 3\); /);
  });

  it('is about its place where it would be placed well today', () => {
    const [result] = reportOf(audited({ misplaced: 1, reason: 'steered', runsIn: { 'us-east-1': 1, '': 2 } })).results;
    assert.equal(result?.rule, 'misplaced');
    assert.match(
      result.message,
      /^1 of 3 pods run where .*\(us-east-1: 1, no known region: 2\); gridgate would place them in eu-north-1; /,
    );
  });

  it('says nothing of the version of a kind that it does not know', () => {
    const [result] = reportOf(audited({ kind: 'RayCluster' })).results;
    assert.deepEqual(result?.resources, [{ kind: 'RayCluster', name: 'web' }]);
  });

  it('says the same at another time, though the webhook would name the age of its reading', () => {
    const judged = [NOW, NOW + 50 * 60_000, NOW + 5 * 3_600_000].map((now) => {
      const snapshot = makeSnapshot([makeRegion('us-east-1', 380), makeRegion('eu-north-1', 40)], { takenAt: now });
      const pod = makePod({ nodeSelector: { 'topology.kubernetes.io/region': 'us-east-1' } });
      return judgeWorkload(
        { namespace: 'shop', kind: 'Deployment', name: 'web', pod, pods: 1, resources: { containers: [] } },
        {
          snapshot,
          now,
          policyOf: () => ({ policy: makePolicy(), isDescribed: true }),
          defaultsOf: () => ({}),
          model: DEFAULT_POWER_MODEL,
          machines: createMachines(snapshot.topology, DEFAULT_POWER_TABLE),
          volumesOf: () => [],
        },
      );
    });
    assert.equal(new Set(judged.map(({ audited }) => audited.message)).size, 3);
    const said = judged.map(({ lasting }) => reportOf(lasting()).results[0]?.message);
    assert.equal(new Set(said).size, 1, said.join('\n'));
    assert.match(said[0] ?? '', /us-east-1 is at 380 gCO2e\/kWh \(static\), above the limit of 300/);
  });
});

describe('the report of a namespace', () => {
  it('stands for each namespace with workloads, never for one that is not managed', () => {
    const reports = reportsOf(
      ...['shop', 'kube-system', 'bank', '__proto__'].map((namespace) => audited({ namespace })),
    );
    assert.deepEqual(
      reports.map(({ metadata }) => metadata.namespace),
      ['shop', 'bank', '__proto__'],
    );
  });

  it('has the worst first', () => {
    const report = reportOf(
      audited({ name: 'fine', grams: 900 }),
      audited({ name: 'warned', reason: 'all_dirty' }),
      audited({ ...DENIED, name: 'small', grams: 1 }),
      audited({ ...DENIED, name: 'large', grams: 20 }),
      audited({ ...DENIED, name: 'misplaced', misplaced: 2 }),
    );
    assert.deepEqual(
      report.results.map(({ resources: [{ name }] }) => name),
      ['misplaced', 'large', 'small', 'warned', 'fine'],
    );
    assert.deepEqual(report.summary, { fail: 3, warn: 1, pass: 1, skip: 0, error: 0 });
  });

  it('skips DaemonSets, which belong to their nodes', () => {
    const report = reportOf(audited({ kind: 'DaemonSet', decision: 'allow', reason: 'daemonset_pod' }), audited());
    assert.deepEqual(report.summary, { fail: 0, warn: 0, pass: 1, skip: 1, error: 0 });
    assert.equal(report.results.length, 1);
  });

  it('skips all of a namespace that is off', () => {
    const report = reportOf(audited({ ...DENIED, mode: 'off' }), audited({ mode: 'off', misplaced: 4 }));
    assert.deepEqual(report.results, []);
    assert.deepEqual(report.summary, { fail: 0, warn: 0, pass: 0, skip: 2, error: 0 });
  });

  it('names a region that nobody knows as its rule', () =>
    assert.equal(reportOf(audited({ reason: 'unknown_region' })).results[0]?.rule, 'unknown_region'));

  it('holds 200 results, counts all, and says how many are missing', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => audited({ name: `web-${index}` }));
    const report = reportOf(...many, audited({ ...DENIED, name: 'refused' }));
    assert.equal(report.results.length, 200);
    assert.equal(report.results[0]?.resources[0].name, 'refused');
    assert.deepEqual(report.metadata.annotations, { [LEFT_OUT_ANNOTATION]: '9801' });
    assert.equal(report.summary.pass, 10_000);
  });

  it('stays below 256 KiB with the longest of names and messages', () => {
    const long = audited({
      ...DENIED,
      name: 'ü'.repeat(253),
      message: '💨'.repeat(4_000),
      runsIn: { [`${'r'.repeat(253)}`]: 1 },
      misplaced: 1,
    });
    const report = reportOf(...Array.from({ length: 300 }, () => long));
    const bytes = Buffer.byteLength(JSON.stringify(report));
    assert.ok(bytes < 256 * 1024 && bytes > 200 * 1024, `${bytes}`);
    assert.equal(report.results.length + Number(report.metadata.annotations?.[LEFT_OUT_ANNOTATION]), 300);
    assert.ok(report.results.every(({ message }) => message.isWellFormed() && message.length <= 1_000));
  });

  it('is made when it is asked for: thousands of namespaces need not all be held', () => {
    const workloads = [audited(), audited({ namespace: 'bank' })];
    const reports = policyReportsOf({ takenAt: TAKEN_AT, workloads, wrongNamespaces: [] });
    assert.equal(reports.next().value?.metadata.namespace, 'shop');
  });
});

describe('the time of a finding', () => {
  const before = { seconds: 1_000, nanos: 0 };
  const former = reportOf(audited({ ...DENIED }), audited({ name: 'api' })).results.map((result) => ({
    ...result,
    timestamp: before,
  }));

  it('stays while it is found the same way, whatever its figures are', () => {
    const next = keepTimes(reportOf(audited({ ...DENIED, grams: 5, message: 'at 391 now' })), former);
    assert.deepEqual(next.results[0]?.timestamp, before);
    assert.equal(next.results[0]?.message, 'at 391 now');
  });

  it('begins anew when it is found another way', () => {
    const next = keepTimes(reportOf(audited({ ...DENIED, reason: 'outage' }), audited({ name: 'new' })), former);
    assert.deepEqual(
      next.results.map(({ timestamp }) => timestamp.seconds),
      [NOW / 1_000, NOW / 1_000],
    );
  });

  it('is not lost on a report that somebody else wrote', () => {
    const next = keepTimes(reportOf(audited()), [{}, { resources: [] as never, rule: 'x' }]);
    assert.equal(next.results[0]?.timestamp.seconds, NOW / 1_000);
  });
});
