import type { Page } from 'playwright-core';

interface Contrast {
  readonly text: string;
  /** As in WCAG 2: from 1 to 21. */
  readonly ratio: number;
}

/** The contrast of every visible text of a page with what lies behind it, by the colours that the browser computed. */
export function contrastsInPage(page: Page): Promise<readonly Contrast[]> {
  return page.evaluate(IN_BROWSER);
}

/** Text, since the types of a browser are not among those of this program. Formulas: WCAG 2.2, relative luminance. */
const IN_BROWSER = `(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return numbers('255 255 255');
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === '' || element.closest('script,style') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const front = luminance(numbers(element instanceof SVGElement ? style.fill : style.color));
    const back = luminance(behind(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    found.push({ text, ratio: Math.round(ratio * 100) / 100 });
  }
  return found;
})()`;
