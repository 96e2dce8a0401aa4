import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderJunit } from '../../../src/questions/audit/render-junit.ts';
import { HOSTILE_NAMES } from './hostile.ts';
import { makeAudited, makeDenied, makeReport, makeSampleReport } from './reports.ts';
import { parseXml, type XmlElement } from './xml.ts';

const NOT_IN_XML = /(?![\t\n\r])[\p{Cs}\uFFFE\uFFFF]|(?![\t\n\r\u007f])\p{Cc}/gu;

function suitesOf(report: Parameters<typeof renderJunit>[0]): XmlElement {
  return parseXml([...renderJunit(report)].join(''));
}

function countsOf({ attributes: { tests, failures, errors, skipped } }: XmlElement): readonly (string | undefined)[] {
  return [tests, failures, errors, skipped];
}

/** Every count that a suite names, held against its cases. */
function assertCounted(suites: XmlElement): void {
  const total = [0, 0, 0, 0];
  for (const suite of suites.children) {
    const having = (name: string) =>
      suite.children.filter(({ children }) => children.some((one) => one.name === name)).length;
    const counted = [suite.children.length, having('failure'), having('error'), having('skipped')];
    assert.deepEqual(countsOf(suite), counted.map(String));
    for (const [index, number] of counted.entries()) total[index] = (total[index] ?? 0) + number;
  }
  assert.deepEqual(countsOf(suites), total.map(String));
}

describe('JUnit', () => {
  it('has a suite for each namespace, a failure where it is denied, and skips namespaces that are off', () => {
    const suites = suitesOf(makeSampleReport());
    assertCounted(suites);
    assert.deepEqual(
      suites.children.map((suite) => [suite.attributes['name'], ...countsOf(suite)]),
      [
        ['shop', '5', '1', '0', '0'],
        ['payments', '2', '0', '0', '0'],
        ['ml', '1', '0', '0', '0'],
        ['kube-system', '1', '0', '0', '1'],
        ['documents that cannot be read', '1', '0', '1', '0'],
      ],
    );
  });

  it('names the reason, the message, the file and the line of a failure', () => {
    const [shop] = suitesOf(makeSampleReport()).children;
    const pinned = shop?.children.find(({ attributes }) => attributes['name'] === 'search-index');
    assert.deepEqual(pinned?.attributes, {
      classname: 'shop.Deployment',
      name: 'search-index',
      file: 'charts/shop/search.yaml',
      line: '41',
    });
    const failure = pinned?.children.find(({ name }) => name === 'failure');
    assert.equal(failure?.attributes['type'], 'high_carbon');
    assert.match(failure?.attributes['message'] ?? '', /above the limit of 300/);
    assert.equal(failure?.text, failure?.attributes['message']);
  });

  it('does not fail what would be denied in another mode, and says it', () => {
    const [suite] = suitesOf(makeReport([makeDenied({ mode: 'warn', denied: false })])).children;
    const [only] = suite?.children ?? [];
    assert.deepEqual(
      only?.children.map(({ name }) => name),
      ['system-out'],
    );
    assert.match(only?.children[0]?.text ?? '', /^would deny \(high_carbon\): gridgate refuses/);
  });

  it('says that figures are unknown', () => {
    const report = makeReport([makeAudited({ grams: { asWritten: null, atHome: null, placed: null } })]);
    assert.match([...renderJunit(report)].join(''), /gCO2e\/h as written -, at home -, placed -/);
  });

  it('of nothing has no suites', () => {
    const suites = suitesOf(makeReport([]));
    assert.deepEqual([suites.children, ...countsOf(suites)], [[], '0', '0', '0', '0']);
  });

  it('counts 10,000 workloads of 100 namespaces', () => {
    const workloads = Array.from({ length: 10_000 }, (_, i) =>
      (i % 3 === 0 ? makeDenied : makeAudited)({ namespace: `n${i % 100}`, name: `w${i}` }),
    );
    const suites = suitesOf(makeReport(workloads));
    assert.deepEqual(countsOf(suites), ['10000', '3334', '0', '0']);
    assertCounted(suites);
  });

  for (const [what, name] of HOSTILE_NAMES)
    it(`is well-formed with ${what} as a name`, () => {
      const parts = { name, namespace: name, kind: name, message: name, place: { file: name, document: 1, line: 1 } };
      const suites = suitesOf(makeReport([makeDenied(parts), makeAudited(parts)], { broken: [name] }));
      assertCounted(suites);
      const written = suites.children[0]?.children[0]?.attributes['name'] ?? '';
      assert.equal(written.replaceAll('\uFFFD', ''), name.replace(/[\t\n\r]+/g, ' ').replace(NOT_IN_XML, ''));
    });
});
