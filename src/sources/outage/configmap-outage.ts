import { SourceError } from '../asking/source-error.ts';
import type { OutageSource, Verdict } from './source.ts';

/** The data of a ConfigMap now; `undefined` when there is none. */
export type ReadConfigMap = () => Promise<Readonly<Record<string, string>> | undefined>;

/** What a pipeline or a person writes into a ConfigMap: `eu-west-2: "down: power loss"`, `eu-west-3: up`. */
export function createConfigMapOutage(read: ReadConfigMap): OutageSource {
  return {
    name: 'configmap',

    async read() {
      const data = await dataOf(read);
      if (!data) throw new SourceError('not_covered', 'the ConfigMap does not exist');
      const verdicts = new Map<string, Verdict>();
      const wrong: string[] = [];
      for (const [region, text] of Object.entries(data)) {
        const verdict = parseVerdict(text);
        if (verdict) verdicts.set(region, verdict);
        else wrong.push(region);
      }
      if (wrong.length === 0) return verdicts;
      throw new SourceError('malformed', `must be "up", "down" or "down: REASON": ${wrong.join(', ')}`);
    },
  };
}

async function dataOf(read: ReadConfigMap): ReturnType<ReadConfigMap> {
  try {
    return await read();
  } catch (error) {
    // The API server's own words name the request and the reason of a refusal, and no secret.
    const why = error instanceof Error ? `: ${error.message}` : '';
    throw new SourceError('unavailable', `the ConfigMap cannot be read${why}`, { cause: error });
  }
}

function parseVerdict(text: string): Verdict | undefined {
  if (text.trim() === 'up') return { down: false };
  const [, reason] = /^\s*down\s*(?::([\s\S]*))?$/.exec(text) ?? [undefined, null];
  if (reason === null) return undefined;
  return { down: true, ...(reason?.trim() && { reason: reason.trim() }) };
}
