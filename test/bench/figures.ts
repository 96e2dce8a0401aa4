/** One measured figure beside the limit it must keep. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  readonly keep: 'at most' | 'at least';
  /** It says nothing: the server was not busy all the time. */
  readonly isVoid?: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints a figure at once, with whether it keeps its limit. */
export function report(figures: Figure[], figure: Figure, detail = ''): void {
  figures.push(figure);
  const { name, value, unit, limit, keep } = figure;
  const mark = figure.isVoid ? 'VOID' : keepsLimit(figure) ? 'ok  ' : 'OVER';
  process.stdout.write(`${mark} ${name}: ${round(value)} ${unit} (${keep} ${limit})${detail && `   ${detail}`}\n`);
}

export function keepsLimit({ value, limit, keep, isVoid = false }: Figure): boolean {
  if (isVoid) return false;
  return keep === 'at most' ? value <= limit : value >= limit;
}

export function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3);
}
