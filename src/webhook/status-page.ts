import { renderPage } from './page/page.ts';
import { readStatus, type Status, type StatusDeps } from './page/status.ts';
import { statusDocument } from './page/status-document.ts';

/** What this replica knows, for people and for programs; each is written at most once a second, however many ask. */
export interface StatusPage {
  /** HTML. */
  page(): string;
  /** JSON. */
  document(): string;
}

/** Rendering shares the event loop with admission, so a crowd before the page must not cost a review its time. */
const KEEP_MS = 1000;

/** Keeps what it wrote for a second of `clock`. */
export function createStatusPage(deps: StatusDeps): StatusPage {
  return {
    page: onceASecond(deps, renderPage),
    document: onceASecond(deps, (status) => `${JSON.stringify(statusDocument(status))}\n`),
  };
}

function onceASecond(deps: StatusDeps, write: (status: Status) => string): () => string {
  let text = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  return () => {
    // The absolute difference: a clock that was set back must not keep an old text.
    if (Math.abs(deps.clock() - writtenAt) < KEEP_MS) return text;
    text = write(readStatus(deps));
    writtenAt = deps.clock();
    return text;
  };
}
