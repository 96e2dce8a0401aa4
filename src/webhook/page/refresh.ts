import { createHash } from 'node:crypto';

/**
 * Fetches the page again every 10 s and swaps its content in place, so that the place one reads at stays, what one opened or
 * closed stays so, and the keyboard stays where it was. A page that cannot be refreshed says so: ages that stand still look
 * fresh for ever. Markup that DOMParser reads runs no script.
 */
export const REFRESH_SCRIPT = `
const every = 10_000;
let failing = false;
const chosen = new Map();
document.addEventListener('click', ({ target }) => {
  const details = target.closest?.('summary')?.parentElement;
  if (details?.id) chosen.set(details.id, !details.open);
});
function keepAsChosen(before, next) {
  for (const [id, open] of chosen) {
    const details = next.querySelector('#' + CSS.escape(id));
    if (details) details.open = open;
    else chosen.delete(id);
  }
  for (const input of before.querySelectorAll('input')) {
    const same = next.querySelector('#' + CSS.escape(input.id));
    if (same) same.checked = input.checked;
  }
}
function nameFocus(main) {
  const focused = document.activeElement;
  const id = main.contains(focused) && (focused.id || focused.parentElement.id);
  return id && '#' + CSS.escape(id) + (focused.id ? '' : '>summary');
}
async function refresh() {
  if (document.hidden) return;
  const note = document.getElementById('refresh');
  try {
    const response = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(every) });
    if (!response.ok) throw new Error(response.status);
    const next = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main');
    if (!next) throw new Error('another page');
    const main = document.querySelector('main');
    const [top, focus] = [window.scrollY, nameFocus(main)];
    keepAsChosen(main, next);
    main.replaceWith(next);
    if (focus) next.querySelector(focus)?.focus({ preventScroll: true });
    window.scrollTo({ top, behavior: 'instant' });
    note.textContent = 'refreshed every 10 s';
    failing = false;
  } catch {
    if (!failing) note.textContent = 'no answer since ' + new Date().toISOString().slice(11, 19) + ' UTC: what you see is old';
    failing = true;
  }
  note.classList.toggle('alert', failing);
}
document.getElementById('refresh').textContent = 'refreshed every 10 s';
setInterval(refresh, every);
document.addEventListener('visibilitychange', refresh);
`;

/** The source expression of a Content-Security-Policy that allows exactly this inline text. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
