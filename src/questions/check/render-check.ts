import { paint, type Style } from '../../terminal/terminal.ts';
import { wrapLines } from '../../terminal/wrap-text.ts';
import { STATES, type State } from './finding.ts';
import type { CheckReport } from './judge.ts';

const STYLES: Readonly<Record<State, Style | undefined>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  'not known': undefined,
};
const GAP = '  ';

/** A line for each finding, below it what to do, and in the last one how it stands. */
export function renderCheck(report: CheckReport, width: number): string {
  const { checks } = report;
  const widest = Math.max(...STATES.map((state) => state.length));
  const named = Math.max(...checks.map(({ check }) => check.length));
  const indent = ' '.repeat(widest + named + 2 * GAP.length);
  const lines = checks.flatMap(({ check, state, says, todo }) => {
    const style = STYLES[state];
    const mark = state.padEnd(widest);
    const head = `${style ? paint(style, mark) : mark}${GAP}${check.padEnd(named)}${GAP}`;
    const [first = '', ...rest] = wrapLines(says, width - indent.length);
    return [head + first, ...rest.map((line) => indent + line), ...(todo === null ? [] : [`${indent}-> ${todo}`])];
  });
  return `${lines.join('\n')}\n${sumUp(report)}\n`;
}

/**
 * | failed | a replica answered | verdict                              |
 * | ------ | ------------------ | ------------------------------------ |
 * | some   | any                | gridgate does not work as it should  |
 * | none   | yes                | gridgate works                       |
 * | none   | no                 | nothing failed                       |
 */
function sumUp({ works, answers, count }: CheckReport): string {
  const odd = STATES.filter((state) => state !== 'ok' && count[state] > 0).map((state) => countOf(count[state], state));
  const fine = answers ? 'gridgate works' : 'nothing failed';
  const verdict = works ? fine : 'gridgate does not work as it should';
  return odd.length === 0 ? verdict : `${verdict}: ${odd.join(', ')}`;
}

function countOf(count: number, state: State): string {
  return `${count} ${state === 'warning' && count > 1 ? 'warnings' : state}`;
}
