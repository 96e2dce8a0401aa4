import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { REASONS, REFUSALS } from '../../../src/decision/reasons.ts';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { renderSarif } from '../../../src/questions/audit/render-sarif.ts';
import { HOSTILE_NAMES } from './hostile.ts';
import { makeAudited, makeDenied, makeReport, makeSampleReport } from './reports.ts';

/**
 * What the schema of SARIF 2.1.0 demands of the objects that are written here, each of them strict: a property that it does
 * not know is a mistake. https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json
 */
const message = z.strictObject({ text: z.string().min(1) });
const level = z.enum(['none', 'note', 'warning', 'error']);
const notification = z.strictObject({ level, message });
const uriReference = z.string().regex(/^[\w.~!$&'()*+,;=:@/?#%-]*$/, 'not a URI reference');
const location = z.strictObject({
  physicalLocation: z
    .strictObject({
      artifactLocation: z.strictObject({ uri: uriReference, uriBaseId: z.string().optional() }),
      region: z.strictObject({ startLine: z.int().min(1) }),
    })
    .optional(),
  logicalLocations: z.array(z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.string() })),
});
const rule = z.strictObject({
  id: z.string(),
  name: z.string(),
  shortDescription: message,
  fullDescription: message,
  help: message,
  defaultConfiguration: z.strictObject({ level }),
  properties: z.looseObject({ tags: z.array(z.string()).max(20) }),
});
const result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.int().min(0),
  level,
  message,
  locations: z.array(location).length(1),
  partialFingerprints: z.record(z.string(), z.string()),
  properties: z.looseObject({}),
});
const SARIF = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.literal('gridgate'),
          version: z.string(),
          semanticVersion: z.string().regex(/^\d+\.\d+\.\d+/),
          rules: z.array(rule),
        }),
      }),
      automationDetails: z.strictObject({ id: z.string() }),
      invocations: z.tuple([
        z.strictObject({
          executionSuccessful: z.boolean(),
          endTimeUtc: z.iso.datetime(),
          toolExecutionNotifications: z.array(notification),
        }),
      ]),
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
      results: z.array(result).max(25_000),
    }),
  ]),
});

function runOf(report: AuditReport) {
  const log = SARIF.parse(JSON.parse([...renderSarif(report, '0.1.0')].join('')));
  for (const { ruleId, ruleIndex } of log.runs[0].results)
    assert.equal(log.runs[0].tool.driver.rules[ruleIndex]?.id, ruleId);
  return log.runs[0];
}

