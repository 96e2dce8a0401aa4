import { z } from 'zod';
import { REASONS, type Reason } from '../../decision/reasons.ts';

/** The longest that gridgate writes. */
const MOST_BYTES = 1_024;

const text = z.string().max(MOST_BYTES);
const RECORD = z.object({
  reason: z.custom<Reason>((value) => typeof value === 'string' && Object.hasOwn(REASONS, value)),
  best: z.array(text).default([]),
  refused: z.array(text).default([]),
  reachable: z.number().int().nonnegative().nullable().default(null),
  acceptable: z.number().int().nonnegative().nullable().default(null),
  at: z.iso.datetime().nullable().default(null),
});

/** What a pod says of its own decision. Whoever may edit the pod can write it: for people to read, nothing to go by. */
export type WrittenRecord =
  | ({ readonly readable: true } & Readonly<z.infer<typeof RECORD>>)
  | { readonly readable: false };

/** Reads the annotation `gridgate.dev/decision`; `null` where there is none. */
export function readRecord(annotation: string | undefined): WrittenRecord | null {
  if (annotation === undefined) return null;
  if (Buffer.byteLength(annotation) > MOST_BYTES) return { readable: false };
  const { data } = RECORD.safeParse(parseOrUndefined(annotation));
  return data ? { readable: true, ...data } : { readable: false };
}

function parseOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
