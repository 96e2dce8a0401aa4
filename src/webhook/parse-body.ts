import { pruneBody } from './prune-body.ts';

/** A request body as far as anybody reads it. */
export interface ParsedBody {
  readonly value: unknown;
  /** The request's object held more than any pod that can be stored: it is empty in `value`. */
  readonly isOversized: boolean;
}

/** Parses a request body without what nobody reads, which is overwritten: `body` is not to be used afterwards. Throws what JSON.parse throws. */
export function parseBody(body: Buffer): ParsedBody {
  const { length, isOversized } = pruneBody(body);
  return { value: JSON.parse(body.toString('utf8', 0, length)), isOversized };
}
