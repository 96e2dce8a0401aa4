/** Bytes that one region's failure sent to another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** Epoch milliseconds; absent where nobody said. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/** More than this is a mistake of unit: all networks of the world move about 10^22 bytes a year. */
export const MOST_BYTES = 1e24;
