import { readFileSync } from 'node:fs';

export const RUNBOOK = 'manifests/runbook.md';

export interface Heading {
  readonly level: number;
  readonly title: string;
  /** As GitHub and GitLab make it. */
  readonly anchor: string;
  /** What stands below it, up to the next one of its level or above. */
  readonly text: string;
}

export function headingsOf(file = RUNBOOK): readonly Heading[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = lines.flatMap((line, at) => {
    const [, marks, title] = /^(#+) (.+)$/.exec(line) ?? [];
    return marks && title && !isInFence(lines, at) ? [{ level: marks.length, title, at }] : [];
  });
  return found.map(({ level, title, at }, i) => {
    const end = found.slice(i + 1).find((next) => next.level <= level)?.at;
    return { level, title, anchor: anchorOf(title), text: lines.slice(at + 1, end).join('\n') };
  });
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function isInFence(lines: readonly string[], at: number): boolean {
  return lines.slice(0, at).filter((line) => line.startsWith('```')).length % 2 === 1;
}
