import type { Environment } from '../../config/read-options.ts';
import { EXIT, reportIssues } from '../../terminal/exit-codes.ts';
import { print, printAll } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { findTestFiles } from './find-test-files.ts';
import type { TestValues } from './options.ts';
import { readSuite, type Suite } from './read-suite.ts';
import { renderJunit } from './render-junit.ts';
import { isPassed, renderResults, toData } from './render-results.ts';
import { type CaseResult, runSuite } from './run-suite.ts';

/**
 * Runs the cases of files of policy tests; exit code 1 where one does not come out as expected. Nothing is run where a file has a
 * mistake, and nothing found is a mistake: what is green was decided.
 */
export async function test(values: TestValues, env: Environment, paths: readonly string[]): Promise<number> {
  const { caseFilter, verbose, testOutput } = values;
  const { paths: files, issues } = await findTestFiles(paths.length === 0 ? ['.'] : paths);
  const suites: Suite[] = [];
  const mistakes = [...issues];
  for (const file of files) {
    const read = await readSuite(file);
    if ('issues' in read) mistakes.push(...read.issues);
    else suites.push(read);
  }
  if (mistakes.length > 0) return reportIssues(mistakes);
  const results: CaseResult[] = [];
  for (const suite of suites)
    for await (const result of runSuite(suite, (title) => caseFilter === undefined || title.includes(caseFilter)))
      results.push(result);
  if (results.length === 0) return reportIssues([`--filter: no case has ${JSON.stringify(caseFilter)} in its name`]);
  if (testOutput === 'junit') await printAll(renderJunit(results));
  else if (testOutput === 'table') await print(renderResults(results, terminalColumns(env), verbose));
  else await print(renderData(toData(results, verbose), testOutput));
  return results.every(isPassed) ? EXIT.fine : EXIT.findings;
}
