/**
 * The first line of a page's output that the real one does not have behind those before it. Figures may be others, and a line may go on behind an
 * ellipsis; words may not. `undefined` where all are there.
 */
export function missingLine(shown: readonly string[], real: string): string | undefined {
  const lines = real.split('\n').map(withoutFigures);
  let from = 0;
  for (const line of shown) {
    const start = withoutFigures(line.split(/\.\.\.|…/, 1)[0] ?? '');
    if (start === '') continue;
    const at = lines.findIndex((one, index) => index >= from && one.startsWith(start));
    if (at < 0) return line;
    from = at + 1;
  }
  return undefined;
}

function withoutFigures(line: string): string {
  return line
    .replaceAll(/\d[\d.,:-]*/g, '#')
    .trim()
    .replaceAll(/\s+/g, ' ');
}
