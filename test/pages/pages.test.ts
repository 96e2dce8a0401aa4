import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { run } from '../../src/commands/cli.ts';
import { runCommand } from '../process/run-command.ts';
import { NOT_RUN, RUN_ELSEWHERE, type RunElsewhere } from './elsewhere.ts';
import { howItRuns } from './how-it-runs.ts';
import { anchorsOf, brokenLink, linksOf } from './links.ts';
import { namedTests } from './named-test.ts';
import {
  blocksOf,
  commandsOf,
  cutPage,
  gridgateArguments,
  inlineCommands,
  mayFind,
  PAGES,
  readPage,
  type ShownCommand,
  simpleCommands,
} from './pages.ts';
import { placeholders } from './placeholders.ts';
import { SCENES } from './scenes.ts';
import { missingLine } from './shown-output.ts';

const SHOWN: readonly ShownCommand[] = PAGES.flatMap((page) => blocksOf(page).flatMap(commandsOf));
const TARGETS = new Set(
  [...readFileSync('Makefile', 'utf8').matchAll(/^([a-z][\w-]*):/gm)].map(([, target]) => target),
);
const SCRIPTS: Readonly<Record<string, string>> = JSON.parse(readFileSync('package.json', 'utf8')).scripts;

describe('every command that a page shows', () => {
  it('runs in a test, or says why not', () => {
    const unknown = SHOWN.filter((command) => howItRuns(command).how === 'unknown');
    assert.deepEqual(
      unknown.map(({ page, line, text }) => `${page}:${line}: ${text}`),
      [],
      'give the page a scene (test/pages/scenes.ts), the command a row (elsewhere.ts), or write "# not run here: REASON" beside it',
    );
  });

  it('that is not run says one of the reasons that count', () => {
    const reasons = new Set(SHOWN.flatMap((command) => command.notRun ?? []));
    assert.deepEqual(
      [...reasons].filter((reason) => !NOT_RUN.includes(reason)),
      [],
    );
    assert.deepEqual(
      NOT_RUN.filter((reason) => !reasons.has(reason)),
      [],
      'reasons that no page gives',
    );
  });

  for (const row of RUN_ELSEWHERE)
    it(`is run by the test that is named: ${row.command}`, () => {
      assert.ok(
        SHOWN.some((command) => isOf(row, command)),
        'no page shows it',
      );
      assert.ok(existsSync(row.file), `there is no ${row.file}`);
      const tests = namedTests(row.file, readFileSync(row.file, 'utf8'), row.title);
      assert.ok(tests.length > 0, `${row.file} has no test "${row.title}"`);
      const words = row.words ?? distinguishingWords(row.command);
      const missing = tests.map((one) => ('why' in one ? one.why : words.filter((word) => !one.code.includes(word))));
      assert.ok(
        missing.some((absent) => absent.length === 0),
        `${row.file}, "${row.title}", does not say these words of it: ${missing.join(' | ')}`,
      );
    });

  it('has a page, where a scene is set for one', () =>
    assert.deepEqual(
      SCENES.map(({ page }) => page).filter((page) => !SHOWN.some((command) => command.page === page)),
      [],
    ));

  for (const command of SHOWN)
    for (const words of simpleCommands(command.text)) {
      const where = `${command.page}:${command.line}`;
      const args = gridgateArguments(words);
      if (args)
        it(`is understood by gridgate: ${where} ${words.join(' ')}`, async () => {
          const { code, stderr } = await read(args);
          assert.deepEqual([code, stderr], [0, '']);
        });
      const [program = '', target = ''] = words;
      if (program === 'make')
        it(`is a target of the Makefile: ${where} make ${target}`, () => assert.ok(TARGETS.has(target)));
      if (program === 'npm' && target === 'run')
        it(`is a script of package.json: ${where} ${words.join(' ')}`, () =>
          assert.ok(words.slice(2).some((word) => word in SCRIPTS)));
    }

  for (const page of PAGES)
    it(`in the prose of ${page} is known, with its options`, async () => {
      const mistakes: string[] = [];
      for (const { words, line } of inlineCommands(readPage(page), page)) {
        const { stderr } = await read(words);
        const [mistake] = /unknown (?:command|option) .*/.exec(stderr) ?? [];
        if (mistake !== undefined) mistakes.push(`${page}:${line}: ${words.join(' ')}: ${mistake}`);
      }
      assert.deepEqual(mistakes, []);
    });

  it('stands in a block that says so: sh for scripts, console for sessions with output', () => {
    const shells = PAGES.flatMap(blocksOf).filter(({ language }) => /^(?:bash|shell|zsh|fish|terminal)/.test(language));
    assert.deepEqual(
      shells.map(({ page, line, language }) => `${page}:${line}: ${language}`),
      [],
      'nobody runs what is in them',
    );
    const unmarked = PAGES.flatMap(blocksOf).filter(
      ({ language, lines }) =>
        !['sh', 'console'].includes(language) &&
        lines.some((line) =>
          /^(?:\$ )?(?:gridgate|kubectl|make|npm|npx|node|kind|helm|cosign|docker|curl|git|jq|sha256sum|promtool) \S/.test(
            line,
          ),
        ),
    );
    assert.deepEqual(
      unmarked.map(({ page, line }) => `${page}:${line}`),
      [],
    );
    const sessions = PAGES.flatMap(blocksOf).filter(
      ({ language, lines }) => language === 'console' && !lines.some((line) => line.startsWith('$ ')),
    );
    assert.deepEqual(
      sessions.map(({ page, line }) => `${page}:${line}: without a command`),
      [],
    );
  });
});

