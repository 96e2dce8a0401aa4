import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLog } from '../../src/telemetry/log.ts';
import { prettyOutput } from '../../src/telemetry/pretty-log.ts';

async function prettyLog() {
  const lines: string[] = [];
  const output = { write: (line: string) => void lines.push(line), flush: () => {}, dropped: () => 0 };
  const log = createLog({ level: 'info', destination: await prettyOutput(output) });
  return { log, text: () => lines.join('') };
}

it('a pretty log has a line for each entry: its time, level, message, and the rest as it is in JSON', async () => {
  const { log, text } = await prettyLog();
  log.info({ namespace: 'team', replicas: { from: 2, to: 3 } }, 'scaled up');
  log.debug('not asked for');
  assert.match(
    text(),
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z\] INFO: scaled up \{"namespace":"team","replicas":\{"from":2,"to":3\}\}\n$/,
  );
});

it('it makes no line of what a name holds, and shows where an error was', async () => {
  const { log, text } = await prettyLog();
  log.warn({ name: 'a\n[2026-11-29 10:00:00.000Z] INFO: forged' }, 'cannot read b\n[now] INFO: forged');
  assert.equal(text().split('\n').length, 2, text());
  log.error({ err: new TypeError('broken') }, 'failed');
  assert.match(text(), /ERROR: failed *\n/);
  assert.match(text(), /"?type"?: "?TypeError/);
  assert.match(text(), /broken/);
  assert.match(text(), /\n {6,}at .*pretty-log\.test/);
});
