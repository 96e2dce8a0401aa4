/** Whether two flat records have the same keys with the same values. */
export function haveSameEntries(a: object, b: object): boolean {
  const left = new Map(Object.entries(a));
  const right = Object.entries(b);
  return left.size === right.length && right.every(([key, value]) => left.has(key) && left.get(key) === value);
}
