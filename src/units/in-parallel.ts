/** Acts on all, so many at a time; the first rejection ends it. */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  async function work(): Promise<void> {
    for (let next = left.next(); !next.done; next = left.next()) await act(next.value);
  }
  await Promise.all(Array.from({ length: atOnce }, work));
}
