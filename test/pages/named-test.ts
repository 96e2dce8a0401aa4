const OPENS = /^\s*(?:it|test|describe)\b/;
const IS_LEFT_OUT = /\b(?:it|test|describe)\.(?:skip|todo)\b|\b(?:skip|todo): *(?:true|['"`])/;
/** A title that stands on a line of its own, as the formatter breaks long calls. */
const TITLE_ALONE = /^\s*['"`].*['"`],$/;

/** The code that runs under a title, or why nothing does. */
export type NamedTest = { readonly code: string } | { readonly why: string };

/**
 * The test with a title, or part of it, in a formatted file: its block, or its row of a table, with the functions of the file that it names, and
 * those that they name. Of files that are not TypeScript, the line.
 */
export function namedTests(file: string, text: string, title: string): readonly NamedTest[] {
  const lines = text.split('\n');
  const found = lines.flatMap((line, index) => (line.includes(title) ? [index] : []));
  if (!file.endsWith('.ts')) return found.map((index) => ({ code: lines[index] ?? '' }));
  const helpers = functionsOf(lines);
  return found.map((index) => {
    const start = TITLE_ALONE.test(lines[index] ?? '') ? parentOf(lines, index) : index;
    const isLeftOut = [start, ...ancestors(lines, start)].some((at) => IS_LEFT_OUT.test(headOf(lines, at)));
    return isLeftOut ? { why: 'it is skipped, or to be done' } : { code: withHelpers(blockAt(lines, start), helpers) };
  });
}

function indentOf(line: string | undefined): number {
  return line?.trim() ? line.search(/\S/) : Number.POSITIVE_INFINITY;
}

/** The nearest line above that stands further left; -1 where there is none. */
function parentOf(lines: readonly string[], at: number): number {
  const indent = indentOf(lines[at]);
  return lines.slice(0, at).findLastIndex((line) => indentOf(line) < indent);
}

function ancestors(lines: readonly string[], at: number): readonly number[] {
  const parent = parentOf(lines, at);
  return parent < 0 ? [] : [parent, ...ancestors(lines, parent)];
}

/** Up to the line that closes it. */
function blockAt(lines: readonly string[], start: number): string {
  const indent = indentOf(lines[start]);
  const length = lines.slice(start + 1).findIndex((line) => indentOf(line) <= indent);
  const inside = length <= 0 ? [] : lines.slice(start + 1, start + 1 + length);
  return [lines[start], ...inside].join('\n');
}

/** Of a call of `it` or `describe`, what stands before its function. */
function headOf(lines: readonly string[], at: number): string {
  if (!OPENS.test(lines[at] ?? '')) return '';
  return blockAt(lines, at).split('=>', 1)[0] ?? '';
}

function functionsOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const named = lines.flatMap((line, at) => {
    const [, name] =
      /^\s*(?:export )?(?:async )?function\*? (\w+)/.exec(line) ?? /^\s*const (\w+)\b.* = /.exec(line) ?? [];
    return name === undefined ? [] : [[name, blockAt(lines, at)] as const];
  });
  return new Map(named);
}

function withHelpers(block: string, helpers: ReadonlyMap<string, string>): string {
  const reached = new Set([block]);
  for (const code of reached)
    for (const [name] of code.matchAll(/\b\w+\b/g)) {
      const helper = helpers.get(name);
      if (helper !== undefined) reached.add(helper);
    }
  return [...reached].join('\n');
}
