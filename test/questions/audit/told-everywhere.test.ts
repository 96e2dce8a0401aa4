import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditFormat } from '../../../src/config/question-options.ts';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { isFinding } from '../../../src/questions/audit/findings.ts';
import { policyReportsOf } from '../../../src/questions/audit/policy-report.ts';
import { renderAudit } from '../../../src/questions/audit/render-audit.ts';
import { renderAuditHtml } from '../../../src/questions/audit/render-html.ts';
import { makeAudited, makeDenied, makeReport } from './reports.ts';

const MESSAGE = 'pods of this DaemonSet reach outside regions: they stay Pending on nodes of us-east-1 (allowed: eu-*)';
const AGENT = makeAudited({
  kind: 'DaemonSet',
  name: 'agent',
  decision: 'allow',
  reason: 'daemonset_outside',
  message: MESSAGE,
  reachesOutside: ['us-east-1'],
});
const HELD = makeAudited({
  name: 'trainer',
  decision: 'allow',
  reason: 'all_dirty',
  message: 'every region within reach is above the ceiling; the cleanest of them stays',
  asks: [{ what: 'request of 2 nvidia.com/gpu', kind: 'need', leaves: ['us-east-1'] }],
});
const WHY = 'its request of 2 nvidia.com/gpu leaves only us-east-1';
const REPORT = makeReport([AGENT, HELD]);

function render(format: AuditFormat, report: AuditReport = REPORT): string {
  return [...renderAudit(report, format, { width: 400 })].join('');
}

/** The part of every output that tells of each. */
const OUTPUTS: Readonly<Record<string, () => { readonly agent: string; readonly held: string }>> = {
  table() {
    const lines = render('table').split('\n');
    const under = (title: string) => lines[lines.indexOf(title) + 1] ?? '';
    assert.ok(lines.includes('  Reach outside    1'));
    return {
      agent: under('DaemonSets that reach outside regions (daemonset_outside):'),
      held: under('Left where they are by what they ask for:'),
    };
  },
  yaml: () => ({
    agent: render('yaml'),
    held: render('yaml').replace(/what: (.*)\n +kind: need\n +leaves:\n +- /, WHY),
  }),
  json() {
    const { workloads, totals } = JSON.parse(render('json')) as AuditReport;
    assert.equal(totals.daemonSetsOutside, 1);
    const [ask] = workloads[1]?.asks ?? [];
    return { agent: workloads[0]?.message ?? '', held: `its ${ask?.what} leaves only ${ask?.leaves}` };
  },
  junit() {
    const [, agent = '', held = ''] = render('junit').split('<testcase');
    return { agent, held };
  },
  html() {
    const page = [...renderAuditHtml(REPORT)].join('');
    assert.match(page, /DaemonSets outside/);
    return { agent: page, held: page };
  },
  'policy report'() {
    const [report] = [...policyReportsOf(REPORT)];
    const results = report?.results ?? [];
    assert.deepEqual(results.map(({ rule, result }) => `${rule} ${result}`).sort(), [
      'all_dirty warn',
      'daemonset_outside warn',
    ]);
    const messageOf = (rule: string) => results.find((one) => one.rule === rule)?.message ?? '';
    return { agent: messageOf('daemonset_outside'), held: messageOf('all_dirty') };
  },
};

describe('a DaemonSet that reaches outside, and a workload that its needs hold, are told of in', () => {
  for (const [name, told] of Object.entries(OUTPUTS))
    it(name, () => {
      const { agent, held } = told();
      assert.ok(agent.includes(MESSAGE), agent);
      assert.ok(held.includes(WHY), held);
    });

  it('SARIF: the DaemonSet, as a warning', () => {
    const [run] = JSON.parse(render('sarif')).runs;
    assert.deepEqual(
      run.results.map(({ ruleId, level, message }: Record<string, { text: string }>) => [ruleId, level, message?.text]),
      [['daemonset_outside', 'warning', `DaemonSet agent in namespace shop: ${MESSAGE}`]],
    );
    assert.equal(run.tool.driver.rules[0].defaultConfiguration.level, 'warning');
  });

  it('no exit code', () => assert.deepEqual([AGENT, HELD].filter(isFinding), []));

  it('JUnit without a failure', () => assert.match(render('junit'), /<testsuites [^>]*failures="0"/));
});

describe('embodied grams stand beside operational ones in', () => {
  const embodied = { gramsPerHour: 0.7, basis: 'estimated' } as const;
  const report = makeReport([makeDenied({ embodied })]);

  it('JUnit', () => assert.match(render('junit', report), /at home 20.*; embodied ~0\.7\d* on top of each/));

  it('SARIF', () => {
    const [{ properties }] = JSON.parse(render('sarif', report)).runs[0].results;
    assert.deepEqual(properties.embodied, embodied);
  });

  it('policy reports', () => {
    const [{ results = [] } = {}] = [...policyReportsOf(report)];
    assert.equal(results[0]?.properties?.['gramsPerHourEmbodied'], '0.7');
  });
});
