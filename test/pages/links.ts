import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { cutPage, readPage } from './pages.ts';

/** A link of a page to a file of this repository, or to a heading. */
export interface Link {
  readonly target: string;
  /** Counts from 1. */
  readonly line: number;
}

const MARKDOWN_LINK = /(?<!\\)\[(?:[^[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const HTML_LINK = /(?:href|src|srcset)="([^"]+)"/g;
const CODE = /(`+)(?!`).*?(?<!`)\1(?!`)/g;
const ELSEWHERE = /^(?:[a-z][\w+.-]*:|\/\/)/i;

/** The links of a page that lead nowhere else than to this repository. */
export function linksOf(page: string, markdown = readPage(page)): readonly Link[] {
  const { prose } = cutPage(page, markdown);
  return prose.split('\n').flatMap((text, index) => {
    const found = [...text.matchAll(HTML_LINK), ...text.replaceAll(CODE, '').matchAll(MARKDOWN_LINK)];
    return found
      .map(([, target = '']) => ({ target, line: index + 1 }))
      .filter(({ target }) => !ELSEWHERE.test(target));
  });
}

/** What is wrong with a link; undefined where it leads somewhere. */
export function brokenLink(page: string, { target }: Link): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
  if (file.startsWith('..') || !existsSync(file)) return `there is no ${file}`;
  if (anchor === undefined) return undefined;
  const headed = statSync(file).isDirectory() ? posix.join(file, 'README.md') : file;
  if (!headed.endsWith('.md')) return `${headed} has no headings`;
  return anchorsOf(headed).has(anchor) ? undefined : `${headed} has no heading #${anchor}`;
}

/** The anchors of a page's headings as GitHub makes them, and those written in HTML. */
export function anchorsOf(page: string, markdown = readPage(page)): ReadonlySet<string> {
  const { prose } = cutPage(page, markdown);
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*\s*$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of prose.matchAll(/\s(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}
