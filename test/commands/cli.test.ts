import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { AFTER_HELP } from '../../src/commands/help-texts.ts';
import { OUTAGE_OPTIONS } from '../../src/commands/outage/options.ts';
import { RELEASE_OPTIONS } from '../../src/commands/release/options.ts';
import { UNINSTALL_OPTIONS } from '../../src/commands/uninstall/options.ts';
import type { Option } from '../../src/config/option.ts';
import { wordsOf } from '../../src/config/option-words.ts';
import { OPTIONS, type OptionKey } from '../../src/config/options.ts';
import { addOptions, readOptions } from '../../src/config/read-options.ts';
import { ADMIT_OPTIONS } from '../../src/questions/admit/options.ts';
import { AUDIT_OPTIONS } from '../../src/questions/audit/options.ts';
import { BUDGET_OPTIONS } from '../../src/questions/budget/options.ts';
import { CHECK_OPTIONS } from '../../src/questions/check/options.ts';
import { EXPLAIN_OPTIONS } from '../../src/questions/explain/options.ts';
import { OVERLAYS_OPTIONS } from '../../src/questions/overlays/options.ts';
import { PREFLIGHT_OPTIONS } from '../../src/questions/preflight/options.ts';
import { REGIONS_OPTIONS, WEIGHTS_OPTIONS } from '../../src/questions/regions/options.ts';
import { SIMULATE_OPTIONS } from '../../src/questions/simulate/options.ts';
import { SPILLOVER_OPTIONS } from '../../src/questions/spillover/options.ts';
import { TEST_OPTIONS } from '../../src/questions/test/options.ts';
import { WAIT_OPTIONS } from '../../src/questions/wait/options.ts';
import { WAITING_OPTIONS } from '../../src/questions/waiting/options.ts';
import { SERVE_OPTIONS } from '../../src/replica/serve-options.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';

const COMMANDS: Readonly<Record<string, readonly OptionKey[]>> = {
  serve: SERVE_OPTIONS,
  admit: ADMIT_OPTIONS,
  regions: REGIONS_OPTIONS,
  weights: WEIGHTS_OPTIONS,
  certs: ['certDir'],
  audit: AUDIT_OPTIONS,
  explain: EXPLAIN_OPTIONS,
  overlays: OVERLAYS_OPTIONS,
  preflight: PREFLIGHT_OPTIONS,
  spillover: SPILLOVER_OPTIONS,
  outage: OUTAGE_OPTIONS,
  simulate: SIMULATE_OPTIONS,
  check: CHECK_OPTIONS,
  uninstall: UNINSTALL_OPTIONS,
  wait: WAIT_OPTIONS,
  waiting: WAITING_OPTIONS,
  budget: BUDGET_OPTIONS,
  release: RELEASE_OPTIONS,
  test: TEST_OPTIONS,
};

