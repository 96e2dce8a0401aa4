import {
  afterColon,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COMMA,
  cutInside,
  endOfString,
  endOfValue,
  isBetween,
  isClosing,
  isKey,
  isOneOf,
  isOpening,
  nextMark,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from './json-bytes.ts';

/** Lists of which little is read, by their key: nothing, or of each container what it needs of its node. */
const LISTS = (
  [
    ['managedFields', false],
    ['containers', true],
    ['initContainers', true],
    ['ephemeralContainers', false],
  ] as const
).map(([key, isRead]) => ({ key: Buffer.from(key), start: Buffer.from(`${key}":[`), isRead }));
/** Without their first quote they are found ten times faster; inside a string the second one would be escaped. */
const ORDINARY = LISTS.slice(0, 2);
/** All that is read of a container. */
const OF_CONTAINER = ['resources', 'restartPolicy'].map((key) => Buffer.from(key));
const HELD = ['object', 'oldObject'].map((key) => Buffer.from(key));
/** Of which only a few entries are read, by the start of their key. */
const THINNED = ['labels', 'annotations'].map((key) => Buffer.from(key));
const READ_KEYS = ['gridgate.dev/', 'cloud.google.com/region', 'kubernetes.io/config.mirror'].map((key) =>
  Buffer.from(key),
);
/** So many entries are kept, whatever their keys: no object that a person wrote has more. */
const MOST_ENTRIES = 1_000;
/** An envelope, its request, and then the objects. */
const REQUEST_DEPTH = 2;
/** No value that is read is as long; the rest of a longer one is dropped. */
const LONGEST_STRING = 8_192;
/** More than the pods have that people write, by far; containers, labels and annotations count little. */
const MOST_VALUES = 200_000;
/** A key that no object had before takes longest to parse, several times as long as an empty object. */
const VALUES_OF_A_KEY = 5;
/** No node runs as many; the rest of a longer list is dropped. */
const MOST_CONTAINERS = 10_000;
/** Bodies up to this size are parsed in a few milliseconds, whatever they hold. */
export const SHORT_BODY_BYTES = 32 * 1024;

const EMPTY_OBJECT = Buffer.from('{}');

/** What is left of a body, at its front. */
export interface Pruned {
  /** Bytes. */
  readonly length: number;
  /** The request's object held more values than are kept: an empty one is in its place. */
  readonly isOversized: boolean;
}

/**
 * Leaves out of a review what nobody reads, in place. Making objects is the dearest part of a review; finding the end of
 * a list costs a fifth of it. Throws a RangeError when the envelope itself holds more values than are kept.
 */
export function pruneBody(body: Buffer): Pruned {
  const kept = keepIn(body);
  return body.length > SHORT_BODY_BYTES ? pruneAll(body, kept) : pruneLists(body, kept);
}

/** What is kept of a body is moved to its front. */
interface Kept {
  /** Keeps all up to `end` that was not skipped. */
  upTo(end: number): void;
  /** Leaves out what lies between the end of what is kept and `at`. */
  skipTo(at: number): void;
  /** How much is kept. */
  end(): number;
  /** Leaves out what was kept behind `end` and all up to `at`, and puts an object without members in its place. */
  emptyFrom(end: number, at: number): void;
}

function keepIn(body: Buffer): Kept {
  let out = 0;
  let from = 0;
  return {
    upTo(end) {
      if (end === from) return;
      if (out !== from) body.copyWithin(out, from, end);
      out += end - from;
      from = end;
    },
    skipTo(at) {
      from = at;
    },
    end: () => out,
    emptyFrom(end, at) {
      out = end + EMPTY_OBJECT.copy(body, end);
      from = at;
    },
  };
}

/** The two lists that are most of an ordinary review, in the order in which the API server writes them. */
function pruneLists(body: Buffer, kept: Kept): Pruned {
  let from = 0;
  for (const { start, key, isRead } of ORDINARY) {
    const found = body.indexOf(start, from);
    if (found >= 0) from = takeList(body, kept, found + key.length + 2, isRead);
  }
  kept.upTo(body.length);
  return { length: kept.end(), isOversized: false };
}

/** How far a body was walked. */
interface Walk {
  readonly body: Buffer;
  readonly kept: Kept;
  at: number;
  depth: number;
  values: number;
  /** Where the object of the request is kept, while it is being read. */
  heldAt: number | undefined;
  isOversized: boolean;
  /** The last comma. */
  commaAt: number;
  /** Labels or annotations, while they are being read. */
  thinned: { readonly depth: number; entries: number } | undefined;
}

/**
 * Of a huge body the memory is to stay small as well: a review has six bytes for each `<`, and an object of two bytes
 * takes fifty.
 */
function pruneAll(body: Buffer, kept: Kept): Pruned {
  const walk: Walk = {
    ...{ body, kept, at: 0, depth: 0, values: 0, commaAt: 0 },
    ...{ heldAt: undefined, isOversized: false, thinned: undefined },
  };
  while (walk.at < body.length) {
    walk.at = nextMark(body, walk.at);
    if (body[walk.at] === QUOTE) passString(walk);
    else passByte(walk, body[walk.at]);
    if (walk.values > MOST_VALUES) emptyHeld(walk);
  }
  kept.upTo(body.length);
  return { length: kept.end(), isOversized: walk.isOversized };
}

function passByte(walk: Walk, byte: number | undefined): void {
  walk.at += 1;
  if (byte === COMMA) {
    walk.values += 1;
    walk.commaAt = walk.at - 1;
  } else if (isOpening(byte)) {
    walk.depth += 1;
    walk.values += 1;
  } else if (isClosing(byte)) {
    walk.depth -= 1;
    if (walk.thinned && walk.depth < walk.thinned.depth) walk.thinned = undefined;
    if (walk.depth === REQUEST_DEPTH && walk.heldAt !== undefined) letGo(walk);
  }
}

/** Each object has its own share of values. */
function letGo(walk: Walk): void {
  walk.heldAt = undefined;
  walk.values = 0;
}

function emptyHeld(walk: Walk): void {
  const { body, kept, heldAt } = walk;
  if (heldAt === undefined) throw new RangeError(`the review holds more than ${MOST_VALUES} values`);
  walk.at = endOfValue(body, walk.at, walk.depth - REQUEST_DEPTH);
  kept.emptyFrom(heldAt, walk.at);
  walk.depth = REQUEST_DEPTH;
  walk.thinned = undefined;
  walk.isOversized = true;
  letGo(walk);
}

/** A text, cut where it is long; where it is a key, the value may be one of which little is read. */
function passString(walk: Walk): void {
  const { body, kept } = walk;
  const start = walk.at + 1;
  const end = endOfString(body, start);
  const value = afterColon(body, end + 1);
  const isAKey = value !== end + 1;
  if (isAKey && isUnread(walk, start)) {
    walk.at = endOfValue(body, value);
    kept.upTo(walk.commaAt);
    kept.skipTo(walk.at);
    return;
  }
  if (end - start > LONGEST_STRING) {
    kept.upTo(cutInside(body, start, LONGEST_STRING));
    kept.skipTo(end);
  }
  walk.at = value;
  walk.values += isAKey ? VALUES_OF_A_KEY : 1;
  if (!isAKey) return;
  if (body[value] === OPEN_LIST) {
    const list = LISTS.find(({ key }) => isKey(key, body, start, end));
    if (list) passList(walk, list.isRead);
  } else if (body[value] === OPEN_OBJECT) {
    if (walk.depth === REQUEST_DEPTH && isOneOf(HELD, body, start, end)) {
      kept.upTo(value);
      walk.heldAt = kept.end();
    } else if (!walk.thinned && isOneOf(THINNED, body, start, end)) {
      walk.thinned = { depth: walk.depth + 1, entries: 0 };
    }
  }
}

/** Whether the key that begins at `start` is of one label or annotation too many, which nobody asks for. */
function isUnread({ body, thinned, depth }: Walk, start: number): boolean {
  if (!thinned || thinned.depth !== depth) return false;
  if (thinned.entries >= MOST_ENTRIES && !READ_KEYS.some((key) => isKey(key, body, start, start + key.length)))
    return true;
  thinned.entries += 1;
  return false;
}

function passList(walk: Walk, isRead: boolean): void {
  const { body, kept } = walk;
  kept.upTo(walk.at);
  const before = kept.end();
  walk.at = takeList(body, kept, walk.at, isRead);
  // What is kept of containers is not looked into: the shortest key takes as many bytes as it counts.
  walk.values += kept.end() - before;
}

/** Keeps of a list what is read of it; `at` is its bracket. Answers the place behind it. */
function takeList(body: Buffer, kept: Kept, at: number, isRead: boolean): number {
  let next = at + 1;
  if (isRead) next = takeContainers(body, kept, next);
  kept.upTo(next);
  while (next < body.length && body[next] !== CLOSE_LIST)
    next = isBetween(body[next]) ? next + 1 : Math.max(next + 1, endOfValue(body, next));
  kept.skipTo(next);
  return next + 1;
}

/**
 * Keeps of containers what is read of them; `at` is where the first may be. Answers the place behind the last one that
 * counts.
 */
function takeContainers(body: Buffer, kept: Kept, at: number): number {
  let next = at;
  for (let left = MOST_CONTAINERS; left > 0 && next < body.length && body[next] !== CLOSE_LIST; ) {
    if (body[next] === OPEN_OBJECT) {
      kept.upTo(next + 1);
      next = takeContainer(body, kept, next + 1) + 1;
      left -= 1;
    } else next = isBetween(body[next]) ? next + 1 : Math.max(next + 1, endOfValue(body, next));
  }
  return next;
}

/** Keeps of a container what is read of it; `at` is behind its brace. Answers the place of the closing one. */
function takeContainer(body: Buffer, kept: Kept, at: number): number {
  let isFirst = true;
  let next = at;
  while (next < body.length && body[next] !== CLOSE_OBJECT) {
    if (body[next] !== QUOTE) {
      next += 1;
      continue;
    }
    const keyEnd = endOfString(body, next + 1);
    const end = endOfValue(body, afterColon(body, keyEnd + 1));
    if (isOneOf(OF_CONTAINER, body, next + 1, keyEnd)) {
      // Whatever stands before the key is left out, and has room for the comma.
      if (!isFirst) body[next - 1] = COMMA;
      kept.skipTo(isFirst ? next : next - 1);
      kept.upTo(end);
      isFirst = false;
    }
    next = end;
  }
  kept.skipTo(next);
  return next;
}
