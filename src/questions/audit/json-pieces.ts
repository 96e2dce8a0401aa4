const INDENT = '  ';

/**
 * What `JSON.stringify(value, null, 2)` writes, in pieces: lists and objects down to `depth` levels below the top are written
 * one entry at a time, so that a long list never is one text. Of plain data; `undefined` is left out of objects.
 */
export function* jsonPieces(value: unknown, depth = 2, indent = ''): Iterable<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) yield whole(value, indent);
  else if (Array.isArray(value)) yield* enclosed('[', value.entries(), ']', { depth, indent, named: false });
  else yield* enclosed('{', Object.entries(value).filter(isGiven).values(), '}', { depth, indent, named: true });
}

interface Level {
  readonly depth: number;
  readonly indent: string;
  /** Whether entries have names. */
  readonly named: boolean;
}

function* enclosed(
  open: string,
  entries: Iterable<readonly [string | number, unknown]>,
  close: string,
  { depth, indent, named }: Level,
): Iterable<string> {
  const inner = indent + INDENT;
  let isEmpty = true;
  yield open;
  for (const [name, value] of entries) {
    yield `${isEmpty ? '' : ','}\n${inner}${named ? `${JSON.stringify(name)}: ` : ''}`;
    yield* jsonPieces(value, depth - 1, inner);
    isEmpty = false;
  }
  yield isEmpty ? close : `\n${indent}${close}`;
}

/** No line break stands inside a JSON text's strings. */
function whole(value: unknown, indent: string): string {
  return (JSON.stringify(value, null, INDENT.length) ?? 'null').replaceAll('\n', `\n${indent}`);
}

function isGiven([, value]: readonly [string, unknown]): boolean {
  return value !== undefined;
}
