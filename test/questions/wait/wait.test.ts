import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { COMPILED } from '../../process/compiled.ts';
import { createSettableClock, skip as skipWithoutFakeTime } from '../../process/fake-time.ts';
import { runGridgate } from '../../process/run-gridgate.ts';
import { startDay } from './day-provider.ts';
import { startWait } from './waiting-process.ts';

/** Nobody can be asked: the command starts at once. */
const AT_ONCE = ['wait', '--region', 'eu-west-1', '--'];
const ALL = { timeout: 300_000, concurrency: 2 } as const;

describe('gridgate wait ends with', ALL, () => {
  const rows: Readonly<Record<string, readonly [command: readonly string[], code: number, says?: RegExp]>> = {
    "the command's own code": [['sh', '-c', 'exit 7'], 7],
    "the command's own 2": [['sh', '-c', 'exit 2'], 2],
    '0 where the command does': [['true'], 0],
    '127 where there is no such command': [
      ['no-such-command'],
      127,
      /gridgate: no-such-command: there is no such command/,
    ],
    '127 where there is no such file': [['./no/such/file'], 127],
    '126 where it is a directory': [['/tmp'], 126, /gridgate: \/tmp: is not executable/],
    '126 where it is not executable': [['./package.json'], 126, /package\.json: is not executable/],
    '127 for a command without a name': [[''], 127],
    '137 where it is killed': [['sh', '-c', 'kill -KILL $$'], 137],
    '139 where it breaks down': [['sh', '-c', 'kill -SEGV $$'], 139],
    '0 where there is no command': [[], 0],
  };
  for (const [what, [command, wanted, says]] of Object.entries(rows))
    it(what, async () => {
      const { code, stdout, stderr } = await runGridgate([...AT_ONCE, ...command]);
      assert.deepEqual([code, stdout], [wanted, ''], stderr);
      assert.match(stderr, says ?? /^gridgate: starts at once: nothing is known of when eu-west-1 is cleaner$/m);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
});

describe('gridgate wait hands the command', ALL, () => {
  it('its words as they are, without a shell', async () => {
    const words = ['--print', '-o', 'json', '--', '$HOME', '* ; exit 3', '', 'a "b"', '-h', '--version'];
    const { stdout } = await runGridgate([...AT_ONCE, 'printf', '<%s>', ...words]);
    assert.equal(stdout, words.map((word) => `<${word}>`).join(''));
  });

  it('its stdin, untouched', async () => {
    const input = `${'x'.repeat(200_000)}\nend\n`;
    const { stdout } = await runGridgate([...AT_ONCE, 'cat'], { input });
    assert.equal(stdout, input);
  });

  it('its environment and directory', async () => {
    const { stdout } = await runGridgate([...AT_ONCE, 'sh', '-c', 'echo "$TARGET $PWD"'], {
      env: { TARGET: 'nightly' },
    });
    assert.equal(stdout, `nightly ${process.cwd()}\n`);
  });

  it('pipes that block: what it writes is not lost', { skip: process.platform !== 'linux' }, async () => {
    const command = 'grep -h flags /proc/self/fdinfo/1 /proc/self/fdinfo/2';
    const { stdout } = await runGridgate([...AT_ONCE, 'sh', '-c', command]);
    const flags = [...stdout.matchAll(/flags:\s*([0-7]+)/g)].map(([, octal = '']) => Number.parseInt(octal, 8));
    assert.equal(flags.length, 2, stdout);
    assert.deepEqual(
      flags.map((flag) => flag & 0o4000),
      [0, 0],
    );
  });
});

describe('gridgate wait, sent a signal', ALL, () => {
  const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, wanted] of Object.entries(SIGNALS)) {
    it(`${signal} while it waits, ends with ${wanted} and runs nothing`, async (t) => {
      const { config } = await startDay(t);
      const waiting = startWait(t, ['--config', config, '--', 'echo', 'ran']);
      await waiting.until(/waits 3h/);
      waiting.child.kill(signal as NodeJS.Signals);
      const { code, stdout } = await waiting.ended;
      assert.deepEqual([code, stdout], [wanted, '']);
    });

    it(`${signal} while the command runs, passes it on and ends as the command does`, async (t) => {
      const name = signal.slice(3);
      const script = `trap 'echo cleaned; exit 42' ${name}; echo ready; while :; do sleep 0.05; done`;
      const waiting = startWait(t, ['--', 'sh', '-c', script]);
      await waiting.until(/ready/);
      waiting.child.kill(signal as NodeJS.Signals);
      const { code, stdout } = await waiting.ended;
      assert.deepEqual([code, stdout], [42, 'ready\ncleaned\n']);
    });

    it(`${signal} while a command runs that does not heed it, ends with ${wanted}`, async (t) => {
      const waiting = startWait(t, ['--', 'sh', '-c', 'echo ready; exec sleep 1000']);
      await waiting.until(/ready/);
      waiting.child.kill(signal as NodeJS.Signals);
      assert.equal((await waiting.ended).code, wanted);
    });
  }

  it('SIGTERM while a source is asked that does not answer, ends with 143', async (t) => {
    const asked = Promise.withResolvers<void>();
    const { config } = await startDay(t, () => void asked.resolve());
    const waiting = startWait(t, ['--config', config, '--', 'echo', 'ran']);
    await asked.promise;
    waiting.child.kill('SIGTERM');
    const { code, stdout } = await waiting.ended;
    assert.deepEqual([code, stdout], [143, '']);
  });
});

