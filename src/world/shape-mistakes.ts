import type { z } from 'zod';

const MOST_TOLD = 5;

/** What of an object has not the types that the API server insists on, a sentence each with its path; at most 5. */
export function mistakesInShape(shape: z.ZodType, object: unknown): readonly string[] {
  const parsed = shape.safeParse(object);
  if (parsed.success) return [];
  const all = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${inOurWords(message)}`);
  const more = all.length - MOST_TOLD;
  return [...all.slice(0, MOST_TOLD), ...(more > 0 ? [`and ${more} more mistakes`] : [])];
}

function inOurWords(message: string): string {
  return message
    .replace('Invalid input: expected string, received number', 'must be text; write the number in quotes')
    .replace('Invalid input: expected string, received boolean', 'must be text; write true and false in quotes')
    .replace('Invalid input: expected string, received undefined', 'must be given, as text')
    .replace('Invalid input: expected record', 'Invalid input: expected object')
    .replace(/^Invalid input: expected (\w+), received (\w+)$/, 'must be of type $1, not $2');
}
