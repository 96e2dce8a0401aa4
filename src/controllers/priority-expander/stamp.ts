import { isoTime } from '../../units/moment.ts';

/** When the priorities were changed last, as it is kept on the ConfigMap. */
export interface Stamp {
  /** Epoch milliseconds. */
  readonly at: number;
  /**
   * | by         | text after the time | so                                                            |
   * | ---------- | ------------------- | ------------------------------------------------------------- |
   * | `readings` | none                | another order waits                                           |
   * | `averages` | `by averages`       | the first order of readings does not: a leader begins without |
   * | `return`   | `put back`          | all waits: there is nothing of ours that could be wrong       |
   */
  readonly by: 'readings' | 'averages' | 'return';
}

const WORDS = { readings: '', averages: ' by averages', return: ' put back' } as const;

/** Reads what `stampText` wrote; `undefined` where that is no time. */
export function parseStamp(text = ''): Stamp | undefined {
  const [time = ''] = text.split(' ');
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  const by = (['averages', 'return'] as const).find((one) => text === `${time}${WORDS[one]}`);
  return { at, by: by ?? 'readings' };
}

export function stampText({ at, by }: Stamp): string {
  return `${isoTime(at)}${WORDS[by]}`;
}
