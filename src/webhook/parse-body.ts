/**
 * Lists that nothing here reads and that are most of a pod's review, in the order in which the API server writes them.
 * Without their first quote they are found ten times faster.
 */
const UNREAD = ['managedFields":[', 'containers":['].map((key) => Buffer.from(key));
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * Parses a request body without the entries of lists that nobody reads: making objects is the dearest part of a review,
 * finding the end of a list costs a fifth of it. What is found is a key: inside a string its quote would be escaped.
 * Throws what JSON.parse throws.
 */
export function parseBody(body: Buffer): unknown {
  let kept = '';
  let from = 0;
  for (const key of UNREAD) {
    const found = body.indexOf(key, from);
    const end = found < 0 ? -1 : endOfList(body, found + key.length);
    if (end < 0) continue;
    kept += body.toString('utf8', from, found + key.length);
    from = end;
  }
  return JSON.parse(kept + body.toString('utf8', from));
}

/** Where the list that was opened just before `start` closes, or -1. */
function endOfList(body: Buffer, start: number): number {
  let depth = 1;
  for (let at = start; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at + 1);
    else if (byte === OPEN) depth += 1;
    else if (byte === CLOSE && --depth === 0) return at;
  }
  return -1;
}

function endOfString(body: Buffer, start: number): number {
  let at = start;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}
