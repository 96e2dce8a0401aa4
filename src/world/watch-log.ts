import type { WatchLog } from '../cluster/reflector.ts';

/** What people are told of a watch: that it fails, and that it goes on again. */
export function watchLogTo(tell: (sentence: string) => void): WatchLog {
  return {
    debug: () => {},
    info: (_fields, text) => tell(text),
    warn: ({ failure }, text) => tell(failure === undefined ? text : `${text}: ${failure}`),
  };
}
