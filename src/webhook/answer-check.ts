import ownPackage from '../../package.json' with { type: 'json' };
import { CHECK_KEY, writeCheckAnswer } from '../decision/check-answer.ts';
import { isMapping } from '../units/is-mapping.ts';
import type { Answer } from './answer.ts';
import type { JsonObject, Review } from './review.ts';

/** What a replica says of itself beside its answer. */
interface Said {
  /** How many it knows. */
  readonly regions: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The answer to an object that asks who answers (`gridgate check`): the same with one warning more, in every mode. The first one,
 * since the API server cuts off what is over 4,096 characters.
 */
export function answerCheck({ object, subResource }: Review, answer: Answer, say: () => Said): Answer {
  const id = checkIdOf(object);
  if (id === undefined || subResource !== '') return answer;
  const { regions, now } = say();
  const { mode, reason } = answer.outcome;
  const said = writeCheckAnswer({ id, version: ownPackage.version, mode, reason, regions, clock: now });
  return { ...answer, warnings: [said, ...(answer.warnings ?? [])] };
}

/** What the annotation says; `undefined` where there is none. */
export function checkIdOf({ metadata }: JsonObject): string | undefined {
  const annotations = isMapping(metadata) ? metadata['annotations'] : undefined;
  if (!isMapping(annotations) || !Object.hasOwn(annotations, CHECK_KEY)) return undefined;
  return String(annotations[CHECK_KEY]);
}
