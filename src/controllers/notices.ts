import type { ApiWriter } from '../cluster/api-writer.ts';
import { tellOnce } from './event.ts';
import type { Pace } from './pace.ts';
import type { Outcome } from './rounds.ts';
import { writeEach } from './write-each.ts';

/** What an Event tells for as long as it is so; equal names say the same. */
export interface Notice {
  readonly namespace: string;
  readonly name: string;
  readonly event: () => object;
}

interface NoticesDeps {
  readonly writer: Pick<ApiWriter, 'create'>;
  readonly pace: Pace;
  /** Of more the rest is told the next time, if it is still so. */
  readonly mostAtOnce?: number;
}

/** Tells each notice with one Event, once for as long as it is among `items`; what was mended and broken again is told again. */
export function createNotices({ writer, pace, mostAtOnce = Number.POSITIVE_INFINITY }: NoticesDeps) {
  /** Those that are true now, by namespace and name. */
  let told = new Set<string>();
  const keyOf = ({ namespace, name }: Notice) => `${namespace}/${name}`;

  return async function tell(items: readonly Notice[], signal: AbortSignal): Promise<Outcome> {
    const keys = new Set(items.map(keyOf));
    told = new Set([...told].filter((key) => keys.has(key)));
    const untold = items.filter((notice) => !told.has(keyOf(notice)));
    return writeEach({
      items: untold.slice(0, mostAtOnce),
      isDue: (notice) => !told.has(keyOf(notice)),
      async write(notice) {
        await tellOnce(writer, notice.namespace, notice.event());
        told.add(keyOf(notice));
      },
      pace,
      signal,
    });
  };
}
