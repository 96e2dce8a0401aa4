import { MOST_BODY_BYTES, SMALL_BODY_BYTES } from './body-budget.ts';

/** The bytes of one body, as they come. */
export interface Bytes {
  /** Takes the memory for so many as soon as a second chunk comes. */
  expect(count: number): void;
  add(chunk: Buffer): void;
  count(): number;
  /** Hands all of them over and forgets them. The buffer is valid until the next large body is taken. */
  take(): Buffer;
}

/** Where large bodies lie while they are worked on, one at a time. */
let desk: Buffer | undefined;

/**
 * One chunk as it comes, or many copied into one piece of memory: a chunk of one byte takes some 850 bytes, and whoever
 * sends a body chooses its chunks. Memory that is taken and not written to costs nothing yet.
 */
export function gatherBytes(): Bytes {
  let first: Buffer | undefined;
  let memory: Buffer | undefined;
  let count = 0;
  let expected = 0;

  function roomFor(bytes: number): Buffer {
    if (memory && memory.length >= bytes) return memory;
    const larger = allocate(Math.max(expected, 2 * bytes));
    (memory ?? first)?.copy(larger, 0, 0, count);
    first = undefined;
    memory = larger;
    return larger;
  }

  return {
    expect(bytes) {
      expected = bytes;
    },
    add(chunk) {
      if (count === 0) first = chunk;
      else chunk.copy(roomFor(count + chunk.length), count);
      count += chunk.length;
    },
    count: () => count,
    take() {
      const whole = memory?.subarray(0, count) ?? first ?? Buffer.alloc(0);
      memory = undefined;
      first = undefined;
      return isResizable(whole) ? putOnDesk(whole) : whole;
    },
  };
}

/** Large memory comes from the system and goes back to it: out of the heap of C, it would leave holes as large as itself. */
function allocate(size: number): Buffer {
  return size > SMALL_BODY_BYTES
    ? Buffer.from(new ArrayBuffer(size, { maxByteLength: size }))
    : Buffer.allocUnsafeSlow(size);
}

function isResizable({ buffer }: Buffer): boolean {
  return (buffer as ArrayBuffer).resizable;
}

/** Bytes of resizable memory are read at half the speed. */
function putOnDesk(bytes: Buffer): Buffer {
  const { length } = bytes;
  desk ??= Buffer.allocUnsafeSlow(MOST_BODY_BYTES);
  bytes.copy(desk);
  (bytes.buffer as ArrayBuffer).resize(0);
  return desk.subarray(0, length);
}
