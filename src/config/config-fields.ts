import { z } from 'zod';

export const text = z.string().min(1);
export const url = z
  .url({ protocol: /^https?$/, message: 'must be an http or https URL' })
  // Whatever prints or logs a URL may then do so without a look at what is in it.
  .refine((text) => !hasCredentials(text), 'must not hold a user name or password; they do not belong in this file')
  .meta({ pattern: '^[hH][tT][tT][pP][sS]?:' });

export const labelName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a label name of Prometheus');

function hasCredentials(text: string): boolean {
  const { username, password } = URL.parse(text) ?? {};
  return Boolean(username || password);
}

/** Where a secret is: never the secret itself, which would end in logs and process lists. */
export const secret = z
  .union(
    [
      z.strictObject({ file: text.describe('Path of a file that holds the secret.') }),
      z.strictObject({ env: text.describe('Name of an environment variable that holds the secret.') }),
    ],
    { message: 'must be {file: PATH} or {env: NAME}; a secret does not belong in this file' },
  )
  .describe('Where the secret is: {file: PATH} or {env: NAME}, read anew for each request.');

/** A list of sources in which none is there twice, as each is known by its type; empty where it is left out. */
export function sourceList<T extends { readonly type: string }>(source: z.ZodType<T>) {
  return z
    .array(source)
    .superRefine((sources, context) => {
      for (const [index, { type }] of sources.entries()) {
        if (sources.findIndex((other) => other.type === type) < index)
          context.addIssue({ code: 'custom', path: [index, 'type'], message: `${type} is there twice` });
      }
    })
    .default([]);
}
