/** The bytes of one body, as they come. */
export interface Bytes {
  /** Takes the memory for so many as soon as a second chunk comes. */
  expect(count: number): void;
  add(chunk: Buffer): void;
  count(): number;
  whole(): Buffer;
  /** The memory of a huge body is worth not waiting for the garbage collector. */
  free(): void;
}

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
    const larger = Buffer.allocUnsafeSlow(Math.max(expected, 2 * bytes));
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
    whole: () => memory?.subarray(0, count) ?? first ?? Buffer.alloc(0),
    free() {
      if (memory) (memory.buffer as ArrayBuffer).transfer(0);
      memory = undefined;
      first = undefined;
    },
  };
}
