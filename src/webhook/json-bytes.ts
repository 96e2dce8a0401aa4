/** Bytes of JSON, looked at without parsing it. What is no JSON leads to some place or other, and JSON.parse says so. */
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const LETTER_U = 0x75;

/** What a byte is outside a string. */
const KIND = new Uint8Array(256);
const MARK = 1;
const OPENING = 2;
const CLOSING = 3;
for (const byte of [QUOTE, COMMA]) KIND[byte] = MARK;
for (const byte of [OPEN_LIST, OPEN_OBJECT]) KIND[byte] = OPENING;
for (const byte of [CLOSE_LIST, CLOSE_OBJECT]) KIND[byte] = CLOSING;

/** Where the string that begins at `start` closes; the end of the body where it does not. */
export function endOfString(body: Buffer, start: number): number {
  const { length } = body;
  let at = start;
  while (at < length) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return length;
}

/** Where the value begins that follows a colon at `at`; `at` itself where there is no colon. */
export function afterColon(body: Buffer, at: number): number {
  let next = at;
  while ((body[next] ?? COLON) <= SPACE) next += 1;
  if (body[next] !== COLON) return at;
  next += 1;
  while ((body[next] ?? COLON) <= SPACE) next += 1;
  return next;
}

/** Whether a byte stands between values of a list. */
export function isBetween(byte = 0): boolean {
  return byte <= SPACE || byte === COMMA;
}

/** Where the value ends that begins at `start`, or of which so many lists and objects are open there. */
export function endOfValue(body: Buffer, start: number, open = 0): number {
  if (open > 0 || isOpening(body[start])) return endOfNested(body, start, open);
  if (body[start] === QUOTE) return Math.min(endOfString(body, start + 1) + 1, body.length);
  return endOfScalar(body, start);
}

/** Most of an ordinary review is passed over here. */
function endOfNested(body: Buffer, start: number, open: number): number {
  const { length } = body;
  let depth = open;
  let at = start;
  while (at < length) {
    const byte = body[at] ?? 0;
    const kind = KIND[byte];
    at += 1;
    if (kind === 0) continue;
    if (kind === OPENING) depth += 1;
    else if (kind === CLOSING) {
      depth -= 1;
      if (depth === 0) return at;
    } else if (byte === QUOTE) at = endOfString(body, at) + 1;
  }
  return length;
}

/** Where a number or a word ends. */
function endOfScalar(body: Buffer, start: number): number {
  let at = start;
  while (at < body.length && body[at] !== COMMA && !isClosing(body[at])) at += 1;
  return at;
}

/** The next byte from `at` on that is a quote, a comma or a bracket; the end of the body where there is none. */
export function nextMark(body: Buffer, at: number): number {
  const { length } = body;
  let next = at;
  while (next < length && KIND[body[next] ?? 0] === 0) next += 1;
  return next;
}

export function isOpening(byte: number | undefined): boolean {
  return KIND[byte ?? 0] === OPENING;
}

export function isClosing(byte: number | undefined): boolean {
  return KIND[byte ?? 0] === CLOSING;
}

/** A place in a string that begins at `start`, at most `most` bytes on, where it can be cut: not inside an escape or a character. */
export function cutInside(body: Buffer, start: number, most: number): number {
  const last = start + most;
  let at = start;
  for (let next = at; next <= last; next += lengthOfCharacter(body, next)) at = next;
  while (((body[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}

function lengthOfCharacter(body: Buffer, at: number): number {
  if (body[at] !== BACKSLASH) return 1;
  return body[at + 1] === LETTER_U ? 6 : 2;
}

export function isOneOf(keys: readonly Buffer[], body: Buffer, start: number, end: number): boolean {
  for (const key of keys) if (isKey(key, body, start, end)) return true;
  return false;
}

export function isKey(key: Buffer, body: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (body[start + i] !== key[i]) return false;
  return true;
}
