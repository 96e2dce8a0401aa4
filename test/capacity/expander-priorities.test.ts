import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  goExpression,
  hasOurs,
  parsePriorityRange,
  type RankedGroup,
  readPriorities,
  takeBack,
  writePriorities,
} from '../../src/capacity/expander-priorities.ts';

/** As in Cluster Autoscaler's readme, with what people do to YAML. */
const THEIRS = `# spot first
10: 
  - .*t2\\.large.*
  - .*t3\\.large.*   # cheap

50: [ '.*m4\\.4xlarge.*' ]`;

const RANKED: readonly RankedGroup[] = [
  { group: 'eks-batch.v2-40bbb26b', region: 'eu-north-1', priority: 199 },
  { group: 'eks-web-91fe', region: 'us-west-2', priority: 198 },
  { group: 'eks-web-0c1d', region: 'us-west-2', priority: 198 },
];
const OURS = String.raw`199: # gridgate.dev
  - '^eks-batch\.v2-40bbb26b$' # eu-north-1 # gridgate.dev
198: # gridgate.dev
  - '^eks-web-91fe$' # us-west-2 # gridgate.dev
  - '^eks-web-0c1d$' # us-west-2 # gridgate.dev
`;

/** A few lines that would be billions. */
function bomb(): string {
  const lines = Array.from({ length: 12 }, (_, i) => `${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join()}]`);
  return ['0: &a0 [a,a,a,a,a,a,a,a,a]', ...lines].join('\n');
}

/** The text as written, or why it is not. */
function write(text: string, ranked: readonly RankedGroup[] = RANKED): string {
  const written = writePriorities(text, ranked);
  return typeof written === 'string' ? written : `refused: ${written.problem}`;
}

describe('our entries in the text of somebody else', () => {
  test('stand before it, and leave every byte of it', () => assert.equal(write(THEIRS), `${OURS}${THEIRS}`));

  test('are read as they were written', () => {
    const read = readPriorities(write(THEIRS));
    assert.deepEqual(read, {
      ours: RANKED,
      others: [
        { priority: 10, expressions: [String.raw`.*t2\.large.*`, String.raw`.*t3\.large.*`] },
        { priority: 50, expressions: [String.raw`.*m4\.4xlarge.*`] },
      ],
    });
  });

  test('are replaced by others of ours', () => {
    const other = [{ group: 'eks-web-91fe', region: 'us-west-2', priority: 150 }];
    assert.equal(
      write(write(THEIRS), other),
      `150: # gridgate.dev\n  - '^eks-web-91fe$' # us-west-2 # gridgate.dev\n${THEIRS}`,
    );
  });

  const texts: readonly [name: string, text: string][] = [
    ['what people write', THEIRS],
    ['nothing', ''],
    ['a new line at the end', `${THEIRS}\n`],
    ['a comment alone', '# nothing yet\n'],
    ['a comment at the end', '10:\n- a\n# end'],
    ['no indentation of lists', '10:\n- a\n- b\n'],
    ['indentation of everything', '  10:\n    - a\n  20:\n    - b\n'],
    ['a start of a document', '---\n10: [a]\n'],
    ['a start of a document, said', '--- # of ours\n10: [a]\n'],
    ['ends of lines of Windows', '10:\r\n  - a\r\n'],
    ['a list of nothing', '10:\n20: []\n'],
    ['text over several lines', '10:\n  - >-\n    a\n    b\n'],
    ['a key in a line of its own', '? 10\n: - a\n'],
    ['a number for an expression', '10: [2]\n'],
    ['an end of a document', '10: [a]\n...\n# more'],
    ['numbers of YAML 1.1', '010: [a]\n0x10: [b]\n'],
  ];
  for (const [name, text] of texts)
    test(`go without a trace: ${name}`, () => {
      const written = write(text);
      assert.ok(hasOurs(written) && written.endsWith(text.replace(/^---.*\n/, '')), written);
      assert.equal(takeBack(written), text);
    });

  test('names that mean something to YAML or to expressions are escaped', () => {
    const group = `https://x/zones/a-b/it's (a+b)*[c]{2}|^$\\d?.`;
    const read = readPriorities(write('', [{ group, region: 'r', priority: 1 }]));
    assert.deepEqual(read, { ours: [{ group, region: 'r', priority: 1 }], others: [] });
    assert.match(write('', [{ group, region: 'r', priority: 1 }]), /'\^https:\/\/x\/zones\/a-b\/it''s \\\(a\\\+b\\\)/);
  });

  const refused: readonly [name: string, text: string, why: RegExp][] = [
    ['no YAML', '10: [', /^refused: is no YAML: .* at line 1, column \d+$/],
    ['a list', '- a', /no map from priorities to lists/],
    ['a word', 'none', /no map from priorities to lists/],
    ['braces', '{10: [a]}', /in braces/],
    ['a name for a priority', 'high: [a]', /has high where a priority belongs/],
    ['half a priority', '1.5: [a]', /has 1.5 where a priority belongs/],
    ['no list', '10: a', /no list of expressions at 10/],
    ['lists in a list', '10: [[a]]', /no list of expressions at 10/],
    ['a priority twice', '10: [a]\n10: [b]', /has a priority twice/],
    ['a priority twice, in two numerals', '16: [a]\n0x10: [b]', /has a priority twice/],
    ['aliases without end', bomb(), /too many aliases/],
    ['a priority of ours', '198: [a]', /has 198 already/],
    ['two documents', '10: [a]\n---\n20: [b]\n', /is no YAML/],
    [
      'more than people write',
      `10: [${'a,'.repeat(20_000)}]`,
      /is longer than 32768 characters without the lines of gridgate/,
    ],
    ['what hangs on a line of ours', `${OURS}  - theirs\n`, /no map from priorities to lists/],
  ];
  for (const [name, text, why] of refused) test(`refused: ${name}`, () => assert.match(write(text), why));

  test('what hangs on a line of ours is not lost when ours go', () =>
    assert.deepEqual(takeBack(`${OURS}  - theirs\n`), { problem: 'is no map from priorities to lists' }));

  test('a line with our mark that is none of ours cannot be read', () =>
    assert.match(JSON.stringify(readPriorities("10: ['a'] # gridgate.dev\n")), /ends like those of gridgate/));

  const others: readonly [name: string, text: string][] = [
    ['a list', '10:\n  - mine # gridgate.dev\n'],
    ['a list behind ours', `${OURS}10:\n  - mine # gridgate.dev\n`],
    ['a key', '10: # gridgate.dev\n  - mine\n'],
    ['text over several lines', '10:\n  - >-\n    x\n    y # gridgate.dev\n'],
  ];
  for (const [name, text] of others)
    test(`what people marked themselves is not taken away: ${name}`, () =>
      assert.match(JSON.stringify(takeBack(text)), /ends like those of gridgate|no map|no list/));

  test('the longest texts are read and written without a pause', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `${index}:\n`).join('');
    const groups = Array.from({ length: 1_000 }, (_, index) => ({
      group: `${'g'.repeat(50)}-${index}`,
      region: 'r',
      priority: 9_999,
    }));
    for (const text of [keys, '1: '.padEnd(32_000, '['), '# '.padEnd(32_000, 'x')]) {
      const took = Array.from({ length: 5 }, () => {
        const begun = performance.now();
        readPriorities(writePriorities(text, groups).toString());
        return performance.now() - begun;
      });
      assert.ok(Math.min(...took) < 2_000, `${Math.min(...took)} ms`);
    }
  });

  test('more than 128 KiB is not read', () =>
    assert.deepEqual(readPriorities('#'.repeat(131_073)), { problem: 'is longer than 131072 characters' }));
});

