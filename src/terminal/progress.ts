/** Says on a terminal how far something is; elsewhere says nothing. */
export interface Progress {
  /** Replaces what was said before; at most ten times a second. */
  show(text: string): void;
  /** Takes it away again. */
  end(): void;
}

const INTERVAL_MS = 100;
const BAR_CHARACTERS = 30;
const CLEAR_LINE = '\r\u001b[2K';

/** On stderr: stdout belongs to the data. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      const now = performance.now();
      if (!stream.isTTY || now - shownAt < INTERVAL_MS) return;
      shownAt = now;
      stream.write(CLEAR_LINE + text.slice(0, Math.max(0, stream.columns - 1)));
    },
    end() {
      if (stream.isTTY && shownAt > 0) stream.write(CLEAR_LINE);
      shownAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** `[######----] 60% of 5000`: how much of a whole is done. */
export function progressBar(done: number, whole: number, what: string): string {
  const share = whole > 0 ? Math.min(1, done / whole) : 0;
  const filled = Math.round(share * BAR_CHARACTERS);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_CHARACTERS - filled)}] ${Math.floor(share * 100)}% of ${whole} ${what}`;
}
