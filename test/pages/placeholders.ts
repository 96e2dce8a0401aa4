import { cutPage } from './pages.ts';

/** What somebody meant to write and did not: these words anywhere, or a word in capitals on a line of its own, outside of blocks and headings. */
export function placeholders(page: string, markdown: string): readonly string[] {
  const { prose } = cutPage(page, markdown);
  const unwritten = (pattern: RegExp, text: string) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${page}:${index + 1}: ${line.trim()}`] : []));
  return [...unwritten(/\b(?:TODO|TBD|FIXME)\b/, markdown), ...unwritten(/^\s*(?:[-*] )?[A-Z][A-Z_-]+\W*$/, prose)];
}
