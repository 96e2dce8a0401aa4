import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { releasedByOthers, type WaitEvent } from '../../controllers/gate-releaser/wait-events.ts';
import { cutText } from '../../units/cut-text.ts';
import { inParallel } from '../../units/in-parallel.ts';
import { onOneLine } from '../../units/legible.ts';
import type { WaitingUnit } from './waiting-units.ts';

type Api = Pick<ApiClient, 'send'>;

const JSON_TYPE = 'application/json';
const TIMEOUT_MS = 15_000;
const AT_ONCE = 8;
/** Of thousands that go at once, nobody reads more. */
const MOST_TOLD = 500;
const MOST_NAME_CHARACTERS = 100;
const FORBIDDEN = 403;

export const OVERDUE = 'it should have started, and nobody else let it go';

interface Telling {
  readonly api: Api;
  /** Who or what let them go. */
  readonly why: string;
  readonly fieldManager: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Creates the Event `Released` on each that was let go and on its Job, as the releaser does. Best effort: where the caller may not, nothing
 * is told, and nothing is said of that.
 */
export async function tellReleased(units: readonly WaitingUnit[], telling: Telling): Promise<void> {
  const { why, now } = telling;
  const all = units.slice(0, MOST_TOLD).flatMap(({ kind, object }) => {
    const member = { kind, metadata: object.metadata, pod: kind === 'Pod' ? object : {} };
    return releasedByOthers(why, member, { instance: 'gridgate-release', now });
  });
  const events = [...new Map(all.map((one) => [one.key, one])).values()];
  const forbidden = new Set<string>();
  await inParallel(events, AT_ONCE, (event) => tellOne(event, forbidden, telling));
}

async function tellOne(
  { namespace, event }: WaitEvent,
  forbidden: Set<string>,
  { api, fieldManager }: Telling,
): Promise<void> {
  if (forbidden.has(namespace)) return;
  const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  try {
    await api.send('POST', path, {
      contentType: JSON_TYPE,
      body: event,
      query: { fieldManager },
      idleTimeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === FORBIDDEN) forbidden.add(namespace);
  }
}

/** `by hand by ana`: as the API server calls the caller; without a name where it does not say. */
export async function byHand(api: Api): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const options = { contentType: JSON_TYPE, body, idleTimeoutMs: TIMEOUT_MS };
  try {
    const answer = await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', options);
    const { status } = answer as { readonly status?: { readonly userInfo?: { readonly username?: string } } };
    const name = status?.userInfo?.username;
    return name ? `by hand by ${cutText(onOneLine(name), MOST_NAME_CHARACTERS)}` : 'by hand';
  } catch {
    return 'by hand';
  }
}
