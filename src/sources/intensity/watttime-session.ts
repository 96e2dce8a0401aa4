import { z } from 'zod';
import { getJson, type SourceDeps, StatusError, sourceUrl } from '../asking/get-json.ts';
import { readSecret, type SecretReader } from '../asking/read-secret.ts';
import { untilAbort } from '../asking/source-error.ts';

interface WattTimeAccount {
  readonly baseUrl: string;
  readonly username: SecretReader;
  readonly password: SecretReader;
}

const LOGIN_TIMEOUT_MS = 10_000;

const loginAnswer = z.object({ token: z.string().regex(/^[\x21-\x7e]+$/, 'is no token') });

/** Keeps the token of an account (good for about 30 minutes) until it is refused; however many ask, one logs in. */
export function createWattTimeSession({ baseUrl, username, password }: WattTimeAccount, deps: SourceDeps) {
  let token: string | undefined;
  let login: Promise<string> | undefined;

  async function logIn(): Promise<string> {
    const account = `${await readSecret(username, 'WattTime user name')}:${await readSecret(password, 'WattTime password')}`;
    const answer = await getJson({
      ...deps,
      url: sourceUrl(baseUrl, '/login'),
      headers: { authorization: `Basic ${Buffer.from(account).toString('base64')}` },
      // No caller's signal: others wait for the same login.
      abort: AbortSignal.timeout(LOGIN_TIMEOUT_MS),
      schema: loginAnswer,
    });
    token = answer.token;
    return answer.token;
  }

  function renew(refused?: string): Promise<string> {
    if (token !== undefined && token !== refused) return Promise.resolve(token);
    login ??= logIn().finally(() => {
      login = undefined;
    });
    return login;
  }

  /** Asks with a token; renews it once when the answer is 401. */
  return async <T>(ask: (token: string) => Promise<T>, abort: AbortSignal): Promise<T> => {
    const used = await untilAbort(renew(), abort);
    try {
      return await ask(used);
    } catch (error) {
      if (!(error instanceof StatusError && error.status === 401)) throw error;
    }
    return ask(await untilAbort(renew(used), abort));
  };
}