describe('gridgate --help', { timeout: 300_000, concurrency: 2 }, () => {
  it('lists the commands', async () => {
    const { code, stdout, stderr } = await runCommand(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const name of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^ {2}${name} .*\\w`, 'm'));
  });

  for (const [name, keys] of Object.entries(COMMANDS))
    it(`of ${name} lists every option with its default and environment variable`, async () => {
      const { code, stdout, stderr } = await runCommand([name, '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      const text = stdout.replaceAll(/\s+/g, ' ');
      for (const key of keys) {
        const { flags, env, ...option }: Option<unknown> = OPTIONS[key];
        const { help, fallback } = wordsOf(name, key);
        assert.ok(text.includes(` ${flags} ${help} (`), `${flags} in ${text}`);
        const notes =
          text.slice(text.indexOf(` ${flags} ${help} (`) + flags.length + help.length + 3).split(')')[0] ?? '';
        assert.ok(notes.endsWith(`env: ${env}`), notes);
        if (fallback !== undefined) assert.ok(notes.includes(`default: ${fallback}`), notes);
        if (option.required) assert.ok(notes.includes('required'), notes);
      }
    });

  it('says nothing of other commands, of jargon or of what a command cannot do', async () => {
    for (const [name, keys] of Object.entries(COMMANDS))
      for (const key of keys) {
        const { help, fallback = '' } = wordsOf(name, key);
        const others = Object.keys(COMMANDS).filter((other) => other !== name && !['regions', 'audit'].includes(other));
        const said = `${help} (${fallback})`;
        for (const other of others)
          assert.doesNotMatch(said, new RegExp(`\\b(for|and|:) ?${other}\\b|\\b${other}:`), `${name} ${key}`);
        for (const flag of said.match(/--[a-z-]+/g) ?? [])
          assert.ok(
            keys.some((one) => OPTIONS[one].flags.split(' ').includes(flag)),
            `${name} --help names ${flag}, which it does not take`,
          );
      }
  });
});

describe('the worked examples of --help', () => {
  const examples = Object.values(AFTER_HELP).flatMap((text) => commandsIn(text));

  it('are two of each command, or more', () => {
    for (const name of Object.keys(AFTER_HELP))
      assert.ok(examples.filter(([command]) => command === name).length >= 2, `${name}: ${examples.join('; ')}`);
  });

  for (const [name = '', ...words] of examples)
    it(`can be given as they are printed: ${name} ${words.join(' ')}`, () => {
      const keys = COMMANDS[name] ?? [];
      const command = addOptions(new Command(name).argument('[words...]').exitOverride(), keys);
      command.configureOutput({ writeErr: () => {} }).parse(words, { from: 'user' });
      const read = readOptions(command, keys, {});
      assert.deepEqual('issues' in read ? read.issues : [], []);
    });

  /** The arguments of `gridgate` in each line of a shell: what stands in pipes before it and redirections behind it go. */
  function commandsIn(text: string): string[][] {
    const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
    return lines.flatMap((line) => {
      const [, command] = /^ {2}(?:.*\| )?gridgate ([^>|]*)/.exec(line) ?? [];
      const words = command?.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", ''));
      return words ? [words] : [];
    });
  }
});

describe('an option that means nothing with what else is said is refused:', { timeout: 300_000 }, () => {
  const rows: readonly [line: string, says: RegExp][] = [
    ['serve --output json', /--output: needs --print-config/],
    ['audit --live --strict', /--strict: means nothing beside --live/],
    ['audit -f x.yaml --report', /--report: needs --live/],
    ['audit -f x.yaml -A', /--all-namespaces: needs --live/],
    ['outage list --reason x', /outage list takes no --reason/],
    ['outage clear eu-west-1 --until 4h', /outage clear takes no --reason and no --until/],
    ['spillover --region a --to b --bytes 1 --endpoint http://127.0.0.1', /--endpoint: .* needs --cloudwatch/],
    ['preflight -f x.json --prometheus-query up', /--prometheus-query: "up" needs --prometheus-url/],
  ];
  for (const [line, says] of rows)
    it(line, async () => {
      const { code, stderr } = await runCommand(line.split(' '), { env: { HOME: '/nowhere', KUBECONFIG: '' } });
      assert.equal(code, 2);
      assert.match(stderr, says);
    });
});

it('no page, help or message speaks of a report that nobody here has read', async () => {
  const pages = ['README.md', 'src/energy/README.md', 'src/questions/README.md', 'src/sources/README.md'];
  const texts = [...(await Promise.all(pages.map((page) => readFile(page, 'utf8')))), ...Object.values(AFTER_HELP)];
  const words = Object.keys(COMMANDS).flatMap((name) =>
    (COMMANDS[name] ?? []).map((key) => Object.values(wordsOf(name, key)).join(' ')),
  );
  for (const text of [...texts, ...words]) assert.doesNotMatch(text, /incident report|DESIGN \d/i);
});

it('gridgate COMMAND --help | head says no more than head wants', async () => {
  const command = `'${process.execPath}' src/main.ts audit --help | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}`;
  const { stderr } = await promisify(execFile)('bash', ['-c', command]);
  assert.equal(stderr, '');
});

it('gridgate --version prints the version of its package', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  const { code, stdout } = await runCommand(['--version']);
  assert.deepEqual([code, stdout.trim()], [0, version]);
});

describe('gridgate that is misused exits 2 and says so on stderr:', { timeout: 300_000, concurrency: 2 }, () => {
  const rows: readonly [name: string, args: readonly string[], says: RegExp][] = [
    ['no command', [], /Usage: gridgate/],
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['an unknown option', ['serve', '--portt', '1'], /unknown option '--portt'[\s\S]*Did you mean --port/],
    ['an option without its value', ['serve', '--port'], /option '--port <port>' argument missing/],
    ['an argument too many', ['certs', 'please'], /too many arguments[\s\S]*see gridgate certs --help/],
    ['no argument where one is due', ['explain'], /missing required argument 'kind'[\s\S]*see gridgate explain --help/],
  ];
  for (const [name, args, says] of rows)
    it(name, async () => {
      const { code, stdout, stderr } = await runCommand(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
});

describe('gridgate certs', { timeout: 300_000, concurrency: 2 }, () => {
  it('creates a certificate with a private key of mode 0600, and keeps it while it is good', async (t) => {
    const directory = join(makeTemporaryDirectory(t), 'certs');
    const first = await runCommand(['certs', '--cert-dir', directory]);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    assert.match(first.stdout, /^created: .*tls\.crt, .*tls\.key, .*ca\.crt$/m);
    assert.match(first.stdout, /^names: .*DNS:localhost.*IP Address:127\.0\.0\.1.*DNS:gridgate\.gridgate-system\.svc/m);
    assert.match(first.stdout, /^until: \d{4}-/m);
    assert.equal(statSync(join(directory, 'tls.key')).mode & 0o777, 0o600);
    const second = await runCommand(['certs'], { env: { GRIDGATE_CERT_DIR: directory } });
    assert.equal(second.code, 0);
    assert.equal(second.stdout, first.stdout.replace('created', 'still valid'));
  });

  it('that cannot write says so without a stack', async () => {
    const { code, stderr } = await runCommand(['certs', '--cert-dir', 'package.json']);
    assert.match(stderr, /^gridgate: .*package\.json/);
    assert.equal(code, 2);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
});
