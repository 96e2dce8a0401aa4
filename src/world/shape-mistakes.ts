import type { z } from 'zod';
import { tellFew } from '../units/tell-few.ts';

const MOST_TOLD = 5;

/** What of an object has not the types that the API server insists on, a sentence each with its path; at most 5. */
export function mistakesInShape(shape: z.ZodType, object: unknown): readonly string[] {
  const parsed = shape.safeParse(object, { error: inOurWords });
  if (parsed.success) return [];
  const tell = ({ path, message }: z.core.$ZodIssue) => `${path.join('.')}: ${message}`;
  return tellFew(parsed.error.issues, MOST_TOLD, tell, (more) => `and ${more} more mistakes`);
}

const INSTEAD_OF_TEXT: Readonly<Record<string, string>> = {
  number: 'must be text; write the number in quotes',
  boolean: 'must be text; write true and false in quotes',
  undefined: 'must be given, as text',
};

function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  const given = typeOf(issue.input);
  const due = issue.expected === 'record' ? 'object' : issue.expected;
  return (due === 'string' && INSTEAD_OF_TEXT[given]) || `must be of type ${due}, not ${given}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
