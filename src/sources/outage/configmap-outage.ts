import { z } from 'zod';
import { SourceError } from '../asking/source-error.ts';
import type { OutageSource, Verdict } from './source.ts';

/** The data of a ConfigMap now; `undefined` when there is none. */
export type ReadConfigMap = () => Promise<Readonly<Record<string, string>> | undefined>;

const VERDICT = /^\s*(?:up\s*|down\s*(?::([\s\S]*))?)$/;

/** What the ConfigMap holds, by the names of regions. `manifests/gridgate-outages.schema.json` is made of it (`npm run schema`). */
export const outagesData = z
  .record(
    z.string(),
    z
      .string()
      .regex(VERDICT)
      .describe('up, down, or down: REASON. A region that is not there is unknown, which is not down.'),
  )
  .describe(
    'A key for each region, its name as the nodes carry it. One value of another form, and the whole ConfigMap counts as unread.',
  );

/** What a pipeline or a person writes into a ConfigMap: `eu-west-2: "down: power loss"`, `eu-west-3: up`. */
export function createConfigMapOutage(read: ReadConfigMap): OutageSource {
  return {
    name: 'configmap',

    async read() {
      const data = await dataOf(read);
      if (!data) throw new SourceError('not_covered', 'the ConfigMap does not exist');
      const wrong = outagesData.safeParse(data).error?.issues.map(({ path }) => path.join('.')) ?? [];
      if (wrong.length > 0)
        throw new SourceError('malformed', `must be "up", "down" or "down: REASON": ${wrong.join(', ')}`);
      return new Map(Object.entries(data).map(([region, text]) => [region, toVerdict(text)]));
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

function toVerdict(text: string): Verdict {
  if (text.trim() === 'up') return { down: false };
  const reason = VERDICT.exec(text)?.[1]?.trim();
  return { down: true, ...(reason && { reason }) };
}
