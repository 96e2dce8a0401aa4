import { z } from 'zod';

/** What one annotation can keep of them. */
export const MOST_OWNERS = 4;

/** Whose a field was before it was ours, as `metadata.managedFields` said. */
export const keptOwners = z
  .array(z.object({ manager: z.string(), operation: z.enum(['Apply', 'Update']), apiVersion: z.string() }))
  .max(MOST_OWNERS);
export type KeptOwners = Readonly<z.infer<typeof keptOwners>>;

/** What a text of JSON says by its schema; `undefined` for anything else, and for what is longer. */
export function readKept<T>(schema: z.ZodType<T>, text: string | undefined, longest: number): T | undefined {
  if (text === undefined || text.length > longest) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
