import { z } from 'zod';
import { HOUR_MS } from '../units/moment.ts';
import { MAX_GRAMS_PER_KWH, SIGNALS } from './reading.ts';

/** What an hourly series is of: values of another zone, source or signal are never mixed with it. */
const seriesIdentity = z.object({ zone: z.string(), source: z.string(), signal: z.enum(SIGNALS) });
export type SeriesIdentity = z.infer<typeof seriesIdentity>;

export interface RememberedHours {
  readonly identity: SeriesIdentity;
  /** Since 1970: that of the first value. */
  readonly firstHour: number;
  /** Tenths of gCO2e/kWh; 0xffff where there is no reading. */
  readonly tenths: Uint16Array;
}

const VERSION = 1;
const BYTES = 2;
const GAP = 0xffff;
const MOST_TENTHS = MAX_GRAMS_PER_KWH * 10;

const written = seriesIdentity.extend({
  version: z.literal(VERSION),
  from: z.iso.datetime().transform((text) => Date.parse(text)),
  /** How many there are: what was cut off shows. */
  hours: z.int().positive(),
  tenths: z.base64(),
});

/** As text of one line: who it is of, from when on, and 2 bytes an hour (little-endian) in base64. */
export function writeRememberedHours({ identity, firstHour, tenths }: RememberedHours): string {
  const bytes = Buffer.alloc(tenths.length * BYTES);
  for (const [index, value] of tenths.entries()) bytes.writeUInt16LE(value, index * BYTES);
  return JSON.stringify({
    version: VERSION,
    ...identity,
    from: new Date(firstHour * HOUR_MS).toISOString(),
    hours: tenths.length,
    tenths: bytes.toString('base64'),
  });
}

/** `undefined` for whatever `writeRememberedHours` would not write; at most `most` hours. */
export function readRememberedHours(text: string, most: number): RememberedHours | undefined {
  const parsed = written.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { from, hours, tenths: base64, zone, source, signal } = parsed.data;
  const bytes = Buffer.from(base64, 'base64');
  const tenths = Uint16Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, index) =>
    bytes.readUInt16LE(index * BYTES),
  );
  const isWhole = bytes.length === hours * BYTES && hours <= most && from >= 0 && from % HOUR_MS === 0;
  if (!isWhole || !tenths.every((value) => value <= MOST_TENTHS || value === GAP)) return undefined;
  return { identity: { zone, source, signal }, firstHour: from / HOUR_MS, tenths };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
