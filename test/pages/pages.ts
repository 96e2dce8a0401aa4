import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';

/** A command line that a page shows. */
export interface ShownCommand {
  readonly page: string;
  /** Counts from 1. */
  readonly line: number;
  /** Without its comment, continued lines in one; a here-document keeps its lines. */
  readonly text: string;
  /** What a `console` block shows of its output. */
  readonly output: readonly string[];
  /** Why nobody runs it here, in the page's words. */
  readonly notRun?: string;
}

export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
  /** The paragraph above it. */
  readonly before: string;
}

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w-]*)/;
const NOT_RUN = /not run here: ([^.;)]+)/i;
const PROMPT = '$ ';

/** Every page of this repository that people read, from its root. */
export const PAGES: readonly string[] = globSync([
  '*.md',
  'manifests/**/*.md',
  'src/**/*.md',
  'test/**/*.md',
  'certs/*.md',
])
  .map((file) => file.replaceAll(sep, '/'))
  .sort();

export function readPage(page: string): string {
  return readFileSync(page, 'utf8');
}

/** The fenced blocks of a page, and all that stands outside of them, line for line (those of blocks are empty). */
export function cutPage(page: string, markdown: string): { readonly blocks: readonly Block[]; readonly prose: string } {
  const blocks: Block[] = [];
  const prose: string[] = [];
  const lines = markdown.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const [, fence, language = ''] = FENCE.exec(lines[index] ?? '') ?? [];
    if (fence === undefined) {
      prose.push(lines[index] ?? '');
      continue;
    }
    const isEnd = (line: string) => line.trim().startsWith(fence) && line.trim().replaceAll(fence[0] ?? '', '') === '';
    const length = lines.slice(index + 1).findIndex(isEnd);
    if (length < 0) throw new Error(`${page}:${index + 1}: the block has no end`);
    const inside = lines.slice(index + 1, index + 1 + length);
    blocks.push({ page, line: index + 2, language, lines: inside, before: lastParagraph(prose) });
    prose.push(...Array<string>(length + 2).fill(''));
    index += length + 1;
  }
  return { blocks, prose: prose.join('\n') };
}

export function blocksOf(page: string): readonly Block[] {
  return cutPage(page, readPage(page)).blocks;
}

/** The command lines of a block; none where it is neither `sh` nor `console`. */
export function commandsOf(block: Block): readonly ShownCommand[] {
  const { language, before } = block;
  if (language !== 'sh' && language !== 'console') return [];
  return language === 'sh' ? ofScript(block, NOT_RUN.exec(before)?.[1]) : ofSession(block, NOT_RUN.exec(before)?.[1]);
}

/** A word of a command line, or an operator between two commands. */
export interface Word {
  readonly text: string;
  readonly isOperator: boolean;
}

const WORD =
  /\s+|(?<operator>\|\||&&|[|;&()]|\d?>{1,2}|<)|(?<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|\$\([^)]*\)|[^\s|;&()<>'"\\])+)/gsy;

/** The words of a command line as a shell cuts it, quotes taken off. */
export function wordsOf(text: string): readonly Word[] {
  const [line = ''] = text.split('\n');
  return [...line.matchAll(WORD)].flatMap(({ groups: { operator, word } = {} }): readonly Word[] => {
    if (operator !== undefined) return [{ text: operator, isOperator: true }];
    return word === undefined ? [] : [{ text: unquote(word), isOperator: false }];
  });
}

/** The commands that a line runs, each with its arguments: what stands between pipes, `&&` and `;`, without redirections and variables. */
export function simpleCommands(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let isTarget = false;
  for (const { text: word, isOperator } of wordsOf(text)) {
    if (isOperator) {
      isTarget = /[<>]/.test(word);
      if (!isTarget) commands.push([]);
      continue;
    }
    const current = commands.at(-1) ?? [];
    const isVariable = current.length === 0 && /^\w+=/.test(word);
    if (!isTarget && !isVariable) current.push(word);
    isTarget = false;
  }
  return commands.filter((command) => command.length > 0);
}

/** The arguments of gridgate where a command is one of ours, however it is started. */
export function gridgateArguments([program = '', ...args]: readonly string[]): readonly string[] | undefined {
  if (program === 'gridgate') return args;
  if (program === 'kubectl' && args[0] === 'gridgate') return args.slice(1);
  if (program === 'npx' && /^(?:gridgate$|file:.*gridgate)/.test(args[0] ?? '')) return args.slice(1);
  if (program === 'node' && /(?:dist|src)\/main\.[jt]s$/.test(args[0] ?? '')) return args.slice(1);
  return undefined;
}

/** Of these, exit code 1 says that something was found, which is what they were asked for. */
const FINDERS = ['admit', 'audit', 'budget', 'check', 'explain', 'overlays', 'preflight', 'regions', 'test'];

/** Whether a line that ends with 1 may have done its work. */
export function mayFind(text: string): boolean {
  return simpleCommands(text).some((words) => FINDERS.includes(gridgateArguments(words)?.[0] ?? ''));
}

/** gridgate's command lines in a page's prose, each in code of its own: their arguments. */
export function inlineCommands(
  markdown: string,
  page: string,
): readonly { readonly words: readonly string[]; readonly line: number }[] {
  return cutPage(page, markdown)
    .prose.split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
        simpleCommands(code).flatMap((command) => {
          const words = gridgateArguments(command);
          return words === undefined || words.length === 0 || words[0] === '...' ? [] : [{ words, line: index + 1 }];
        }),
      ),
    );
}

