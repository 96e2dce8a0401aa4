import { paint, type Style } from './terminal.ts';
import { wrapLines } from './wrap-text.ts';

export interface Section {
  readonly title: string;
  readonly lines: readonly (string | Line)[];
}

export interface Line {
  readonly text: string;
  readonly style?: Style | undefined;
  /** Further in than the line before: what follows it on other lines is as far in. */
  readonly hang?: number;
}

interface SectionLayout {
  readonly width: number;
  /** Columns that headings take: the widest one and the space behind it. */
  readonly titleWidth: number;
  /** Columns before them. */
  readonly indent?: number;
}

/** A heading, and beside it its lines, one under the other; nothing where there is no line. */
export function renderSection({ title, lines }: Section, { width, titleWidth, indent = 0 }: SectionLayout): string {
  const left = indent + titleWidth;
  const rows = lines.flatMap((line) => {
    const { text, style, hang = 0 } = typeof line === 'string' ? { text: line } : line;
    const [first = '', ...rest] = wrapLines(text, width - left, hang);
    const hung = rest.map((row) => ' '.repeat(hang) + row);
    return [first, ...hung].map((row) => (style ? paint(style, row) : row));
  });
  const head = ' '.repeat(indent) + paint('bold', title.padEnd(titleWidth));
  return rows.map((row, index) => `${index === 0 ? head : ' '.repeat(left)}${row}\n`).join('');
}

/** Sections one under the other, without a line between. */
export function renderSections(sections: readonly Section[], layout: SectionLayout): string {
  return sections.map((section) => renderSection(section, layout)).join('');
}
