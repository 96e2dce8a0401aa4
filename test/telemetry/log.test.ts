import assert from 'node:assert/strict';
import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createLog } from '../../src/telemetry/log.ts';
import { createLogOutput } from '../../src/telemetry/log-output.ts';

const OUTPUT_MODULE = new URL('../../src/telemetry/log-output.ts', import.meta.url).href;
const LOG_MODULE = new URL('../../src/telemetry/log.ts', import.meta.url).href;

function capture(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level, destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  return { lines, log };
}

describe('a log line', () => {
  it('has an ISO time, a level by name, and only what was given', () => {
    const { lines, log } = capture();
    log.info({ namespace: 'shop', ms: 0.4 }, 'decided');
    const [{ time, ...rest } = {}] = lines;
    assert.deepEqual(rest, { level: 'info', namespace: 'shop', ms: 0.4, msg: 'decided' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('below the level is not written', () => {
    const { lines, log } = capture('warn');
    log.info('no');
    log.warn('yes');
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['yes'],
    );
  });
});

describe('an error in a log line', () => {
  class ApiError extends Error {
    override readonly name = 'ApiError';
    readonly code = 403;
    readonly body = { secret: 'pod' };
  }
  const error = new ApiError('HTTP-Code: 403\nMessage: no\nBody: {"secret":"pod"}\nHeaders: {"a":"secret"}', {
    cause: new Error('socket', { cause: { secret: 'cause' } }),
  });

  const calls: Record<string, (log: ReturnType<typeof createLog>) => void> = {
    'given as err': (log) => log.error({ err: error }, 'failed'),
    'given as error': (log) => log.error({ error }, 'failed'),
    'given as err without a message': (log) => log.error({ err: error }),
    'given alone': (log) => log.error(error),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`${name} keeps name, code, frames and cause, and no body`, () => {
      const { lines, log } = capture();
      call(log);
      const written = (lines[0]?.['err'] ?? lines[0]?.['error']) as Record<string, unknown>;
      assert.deepEqual([written['type'], written['code']], ['ApiError', 403]);
      assert.equal(written['message'], 'HTTP-Code: 403\nMessage: no');
      assert.match(String(written['stack']), /^at .*log\.test\.ts/);
      assert.equal((written['cause'] as Record<string, unknown>)['message'], 'socket');
      assert.ok(!JSON.stringify(lines).includes('secret'), JSON.stringify(lines));
    });
  }

  it('is cut when it is long, and need not be an Error', () => {
    const { lines, log } = capture();
    log.error({ err: new Error('x'.repeat(10_000)) }, 'failed');
    log.error({ err: 'plain' }, 'failed');
    assert.partialDeepStrictEqual(lines[0], { err: { message: `${'x'.repeat(500)}...` } });
    assert.deepEqual(lines[1]?.['err'], { type: 'string', message: 'plain' });
  });
});

describe('the buffered log', () => {
  /** Starts a program that has `log`, `output` and `flushLog`. */
  function start(program: string, stdout: 'pipe' | number = 'pipe'): ChildProcessByStdio<null, Readable, Readable> {
    const prelude = `import { createLog, flushLog } from ${JSON.stringify(LOG_MODULE)};
      import { createLogOutput } from ${JSON.stringify(OUTPUT_MODULE)};
      const output = createLogOutput(); const log = createLog({ level: 'info', destination: output });`;
    return spawn(process.execPath, ['--input-type=module', '-e', prelude + program], {
      stdio: ['ignore', stdout, 'pipe'],
      timeout: 300_000,
    }) as ChildProcessByStdio<null, Readable, Readable>;
  }

  async function run(program: string): Promise<{ lines: string[]; code: number | null }> {
    const child = start(program);
    const exit = once(child, 'exit');
    const output = await text(child.stdout);
    const [code] = await exit;
    return { lines: output.split('\n').filter(Boolean), code };
  }
  const many = `for (let i = 0; i < 1000; i++) log.info({ i }, 'line');`;

  const rows: Record<string, { program: string; lines: number; code: number }> = {
    'when the process ends by itself': { program: many, lines: 1_000, code: 0 },
    'when the process exits at once': { program: `${many} process.exit(3);`, lines: 1_000, code: 3 },
    'when an exception ends the process': { program: `${many} throw new Error('x');`, lines: 1_000, code: 1 },
    'when it is flushed, even one line': {
      program: `log.info('a'); await flushLog(log); process.kill(process.pid, 'SIGKILL');`,
      lines: 1,
      code: -1,
    },
    'after an empty flush': { program: `await flushLog(log); await flushLog(log); log.info('a');`, lines: 1, code: 0 },
  };
  for (const [name, { program, lines, code }] of Object.entries(rows)) {
    it(`is complete ${name}`, async () => {
      const result = await run(program);
      assert.deepEqual([result.lines.length, result.code ?? -1], [lines, code]);
      for (const line of result.lines) JSON.parse(line);
    });
  }

  it('writes a single line soon, without a flush, while the process lives', async () => {
    const child = start(`log.info('a'); setInterval(() => {}, 1_000);`);
    const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(60_000) });
    assert.equal(JSON.parse(String(line)).msg, 'a');
    child.kill('SIGKILL');
  });

  it('does not hang the end of a process when nobody reads any more', async () => {
    const child = start(`process.once('SIGUSR2', async () => { ${many} await flushLog(log); clearInterval(alive); });
      const alive = setInterval(() => {}, 1_000); log.info('ready'); await flushLog(log);`);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.kill('SIGUSR2');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

  const flood = `const { setImmediate: turn } = await import('node:timers/promises');
    for (let round = 0; round < 100; round++) { for (let i = 0; i < 1000; i++) log.info({ round, i }, 'line'); await turn(); }`;
  const report = `process.stderr.write(JSON.stringify({ dropped: output.dropped() }));`;

  const ends: Record<string, string> = {
    'by itself': '',
    'with process.exit': 'process.exit(0);',
    'after a flush': 'await flushLog(log); process.exit(0);',
  };
  for (const [name, end] of Object.entries(ends))
    it(`drops and counts lines when the pipe is open and nobody reads it, and the process ends ${name}`, async () => {
      const child = start(flood + report + end, 'pipe');
      const [told, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      const { dropped } = JSON.parse(told);
      assert.equal(code, 0);
      assert.ok(dropped > 0 && dropped < 100_000, String(dropped));
    });

  it('drops and counts lines where there is no room for them', { skip: !existsSync('/dev/full') }, async () => {
    const full = openSync('/dev/full', 'w');
    const child = start(`${flood} await flushLog(log); ${report}`, full);
    const [told, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    closeSync(full);
    assert.deepEqual([code, JSON.parse(told)], [0, { dropped: 100_000 }]);
  });

  it('loses nothing of what a slow reader reads, and each line is whole', async () => {
    const child = start(`${flood} await flushLog(log); ${report}`, 'pipe');
    const [lines, told] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const read = lines.split('\n').filter(Boolean);
    for (const line of read) JSON.parse(line);
    assert.equal(read.length + JSON.parse(told).dropped, 100_000);
  });
});

describe('where lines go', () => {
  /** A reader that takes so many bytes at a time. */
  function outputTo(takes: (bytes: Buffer) => number) {
    const written: Buffer[] = [];
    const output = createLogOutput({
      fd: -1,
      write: (_fd, bytes) => {
        const count = takes(bytes);
        written.push(Buffer.from(bytes.subarray(0, count)));
        return count;
      },
    });
    return { output, text: () => Buffer.concat(written).toString() };
  }

  it('gets no character that a terminal acts upon, and loses none', async () => {
    const name = 'a\u009b31m\u202edcba\u2066\u200b\u007fé';
    const { output, text: all } = outputTo((bytes) => bytes.length);
    output.write(`${JSON.stringify({ name })}\n`);
    await new Promise<void>((resolve) => output.flush(resolve));
    assert.doesNotMatch(all(), /(?!\n)[\p{Cc}\p{Cf}]/u);
    assert.match(all(), /é/);
    assert.deepEqual(JSON.parse(all()), { name });
  });

  it('a line of which a part was written before an error does not run into the next one', async () => {
    let calls = 0;
    const { output, text: all } = outputTo((bytes) => {
      calls += 1;
      if (calls === 2) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      return calls === 1 ? 4 : bytes.length;
    });
    output.write('{"first":1}\n');
    output.flush();
    output.write('{"second":2}\n');
    await new Promise<void>((resolve) => output.flush(resolve));
    assert.deepEqual(all().split('\n'), ['{"fi', '{"second":2}', '']);
  });
});
