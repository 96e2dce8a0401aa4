import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commandsToRun } from '../pages/getting-started.ts';
import { GETTING_STARTED } from '../pages/scenes.ts';
import { COLUMNS, DRAWN, RECORDED, readCast, sessionOf, writeCast } from './cast.ts';
import { renderSvg } from './render-svg.ts';

describe('the recorded demo', () => {
  const session = sessionOf(readCast());

  it('is what getting started runs, in its order, which pages.e2e.ts holds against a real cluster', () => {
    assert.deepEqual(
      session.map(({ command }) => command),
      RECORDED,
    );
    const run = commandsToRun(GETTING_STARTED).map(({ text }) => text);
    let from = 0;
    for (const command of RECORDED) from = indexFrom(run, command, from) + 1;
  });

  it('is drawn as it was recorded: npm run record-demo -- --draw', () =>
    assert.equal(readFileSync(DRAWN, 'utf8'), renderSvg(session)));

  it('is a recording that asciinema plays: a header, and what appears when', () => {
    const [header, ...events] = readCast()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual([header.version, header.width], [2, COLUMNS]);
    for (const [index, [second, kind, text]] of events.entries()) {
      assert.ok(second >= (events[index - 1]?.[0] ?? 0));
      assert.deepEqual([kind, typeof text], ['o', 'string']);
    }
    assert.deepEqual(sessionOf(writeCast(session)), session);
  });

  it('shows nothing that is too wide, and stays small', () => {
    for (const { output } of session) for (const line of output) assert.ok(line.trimEnd().length <= COLUMNS, line);
    assert.ok(readFileSync(DRAWN).length < 40_000);
  });

  it('has nothing that a picture may not have: scripts, addresses', () =>
    assert.doesNotMatch(renderSvg([{ command: 'echo <script>', output: ['a & b <i>'] }]), /<script|<i>|href|a & b/));
});

function indexFrom(list: readonly string[], wanted: string, from: number): number {
  const index = list.indexOf(wanted, from);
  assert.ok(index >= 0, `${wanted} is not run behind those before it`);
  return index;
}
