import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { COMPILED } from '../process/compiled.ts';
import { runCommand } from '../process/run-command.ts';

const run = promisify(execFile);

interface Row {
  readonly typed: string;
  readonly offers: readonly string[];
  readonly lacks?: readonly string[];
}

const ROWS: Readonly<Record<string, Row>> = {
  'a command': { typed: 'gridgate a', offers: ['admit', 'audit'], lacks: ['serve', 'completion-server'] },
  'an option': { typed: 'gridgate preflight --ba', offers: ['--baseline-watts'], lacks: ['--bytes'] },
  'a value of a closed list': { typed: 'gridgate audit --output ', offers: ['table', 'sarif', 'junit'] },
  'the start of such a value': { typed: 'gridgate regions --output y', offers: ['yaml'], lacks: ['json'] },
  'an argument': { typed: 'gridgate completion f', offers: ['fish'], lacks: ['bash'] },
  'an option of wait': { typed: 'gridgate wait --reg', offers: ['--region', '--regions'], lacks: ['--resume'] },
  'nothing of its own behind --': { typed: 'gridgate wait -- make --o', offers: [], lacks: ['--output'] },
  'an argument behind an option and its value': { typed: 'gridgate explain -n shop po', offers: ['pod'] },
};

describe('gridgate completion', { timeout: 300_000, concurrency: 2 }, () => {
  for (const [name, { typed, offers, lacks = [] }] of Object.entries(ROWS)) {
    it(`in bash offers ${name}`, async (t) => {
      const { script, env } = await install(t, 'bash');
      const words = typed.split(' ');
      const program = `source ${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
COMP_LINE='${typed}'; COMP_POINT=${typed.length}
_gridgate_completion; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await run('bash', ['--norc', '-c', program], { env });
      holds(stdout.split('\n'), offers, lacks);
    });

    // Where nobody types, fish does not know its cursor: what follows a space is asked for below, as fish asks.
    if (!typed.endsWith(' '))
      it(`in fish offers ${name}`, { skip: isMissing('fish') }, async (t) => {
        const { script, env } = await install(t, 'fish');
        const { stdout } = await run('fish', ['--no-config', '-c', `source ${script}; complete -C '${typed}'`], {
          env,
        });
        holds(
          stdout.split('\n').map((line) => line.split('\t')[0] ?? ''),
          offers,
          lacks,
        );
      });
  }

  it('in fish knows by the cursor that a word is finished', async () => {
    const words = ['gridgate', 'audit', '--output'];
    const ask = async (point: number) => {
      const env = { SHELL: 'fish', COMP_CWORD: '3', COMP_LINE: `${words.join(' ')} `, COMP_POINT: String(point) };
      return (await runCommand(['completion-server', '--', ...words], { env })).stdout.split('\n');
    };
    holds(await ask('gridgate audit --output'.length), [], ['table']);
    holds(await ask('gridgate audit --output '.length), ['table', 'sarif'], ['--output']);
  });

  it('in bash leaves files to bash', async (t) => {
    const { script, env } = await install(t, 'bash');
    const { stdout } = await run(
      'bash',
      [
        '--norc',
        '-c',
        `source ${script}; complete -p gridgate; COMP_WORDS=(gridgate audit --regions ''); COMP_CWORD=3; _gridgate_completion; echo "\${#COMPREPLY[@]}"`,
      ],
      { env },
    );
    assert.match(stdout, /-o default[\s\S]*\n0\n/);
  });

  it('in zsh is a script that zsh can read', { skip: isMissing('zsh') }, async (t) => {
    const { script, env } = await install(t, 'zsh');
    await run('zsh', ['-n', script], { env });
    const { stdout } = await runCommand(['completion', 'zsh']);
    assert.match(stdout, /^#compdef gridgate\n/);
  });

  it('of another shell exits 2 and names those there are', async () => {
    const { code, stdout, stderr } = await runCommand(['completion', 'tcsh']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /"tcsh" is not a shell we know; give bash, zsh, fish/);
  });
});

function holds(offered: readonly string[], offers: readonly string[], lacks: readonly string[]): void {
  for (const word of offers) assert.ok(offered.includes(word), `${word} in ${offered.join(' ')}`);
  for (const word of lacks) assert.ok(!offered.includes(word), `no ${word} in ${offered.join(' ')}`);
}

/** The shell's script as a user would save it, and `gridgate` on the path. */
async function install(t: TestContext, shell: string) {
  const dir = makeTemporaryDirectory(t);
  const { code, stdout, stderr } = await runCommand(['completion', shell]);
  assert.deepEqual([code, stderr], [0, '']);
  const script = join(dir, `gridgate.${shell}`);
  writeFileSync(script, stdout);
  const executable = join(dir, 'gridgate');
  writeFileSync(executable, `#!/bin/sh\nexec '${process.execPath}' '${resolve('src/main.ts')}' "$@"\n`);
  chmodSync(executable, 0o755);
  return { script, env: { PATH: `${dir}:/usr/bin:/bin`, HOME: dir, ...COMPILED } };
}

function isMissing(shell: string): string | false {
  return spawnSync(shell, ['--version']).error ? `${shell} is not installed` : false;
}
