import { codeInWords, SourceError } from './source-error.ts';

/** Reads a secret anew each time, so that a rotated file counts at once. */
export type SecretReader = () => Promise<string>;

/** A secret without the white space around it; otherwise SourceError `unauthorized` that says which, never what it is. */
export async function readSecret(read: SecretReader, name: string): Promise<string> {
  const secret = (await attempt(read, name)).trim();
  if (secret === '') throw new SourceError('unauthorized', `the ${name} is empty`);
  return secret;
}

/** Like readSecret, for one that is sent as a header as it is: fetch would quote what does not fit in its error. */
export async function readToken(read: SecretReader, name: string): Promise<string> {
  const token = await readSecret(read, name);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new SourceError('unauthorized', `the ${name} has characters that no token has`);
  return token;
}

async function attempt(read: SecretReader, name: string): Promise<string> {
  try {
    return await read();
  } catch (error) {
    throw new SourceError('unauthorized', `the ${name} cannot be read${codeInWords(error)}`);
  }
}