describe('every page', () => {
  for (const page of PAGES)
    it(`is written to its end: ${page}`, () => assert.deepEqual(placeholders(page, readPage(page)), []));
});

describe('every link', () => {
  for (const page of PAGES)
    it(`of ${page} leads somewhere`, () => {
      const broken = linksOf(page).flatMap((link) => {
        const why = brokenLink(page, link);
        return why === undefined ? [] : [`${page}:${link.line}: ${link.target}: ${why}`];
      });
      assert.deepEqual(broken, []);
    });
});

describe('how pages are read', () => {
  const block = (language: string, text: string, before = '') =>
    commandsOf({ page: 'p.md', line: 1, language, lines: text.split('\n'), before }).map(({ text, notRun, output }) => [
      text,
      notRun ?? '',
      ...output,
    ]);

  const rows: readonly [name: string, language: string, text: string, expected: readonly (readonly string[])[]][] = [
    ['comments are none', 'sh', '# first\nmake a # why\n', [['make a', '']]],
    ['a # in quotes is none', 'sh', "echo 'a # b' # c", [["echo 'a # b'", '']]],
    ['lines go on', 'sh', 'kubectl get \\\n  pods -o wide', [['kubectl get pods -o wide', '']]],
    [
      'a here-document is one',
      'sh',
      'kubectl apply -f - <<EOF\na: 1\nEOF\nmake b',
      [
        ['kubectl apply -f - <<EOF\na: 1\nEOF', ''],
        ['make b', ''],
      ],
    ],
    [
      'a mark holds until an empty line',
      'sh',
      '# not run here: no moon\na\nb\n\nc',
      [
        ['a', 'no moon'],
        ['b', 'no moon'],
        ['c', ''],
      ],
    ],
    [
      'a mark of its own line',
      'sh',
      'a # not run here: no moon\nb',
      [
        ['a', 'no moon'],
        ['b', ''],
      ],
    ],
    [
      'sessions have output',
      'console',
      '$ a b\nout\n\nmore\n$ c',
      [
        ['a b', '', 'out', 'more'],
        ['c', ''],
      ],
    ],
    ['yaml is no command', 'yaml', 'a: b', []],
  ];
  for (const [name, language, text, expected] of rows)
    it(name, () => assert.deepEqual(block(language, text), expected));
  it('the paragraph above marks a whole block', () =>
    assert.deepEqual(block('sh', 'a\n\nb', 'Not run here: no moon.'), [
      ['a', 'no moon'],
      ['b', 'no moon'],
    ]));

  it('a test is found by its title, with the functions that it names, and none that is left out', () => {
    const text = [
      "describe('all', () => {",
      "  it('one', () => ask('first'));",
      "  it('two', async () => {",
      "    await tell('second');",
      '  });',
      "  it.skip('three', () => {});",
      "  it('four', { todo: 'later' }, () => {});",
      '});',
      "describe('others', { skip: true }, () => {",
      "  it('five', () => {});",
      '});',
      'function tell(what: string) {',
      '  say(what);',
      '}',
      'function say(what: string) {',
      "  run('third');",
      '}',
    ].join('\n');
    const holds = (title: string, word: string) =>
      namedTests('a.ts', text, title).some((one) => 'code' in one && one.code.includes(word));
    assert.deepEqual(
      ['first', 'second', 'third'].map((word) => holds("'one'", word)),
      [true, false, false],
    );
    assert.deepEqual(
      ['first', 'second', 'third'].map((word) => holds("'two'", word)),
      [false, true, true],
    );
    for (const title of ['three', 'four', 'five'])
      assert.deepEqual(namedTests('a.ts', text, title), [{ why: 'it is skipped, or to be done' }], title);
    assert.deepEqual(namedTests('a.ts', text, 'six'), []);
  });

  it('a placeholder is found, and a heading of a table, a code word or the end of a here-document is none', () => {
    const found = (text: string) => placeholders('p.md', text).length;
    for (const text of ['INTRODUCTION', '- LATER.', 'It waits. TODO: why?', '```sh\n# FIXME\n```', 'TBD'])
      assert.ok(found(text) > 0, text);
    for (const text of ['CPU is short', '# FAQ', '| CPU |', '```sh\nEOF\n```', '`VERSION` of it', 'A', 'See README.md'])
      assert.equal(found(text), 0, text);
  });

  it('only gridgate commands that look for something may end with 1', () => {
    for (const text of ['gridgate audit -f a', 'kubectl gridgate check', 'npx gridgate regions --check | head -3'])
      assert.ok(mayFind(text), text);
    for (const text of [
      'kubectl get pods',
      'helm test audit',
      'gridgate uninstall',
      'gridgate serve --config check',
      'make',
    ])
      assert.ok(!mayFind(text), text);
  });

  it('a line is cut into what it runs', () =>
    assert.deepEqual(simpleCommands("A=1 gridgate x 'y z' 2>>f | kubectl apply -f - && make b > o; c"), [
      ['gridgate', 'x', 'y z'],
      ['kubectl', 'apply', '-f', '-'],
      ['make', 'b'],
      ['c'],
    ]));

  it('output is compared by the words before figures, in order', () => {
    assert.equal(missingLine(['NAME  AGE', 'web-1  2s', '...'], 'Warning\nNAME   AGE\nweb-7  9s\n'), undefined);
    assert.equal(missingLine(['b', 'a'], 'a\nb\n'), 'a');
    assert.equal(missingLine(['gone'], 'here\n'), 'gone');
  });

  it('headings have the anchors of GitHub', () =>
    assert.deepEqual(
      [...anchorsOf('p.md', '# A b\n## `x_y` and [z](q.md): why?\n## A b\n<a id="here"></a>\n```\n# no\n```')],
      ['a-b', 'x_y-and-z-why', 'a-b-1', 'here'],
    ));

  it('a link into nothing is found, in markdown and HTML, and those of code are none', () => {
    const links = linksOf(
      'README.md',
      '[a](nowhere.md)\n<img src="no.png">\n`[b](c.md)` [d](https://e)\n```\n[f](g.md)\n```',
    );
    assert.deepEqual(
      links.map((link) => brokenLink('README.md', link)),
      ['there is no nowhere.md', 'there is no no.png'],
    );
    assert.equal(
      brokenLink('README.md', { target: 'src/README.md#nothing', line: 1 }),
      'src/README.md has no heading #nothing',
    );
  });

  it('only reads a command line where it is told so', async () => {
    assert.equal(await run(['audit', '-f', '/nowhere'], {}, { onlyRead: true }), 0);
  });

  it('a block that has no end is a mistake', () =>
    assert.throws(() => cutPage('p.md', '```sh\na'), /p\.md:1: the block has no end/));
});

function read(args: readonly string[]) {
  return runCommand(args, { onlyRead: true });
}

function isOf({ command, page }: RunElsewhere, shown: ShownCommand): boolean {
  return shown.text === command && shown.notRun === undefined && (page === undefined || page === shown.page);
}

/** What tells a command from others: its program, its verb and the names of its options. Values differ from cluster to cluster. */
function distinguishingWords(text: string): readonly string[] {
  return simpleCommands(text).flatMap((words) => {
    const args = gridgateArguments(words) ?? words;
    const end = args.indexOf('--');
    const own = end < 0 ? args : args.slice(0, end);
    const [verb = ''] = gridgateArguments(words) ? own : own.slice(1);
    return [verb, ...own.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=', 1)[0] ?? '')].filter(
      (word) => !SYNONYMS.has(word),
    );
  });
}

/** Which cluster and namespace a test asks, and from which file, is its own affair. */
const SYNONYMS: ReadonlySet<string> = new Set(['', '-n', '-f', '-k', '-A', '--kubeconfig']);
