/** Acts on all, so many at a time. It rejects with the first rejection, after which nothing more is begun. */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let hasFailed = false;
  async function work(): Promise<void> {
    try {
      for (let next = left.next(); !next.done && !hasFailed; next = left.next()) await act(next.value);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
}
