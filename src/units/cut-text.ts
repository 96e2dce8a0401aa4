/** A text of at most so many characters; what is cut ends in `…`. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(HALF_A_CHARACTER, '')}…`;
}

/** The first half of a surrogate pair, at the end. */
const HALF_A_CHARACTER = /[\uD800-\uDBFF]$/;