describe('SARIF', () => {
  it('has what is denied as errors and what would be as warnings, worst first, nothing else', () => {
    const { results, tool } = runOf(makeSampleReport());
    assert.deepEqual(
      results.map(({ level, ruleId, locations }) => [
        level,
        ruleId,
        locations[0]?.logicalLocations[0]?.fullyQualifiedName,
      ]),
      [
        ['error', 'high_carbon', 'shop/Deployment/search-index'],
        ['warning', 'not_allowed', 'payments/Deployment/ledger'],
      ],
    );
    assert.deepEqual(
      tool.driver.rules.map(({ id }) => id),
      ['high_carbon', 'not_allowed'],
    );
  });

  it('says in the words of the webhook what was refused, and where it stands', () => {
    const [first] = runOf(makeSampleReport()).results;
    assert.match(
      first?.message.text ?? '',
      /^Deployment search-index in namespace shop: .*above the limit of 300.*eu-north-1/,
    );
    assert.deepEqual(first?.locations[0]?.physicalLocation, {
      artifactLocation: { uri: 'charts/shop/search.yaml', uriBaseId: '%SRCROOT%' },
      region: { startLine: 41 },
    });
  });

  it('has a note where the namespace is off', () => {
    const { results } = runOf(makeReport([makeDenied({ mode: 'off', denied: false })]));
    assert.deepEqual(
      results.map(({ level }) => level),
      ['note'],
    );
  });

  for (const reason of REFUSALS)
    it(`explains ${reason} with its sentence and a remedy`, () => {
      const [first] = runOf(makeReport([makeDenied({ reason })])).tool.driver.rules;
      assert.equal(first?.shortDescription.text.toLowerCase(), `${REASONS[reason]}.`.toLowerCase());
      assert.match(first?.help.text ?? '', /^(Let|Loosen).*gridgate admit/);
    });

  it('of nothing is a run without results', () => {
    const { results, tool, invocations } = runOf(makeReport([]));
    assert.deepEqual([results, tool.driver.rules, invocations[0].executionSuccessful], [[], [], true]);
  });

  it('of a cluster has logical locations alone', () => {
    const { results, automationDetails } = runOf(makeReport([makeDenied({ place: null })], { source: 'cluster' }));
    assert.equal(results[0]?.locations[0]?.physicalLocation, undefined);
    assert.equal(automationDetails.id, 'gridgate-audit/cluster/');
  });

  const files: readonly [file: string, uri: string, base: string | undefined][] = [
    ['a b/é#1.yaml', 'a%20b/%C3%A9%231.yaml', '%SRCROOT%'],
    ['././deploy/x.yaml', 'deploy/x.yaml', '%SRCROOT%'],
    ['../x.yaml', '../x.yaml', '%SRCROOT%'],
    ['/tmp/c:d/x.yaml', 'file:///tmp/c%3Ad/x.yaml', undefined],
    ['standard input', 'stdin', '%SRCROOT%'],
    ['\uD800.yaml', '%EF%BF%BD.yaml', '%SRCROOT%'],
  ];
  for (const [file, uri, uriBaseId] of files)
    it(`finds ${JSON.stringify(file)} at ${uri}`, () => {
      const { results } = runOf(makeReport([makeDenied({ place: { file, document: 1, line: 2 } })]));
      const { physicalLocation } = results[0]?.locations[0] ?? {};
      assert.deepEqual({ uriBaseId: undefined, ...physicalLocation?.artifactLocation }, { uri, uriBaseId });
    });

  it('keeps the fingerprint of a workload that moved in its file and whose reading changed', () => {
    const prints = [1, 90].map((line) =>
      runOf(
        makeReport([makeDenied({ message: `at ${line} g`, place: { file: 'a.yaml', document: 1, line } })]),
      ).results.map(({ partialFingerprints }) => partialFingerprints),
    );
    assert.deepEqual(prints[0], prints[1]);
  });

  it('tells of documents that cannot be read, bounded', () => {
    const [{ executionSuccessful, toolExecutionNotifications: told }] = runOf(
      makeReport([], { broken: Array.from({ length: 1_500 }, (_, i) => `a.yaml document ${i}: broken`) }),
    ).invocations;
    assert.equal(executionSuccessful, false);
    assert.equal(told.length, 1_001);
    assert.deepEqual(told.at(-1), { level: 'error', message: { text: '500 more documents could not be read' } });
  });

  it('leaves out what GitHub would refuse, the warnings first, and says so', () => {
    const many = (number: number, denied: boolean) =>
      Array.from({ length: number }, (_, i) => makeDenied({ denied, name: `w${i}` }));
    const { results, invocations } = runOf(makeReport([...many(20_000, false), ...many(6_000, true)]));
    assert.equal(results.length, 25_000);
    assert.equal(results.filter(({ level }) => level === 'error').length, 6_000);
    assert.match(invocations[0].toolExecutionNotifications[0]?.message.text ?? '', /^1000 more findings were left out/);
  });

  for (const [what, name] of HOSTILE_NAMES)
    it(`takes ${what} as a name`, () => {
      const parts = {
        name,
        namespace: name,
        kind: name,
        message: name,
        place: { file: name, document: 1, line: Number.NaN },
      };
      const { results } = runOf(makeReport([makeDenied(parts), makeAudited(parts)], { broken: [name] }));
      assert.equal(results.length, 1);
      assert.equal(results[0]?.locations[0]?.physicalLocation?.region.startLine, 1);
    });
});