describe('a range of priorities', () => {
  const rows: readonly [text: string, range: string | undefined][] = [
    ['100-199', '100 to 199'],
    [' 0 - 2 ', '0 to 2'],
    ['100-101', undefined],
    ['199-100', undefined],
    ['-5-10', undefined],
    ['100', undefined],
    ['a-b', undefined],
    ['0-99999999999', undefined],
    ['', undefined],
  ];
  for (const [text, range] of rows)
    test(`"${text}": ${range ?? 'none'}`, () => {
      const read = parsePriorityRange(text);
      assert.equal(read && `${read.from} to ${read.to}`, range);
    });
});

describe("Go's expressions", () => {
  const rows: readonly [expression: string, name: string, found: boolean | undefined][] = [
    ['.*t2\\.large.*', 'my-t2.large-1', true],
    ['t2', 'my-t2.large-1', true],
    ['^t2', 'my-t2.large-1', false],
    ['(?i)SPOT', 'a-spot-b', true],
    ['eks\\-batch', 'eks-batch-1', true],
    ['(?:a|b)?$', 'xab', true],
    ['^(gpu|spot)-[a-z]+-[0-9]{2,3}$', 'spot-west-12', true],
    ['(a|a)+$', 'aaaa', undefined],
    ['\\Aeks', 'Aeks', undefined],
    ['\\Qa.b\\E', 'a.b', undefined],
    ['[[:alpha:]]', 'a', undefined],
    ['\\pL', 'pL', undefined],
    ['(?P<x>a)', 'a', undefined],
    ['a(?i)b', 'aB', undefined],
    ['(a+)+$', 'aaaa', undefined],
    ['(', '(', undefined],
  ];
  for (const [expression, name, found] of rows)
    test(`${expression} in ${name}: ${found ?? 'nobody can tell'}`, () =>
      assert.equal(goExpression(expression)?.(name), found));
});
