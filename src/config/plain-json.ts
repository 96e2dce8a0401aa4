/** Any string of a JSON text, and what makes it a key. */
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/** What says where something is in a JSON text. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[\n{}[\]]/g;

const DEEPER: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };

/**
 * What a JSON object's text means, many times faster than as YAML; `undefined` where it is anything else, or says a key
 * twice, which a YAML parser can tell the place of.
 */
export function parsePlainJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return countKeys(value) === countWrittenKeys(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The lines, counted from 1, on which the members of an object's lists begin: the items of a List. Of JSON that parses. */
export function itemLines(text: string): readonly number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let isInList = false;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') line += 1;
    depth += DEEPER[token] ?? 0;
    if (depth === 2 && token === '[') isInList = true;
    else if (depth === 1) isInList = false;
    else if (depth === 3 && isInList && token === '{') lines.push(line);
  }
  return lines;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + countKeys(inner), own);
}

function countWrittenKeys(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(STRING)) if (colon !== undefined) count += 1;
  return count;
}
