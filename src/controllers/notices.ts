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

/** Tells each notice with one Event, once for as long as it is among `items`; what was mended and broken again is told again. */
export function createNotices({ writer, pace }: { readonly writer: Pick<ApiWriter, 'create'>; readonly pace: Pace }) {
  /** Those that are true now, by namespace and name. */
  let told = new Set<string>();
  const keyOf = ({ namespace, name }: Notice) => `${namespace}/${name}`;

  return async function tell(items: readonly Notice[], signal: AbortSignal): Promise<Outcome> {
    const keys = new Set(items.map(keyOf));
    told = new Set([...told].filter((key) => keys.has(key)));
    return writeEach({
      items,
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
