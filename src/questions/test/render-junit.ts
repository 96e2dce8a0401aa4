import { openTag, testCase, XML_HEAD } from '../../page/junit-xml.ts';
import { isPassed, tellCase } from './render-results.ts';
import type { CaseResult } from './run-suite.ts';

/** A suite for each file, a case for each case; a failure says what was expected, what came, and why. */
export function* renderJunit(results: readonly CaseResult[]): Iterable<string> {
  yield XML_HEAD;
  yield openTag('testsuites', { name: 'gridgate test', ...countsOf(results) });
  for (const [path, ofFile] of Map.groupBy(results, (one) => one.path)) {
    yield openTag('testsuite', { name: path, ...countsOf(ofFile) });
    for (const one of ofFile) yield renderCase(one);
    yield '</testsuite>\n';
  }
  yield '</testsuites>\n';
}

function renderCase(result: CaseResult): string {
  const { path, title, lineOf, mismatches } = result;
  if (isPassed(result)) return testCase({ attributes: { classname: path, name: title, file: path } });
  const message = mismatches.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`).join('; ');
  return testCase({
    attributes: { classname: path, name: title, file: path, line: lineOf() },
    failure: { type: mismatches[0]?.field ?? '', message, text: tellCase(result) },
  });
}

function countsOf(results: readonly CaseResult[]) {
  const failures = results.filter((one) => !isPassed(one)).length;
  return { tests: results.length, failures, errors: 0, skipped: 0 };
}
