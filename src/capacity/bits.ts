/** A set of small whole numbers, so that thousands of sets of thousands are compared in no time. */
export type Bits = Uint32Array;

export function createBits(most: number): Bits {
  return new Uint32Array(Math.ceil(most / 32));
}

export function addBit(bits: Bits, at: number): void {
  bits[at >>> 5] = wordOf(bits, at >>> 5) | (1 << (at & 31));
}

export function hasBit(bits: Bits, at: number): boolean {
  return (wordOf(bits, at >>> 5) & (1 << (at & 31))) !== 0;
}

export function addAll(bits: Bits, others: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = wordOf(bits, i) | wordOf(others, i);
}

export function removeAll(bits: Bits, others: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = wordOf(bits, i) & ~wordOf(others, i);
}

/** The least number that both have. */
export function firstOfBoth(bits: Bits, others: Bits): number | undefined {
  for (let i = 0; i < bits.length; i++) {
    const both = wordOf(bits, i) & wordOf(others, i);
    if (both !== 0) return i * 32 + 31 - Math.clz32(both & -both);
  }
  return undefined;
}

/** The numbers that both have, in their order. */
export function* eachOfBoth(bits: Bits, others: Bits): Generator<number> {
  for (let i = 0; i < bits.length; i++)
    for (let both = wordOf(bits, i) & wordOf(others, i); both !== 0; both &= both - 1)
      yield i * 32 + 31 - Math.clz32(both & -both);
}

function wordOf(bits: Bits, at: number): number {
  return bits[at] ?? 0;
}
