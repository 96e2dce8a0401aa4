import { type Column, renderTable } from '../../terminal/render-table.ts';
import { paint } from '../../terminal/terminal.ts';
import { nameFew } from '../../units/tell-few.ts';
import type { CaseResult } from './run-suite.ts';

const MOST_REGIONS = 3;

const COLUMNS: readonly Column<CaseResult>[] = [
  {
    title: 'RESULT',
    cell: (one) => (isPassed(one) ? 'pass' : 'FAIL'),
    style: (cell) => (cell === 'pass' ? 'green' : 'red'),
  },
  { title: 'CASE', cell: ({ title }) => title, givesWay: 2, least: 20 },
  { title: 'OBJECT', cell: ({ namespace, object }) => `${namespace} ${nameObject(object)}`, givesWay: 1, least: 14 },
  { title: 'DECISION', cell: tellDecision, givesWay: 3, least: 20 },
  { title: 'REGIONS', cell: ({ regions }) => nameFew(regions, MOST_REGIONS, String) || '-', givesWay: 0, least: 10 },
];

export function isPassed({ mismatches }: Pick<CaseResult, 'mismatches'>): boolean {
  return mismatches.length === 0;
}

/** Pods of cases are often given no name. */
function nameObject(object: string): string {
  return object.replace(/\/\?$/, '');
}

/** `deny outage`; in mode audit and warn with what becomes of it. */
function tellDecision({ decision, reason, allowed, mode }: CaseResult): string {
  const isLetIn = decision === 'deny' && allowed;
  return `${decision} ${reason}${isLetIn ? ` (let in: ${mode})` : ''}`;
}

/** A line for each case, file by file; below, what of each that failed was expected, what came and why. */
export function renderResults(results: readonly CaseResult[], width: number, isVerbose: boolean): string {
  const tables = [...Map.groupBy(results, ({ path }) => path)].map(
    ([path, ofFile]) => `${path}\n${renderTable(COLUMNS, ofFile, width)}`,
  );
  const told = results.filter((one) => isVerbose || !isPassed(one)).map(renderCase);
  return [...tables, ...told, `${sumUp(results)}\n`].join('\n');
}

function renderCase(result: CaseResult): string {
  const head = isPassed(result) ? paint('green', 'pass') : paint('red', 'FAIL');
  return `${head} ${result.title} (${result.path}, line ${result.lineOf()})\n${tellCase(result)}`;
}

/** Without colours: what was expected and what came, then the decision's own explanation. */
export function tellCase(result: CaseResult): string {
  const lines = [
    ...result.mismatches.flatMap(({ field, expected, got }) => [
      `  ${field}`,
      `    expected  ${expected}`,
      `    got       ${got}`,
    ]),
    `  ${nameObject(result.object)} in namespace ${result.namespace}, mode ${result.mode}`,
    ...result.steps().map(({ step, finding }, index) => `  ${index + 1}. ${step.padEnd(11)}  ${finding}`),
    `  => ${tellDecision(result)}: ${result.message}`,
    ...result.warnings.map((text) => `  warning: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

export function sumUp(results: readonly CaseResult[]): string {
  const failed = results.filter((one) => !isPassed(one)).length;
  const passed = results.length - failed;
  const cases = `${results.length} ${results.length === 1 ? 'case' : 'cases'}`;
  return failed === 0 ? `${cases}: all passed` : `${cases}: ${passed} passed, ${failed} failed`;
}

/** What `-o json` prints; within `v1` fields are added, never taken away. */
export function toData(results: readonly CaseResult[], isVerbose: boolean) {
  const failed = results.filter((one) => !isPassed(one)).length;
  return {
    version: 'v1',
    passed: results.length - failed,
    failed,
    cases: results.map(({ path, title, lineOf, steps, ...result }) => {
      const { object, namespace, mode, decision, reason, allowed, regions, message, warnings, mismatches } = result;
      const isTold = isVerbose || !isPassed(result);
      return {
        ...{ file: path, name: title, passed: isPassed(result), object, namespace, mode },
        ...{ decision, reason, allowed, regions, message, warnings, mismatches },
        ...(isTold && { line: lineOf(), steps: steps() }),
      };
    }),
  };
}
