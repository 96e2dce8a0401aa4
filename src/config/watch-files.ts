import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { canBeReadAgain, readText } from '../documents/read-text.ts';

const WATCH_INTERVAL_MS = 1_000;

/** How long files must rest before they count: an editor truncates before it writes, a certificate comes before its key. */
const REST_MS = 50;

export interface FileWatch {
  readonly files: readonly string[];
  /** What the caller already read, in the order of `files`; without it the first look is the starting point. */
  readonly known?: readonly string[] | undefined;
  readonly intervalMs?: number | undefined;
  /** Gets the contents of all files, in order, once per change; what it throws goes to `onError`. */
  readonly onChange: (contents: readonly string[]) => void | Promise<void>;
  /** A file that cannot be read is reported once, until it can be read again. */
  readonly onError: (error: Error) => void;
  /** The files can be read again, changed or not. */
  readonly onReadable?: (() => void) | undefined;
}

/**
 * Watches the contents of small files together, by polling every `intervalMs` (default 1,000 ms), without keeping the
 * process alive; answers a function that stops it. Polling, because Kubernetes swaps a symlink above a mounted file,
 * which inotify does not see; not `fs.watchFile`, because it loses a change made before its own first look.
 */
export function watchFiles({ files, known, intervalMs = WATCH_INTERVAL_MS, ...told }: FileWatch): () => void {
  const { onChange, onError, onReadable } = told;
  const look = createLook(files, known);
  let stopped = false;
  let timer = schedule();
  let reported: string | undefined;

  function schedule(): NodeJS.Timeout {
    return setTimeout(() => void poll(), intervalMs).unref();
  }

  async function poll(): Promise<void> {
    const found = await look();
    if (stopped) return;
    if ('error' in found && found.error.message !== reported) onError(found.error);
    if (!('error' in found) && reported !== undefined) onReadable?.();
    reported = 'error' in found ? found.error.message : undefined;
    if ('changed' in found && found.changed) await handOver(found.changed);
    if (!stopped) timer = schedule();
  }

  async function handOver(contents: readonly string[]): Promise<void> {
    try {
      await onChange(contents);
    } catch (error) {
      onError(toError(error));
    }
  }

  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

type Look = { readonly changed: readonly string[] | undefined } | { readonly error: Error };

function createLook(files: readonly string[], initial: readonly string[] | undefined): () => Promise<Look> {
  let known = initial;
  let signature: string | undefined;

  async function readChange(): Promise<readonly string[] | undefined> {
    const before = await sign(files);
    if (before === undefined || before === signature) return undefined;
    // Read twice: two writes within one tick of the file system's clock have the same signature.
    const early = await readAll(files);
    await sleep(REST_MS, undefined, { ref: false });
    const contents = await readAll(files);
    if (!isSame(early, contents) || (await sign(files)) !== before) return undefined;
    signature = before;
    const changed = known !== undefined && !isSame(known, contents);
    known = contents;
    return changed ? contents : undefined;
  }

  return async () => {
    try {
      return { changed: await readChange() };
    } catch (error) {
      return { error: toError(error) };
    }
  };
}

/** Tells versions of files apart without reading them; follows symlinks. A pipe has one version: `undefined` where one is among them. */
async function sign(files: readonly string[]): Promise<string | undefined> {
  const areAllFiles = (await Promise.all(files.map(canBeReadAgain))).every(Boolean);
  if (!areAllFiles) return undefined;
  const stats = await Promise.all(files.map((file) => stat(file, { bigint: true })));
  return stats.map(({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join()).join(';');
}

function readAll(files: readonly string[]): Promise<string[]> {
  return Promise.all(files.map(readText));
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.every((content, i) => content === others[i]);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
