/** The longest name that the API server stores; mutation comes before it looks, so longer ones reach a webhook. */
const LONGEST_NAME = 253;

/** A name, namespace or owner as it is kept, logged and shown: at most 253 characters. */
export function cutName(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  // Half of a surrogate pair is no character; and a part of a string would keep the whole of it in memory.
  return Buffer.from(name.slice(0, LONGEST_NAME).replace(/[\uD800-\uDBFF]$/, '')).toString();
}