/** Commands in a script: a comment may mark what stands behind it, up to an empty line, or what stands before it in its line. */
function ofScript({ page, line, lines }: Block, notRun: string | undefined): readonly ShownCommand[] {
  const commands: ShownCommand[] = [];
  let marked = notRun;
  for (let index = 0; index < lines.length; ) {
    const { text, comment, length } = takeCommand(lines.slice(index));
    const said = NOT_RUN.exec(comment)?.[1];
    if (text !== '') commands.push({ page, line: line + index, text, output: [], ...because(said ?? marked) });
    else if (comment === '') marked = notRun;
    else marked = said ?? marked;
    index += length;
  }
  return commands;
}

/** The command that begins with the first of these lines, empty where that has none; its comments, and how many lines it takes. */
function takeCommand(lines: readonly string[]): { text: string; comment: string; length: number } {
  let [text, comment] = cutComment(lines[0] ?? '');
  let length = 1;
  while (text.endsWith('\\') && length < lines.length) {
    const [more, remark] = cutComment(lines[length++] ?? '');
    text = `${text.slice(0, -1).trimEnd()} ${more.trim()}`;
    comment += remark;
  }
  const [, end] = /<<-?'?(\w+)'?/.exec(text) ?? [];
  const ends = end === undefined ? -1 : lines.indexOf(end, length);
  if (ends < 0) return { text: text.trim(), comment, length };
  return { text: [text.trim(), ...lines.slice(length, ends + 1)].join('\n'), comment, length: ends + 1 };
}

function because(why: string | undefined): { readonly notRun?: string } {
  return why === undefined ? {} : { notRun: why.trim() };
}

/** Commands behind a prompt, each with the output below it. */
function ofSession(block: Block, notRun: string | undefined): readonly ShownCommand[] {
  const starts = block.lines.flatMap((text, index) => (text.startsWith(PROMPT) ? [index] : []));
  return starts.flatMap((start, index) => {
    const shown = block.lines.slice(start, starts[index + 1] ?? block.lines.length);
    let length = 1;
    while (shown[length - 1]?.endsWith('\\')) length++;
    const lines = shown.slice(0, length).map((text, at) => (at === 0 ? text.slice(PROMPT.length) : text));
    const output = shown.slice(length).filter((text) => text.trim() !== '');
    return ofScript({ ...block, line: block.line + start, lines }, notRun).map((command) => ({ ...command, output }));
  });
}

function lastParagraph(prose: readonly string[]): string {
  const text = prose.join('\n').trimEnd();
  return text.slice(text.lastIndexOf('\n\n') + 1);
}

/** A line without its comment, and the comment. */
function cutComment(line: string): [text: string, comment: string] {
  const quoted = line.replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"/g, (text) => '_'.repeat(text.length));
  const at = quoted.search(/(?<=^|\s)#/);
  return at < 0 ? [line.trimEnd(), ''] : [line.slice(0, at).trimEnd(), line.slice(at)];
}

function unquote(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs,
    (_all, single, double, escaped) => single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped,
  );
}
