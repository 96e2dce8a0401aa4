import { watchFiles } from '../config/watch-files.ts';
import type { Log } from '../telemetry/log.ts';
import type { FileContents } from '../world/read-files.ts';

interface Followed<T> {
  readonly path: string;
  readonly initial: FileContents<T>;
  readonly parse: (text: string) => FileContents<T>;
  readonly accept: (value: T) => void;
  readonly log: Log;
}

/** Hands over the contents of a file now and after each change; a version with mistakes is reported and passed over. */
export function followFile<T>({ path, initial, parse, accept, log }: Followed<T>): () => void {
  accept(initial.value);
  return watchFiles({
    files: [path],
    known: initial.text === undefined ? undefined : [initial.text],
    onChange: ([text = '']) => {
      const { value, issues } = parse(text);
      if (issues.length > 0) throw new Error(issues.join('; '));
      accept(value);
      log.info({ path }, 'file reloaded');
    },
    onError: (error) => log.error({ path, problem: error.message }, 'file not reloaded; its last good version stays'),
  });
}
