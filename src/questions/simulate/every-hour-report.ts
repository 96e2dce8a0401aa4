import type { Saved } from './every-hour.ts';

/** What `gridgate simulate --every-hour --output json` prints. */
export interface EveryHourReport {
  readonly version: 1;
  readonly series: readonly ({ readonly name: string } & Saved)[];
}
