import { DAY_MS } from '../../units/moment.ts';

/** Some 8 MB; the oldest go first, and are said again before the day is over. */
const MOST = 50_000;

/** What was said within the last 24 hours, and when. */
export interface MemoryOfDay {
  saidAt(key: string): number | undefined;
  note(key: string, at: number): void;
  clear(): void;
}

/** `now` in milliseconds since any fixed moment. */
export function createMemoryOfDay(now: () => number): MemoryOfDay {
  const said = new Map<string, number>();
  return {
    saidAt(key) {
      const at = said.get(key);
      return at !== undefined && at > now() - DAY_MS ? at : undefined;
    },
    note(key, at) {
      said.delete(key); // the latest stands last
      said.set(key, at);
      const [oldest] = said.keys();
      if (said.size > MOST && oldest !== undefined) said.delete(oldest);
    },
    clear: () => said.clear(),
  };
}
