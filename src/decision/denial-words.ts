import { REFUSALS, type Refusal } from './reasons.ts';

/** A denial of ours as somebody else's condition or Event quotes it. */
export interface QuotedDenial {
  /** What `denialSentences` said, without the words around it. */
  readonly words: string;
  /** From the brackets at its end; `undefined` where they were cut off. */
  readonly reason: Refusal | undefined;
}

/** The API server's words around a webhook's, and the first of ours (`denialSentences`). */
const DENIAL = /\badmission webhook "[^"]*" denied the request: (gridgate refuses .*)$/s;
const REASON = /\[([a-z_]+)\]\s*$/;

/** Finds a denial of ours in what a controller says of a pod that it could not create. */
export function denialIn(message: string | undefined): QuotedDenial | undefined {
  const words = typeof message === 'string' ? DENIAL.exec(message)?.[1] : undefined;
  if (words === undefined) return undefined;
  const named = REASON.exec(words)?.[1];
  return { words, reason: REFUSALS.find((refusal) => refusal === named) };
}
