/** Orders texts by their characters, the same everywhere: no locale has a say. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
