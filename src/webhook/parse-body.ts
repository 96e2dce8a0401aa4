/**
 * Lists that are most of a pod's review and of which nothing, or only `RESOURCES`, is read, in the order in which the API
 * server writes them. Without their first quote they are found ten times faster.
 */
const MANAGED_FIELDS = Buffer.from('managedFields":[');
const CONTAINERS = Buffer.from('containers":[');
/** What a container asks of its node. */
const RESOURCES = Buffer.from('resources":{');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Parses a request body without the entries of lists that nobody reads, but with what containers ask for: making objects is
 * the dearest part of a review, finding the end of a list costs a fifth of it. What is found is a key: inside a string its
 * quote would be escaped. Throws what JSON.parse throws.
 */
export function parseBody(body: Buffer): unknown {
  let kept = '';
  let from = 0;
  for (const key of [MANAGED_FIELDS, CONTAINERS]) {
    const found = body.indexOf(key, from);
    const start = found + key.length;
    const end = found < 0 ? -1 : endOf(body, start, OPEN, CLOSE);
    if (end < 0) continue;
    kept += body.toString('utf8', from, start);
    if (key === CONTAINERS) kept += resourcesIn(body.subarray(start, end));
    from = end;
  }
  return JSON.parse(kept + body.toString('utf8', from));
}

/** One entry for each of the `resources` in a list that are not empty. */
function resourcesIn(list: Buffer): string {
  const entries: string[] = [];
  let found = list.indexOf(RESOURCES);
  while (found >= 0) {
    const start = found + RESOURCES.length;
    const end = endOf(list, start, OPEN_OBJECT, CLOSE_OBJECT);
    if (end < 0) break;
    if (end > start) entries.push(`{"resources":{${list.toString('utf8', start, end)}}}`);
    found = list.indexOf(RESOURCES, end);
  }
  return entries.join();
}

/** Where the list or object that was opened just before `start` closes, or -1. */
function endOf(body: Buffer, start: number, open: number, close: number): number {
  let depth = 1;
  for (let at = start; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at + 1);
    else if (byte === open) depth += 1;
    else if (byte === close && --depth === 0) return at;
  }
  return -1;
}

function endOfString(body: Buffer, start: number): number {
  let at = start;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}