describe('gridgate wait starts', ALL, () => {
  const MAPS = { MAPS_TOKEN: 'a-token' };

  it('without a terminal, telling its plan in one line', async (t) => {
    const { config } = await startDay(t);
    const waiting = startWait(t, ['--config', config, '--', 'echo', 'ran']);
    await waiting.until(/waits 3h/);
    waiting.child.kill();
    const { stderr } = await waiting.ended;
    assert.match(
      stderr,
      /^gridgate: waits 3h.*: eu-west-1 is expected at 100 gCO2e\/kWh over 1h then, 66\.7% less than the 300 [^\n]*\n$/,
    );
  });

  it('where nobody reads what it says', async (t) => {
    const { child } = startWait(t, ['--', 'sh', '-c', 'exit 6']);
    child.stderr?.destroy();
    assert.deepEqual(await once(child, 'exit'), [6, null]);
  });

  it('by the deadline where a source hangs, and says so', async (t) => {
    const { config } = await startDay(t, () => undefined);
    const { code, stdout, stderr } = await runGridgate(
      ['wait', '--region', 'eu-west-1', '--within', '1s', '--config', config, '--', 'echo', 'ran'],
      { env: MAPS },
    );
    assert.deepEqual([code, stdout], [0, 'ran\n']);
    assert.match(stderr, /no source answers within 1 s/);
    assert.match(stderr, /starts: no time is left to wait, the latest start was /);
  });

  it('by the deadline where its configuration cannot be read to its end, and ends with the command', async (t) => {
    const config = join(makeTemporaryDirectory(t), 'pipe');
    execFileSync('mkfifo', [config]);
    const line = ['wait', '--region', 'eu-west-1', '--within', '1s', '--config', config];
    const { code, stdout, stderr } = await runGridgate([...line, '--', 'sh', '-c', 'echo ran; exit 5']);
    assert.deepEqual([code, stdout], [5, 'ran\n']);
    assert.match(stderr, /starts at once: whoever holds --config, --regions or the cluster does not answer within/);
  });

  it('at once, asking nobody, where the deadline has passed', async (t) => {
    const provider = await startDay(t);
    const line = ['wait', '--region', 'eu-west-1', '--deadline', '2020-01-01T00:00:00Z', '--config', provider.config];
    const { code, stdout } = await runGridgate([...line, '--', 'echo', 'ran'], { env: MAPS });
    assert.deepEqual([code, stdout, provider.asked], [0, 'ran\n', []]);
  });

  const files: Readonly<
    Record<string, readonly [text: string | undefined, env: Record<string, string>, says: RegExp]>
  > = {
    'a configuration is not there': [undefined, {}, /gridgate\.yaml/],
    'a configuration has mistakes': [
      'sources: [{type: watttime}]\n',
      {},
      /gridgate\.yaml, line 1: sources\.0\.username: /,
    ],
    'a credential is missing': [
      'sources: [{type: electricity-maps, token: {env: MAPS_TOKEN}, url: "http://127.0.0.1:1"}]\n',
      {},
      /electricity-maps: unauthorized: the Electricity Maps token is empty/,
    ],
    'a source is away': [
      'sources: [{type: electricity-maps, token: {env: MAPS_TOKEN}, url: "http://127.0.0.1:1"}]\n',
      MAPS,
      /electricity-maps: unavailable: /,
    ],
  };
  for (const [what, [text, env, says]] of Object.entries(files))
    it(`at once where ${what}, and says so`, async (t) => {
      const config = join(makeTemporaryDirectory(t), 'gridgate.yaml');
      if (text !== undefined) writeFileSync(config, text);
      const line = ['wait', '--region', 'eu-west-1', '--config', config, '--', 'echo', 'ran'];
      const { code, stdout, stderr } = await runGridgate(line, { env });
      assert.deepEqual([code, stdout], [0, 'ran\n']);
      assert.match(stderr, says);
    });

  const jumps: Readonly<Record<string, number>> = { 'the planned start': 5 * 3_600, 'the deadline': 60 * 3_600 };
  for (const [what, seconds] of Object.entries(jumps))
    it(`where the clock is set past ${what}`, { skip: skipWithoutFakeTime }, async (t) => {
      const { config } = await startDay(t);
      const clock = createSettableClock(makeTemporaryDirectory(t), 'wall');
      const waiting = startWait(t, ['--config', config, '--', 'sh', '-c', 'echo ran; exit 5'], clock.env);
      await waiting.until(/waits 3h/);
      clock.set(seconds);
      const { code, stdout } = await waiting.ended;
      assert.deepEqual([code, stdout], [5, 'ran\n']);
    });
});

const noScript = spawnSync('script', ['--version']).error ? 'script (util-linux) is not installed' : false;
/** How a line is taken back. */
const CLEARED = '\r\u001b[2K';

describe('gridgate wait on a terminal', { ...ALL, skip: noScript }, () => {
  /** What a person sees, and the exit code; `keys` are typed once `after` is seen. */
  async function onTerminal(t: TestContext, line: string, typed?: { readonly after: RegExp; readonly keys: string }) {
    const command = `stty cols 200; exec '${process.execPath}' src/main.ts wait --region eu-west-1 ${line}`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', MAPS_TOKEN: 'a-token', ...COMPILED },
    });
    t.after(() => child.kill('SIGKILL'));
    let seen = '';
    let left = typed;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      if (!left?.after.test(seen)) return;
      child.stdin.write(left.keys);
      left = undefined;
    });
    const [code] = await once(child, 'close');
    return { code, seen };
  }
  const CTRL_C = '\u0003';

  it('counts down, and takes that back before it is ended by Ctrl-C', async (t) => {
    const { config } = await startDay(t);
    const typed = { after: /waiting for cleaner .*waiting for cleaner /s, keys: CTRL_C };
    const { code, seen } = await onTerminal(t, `--config ${config} -- echo ran`, typed);
    const [first = '', ...shown] = seen.split(CLEARED);
    assert.match(first, /^gridgate: waits 3h/);
    assert.match(
      shown[0] ?? '',
      /^waiting for cleaner electricity in eu-west-1: 3h(\d+m)?(\d+s)? left, starts at \d\d:00:00/,
    );
    assert.deepEqual([code, shown.at(-1)?.replace('^C', '')], [130, '']);
  });

  it('lets the command have its Ctrl-C once', async (t) => {
    const script = "trap 'echo one' INT; echo ready; n=0; while [ $n -lt 20 ]; do sleep 0.05; n=$((n+1)); done; exit 4";
    const { code, seen } = await onTerminal(t, `-- sh -c ${JSON.stringify(script).replaceAll('$', '\\$')}`, {
      after: /ready/,
      keys: CTRL_C,
    });
    assert.deepEqual([code, seen.match(/one/g)?.length], [4, 1], seen);
  });
});
