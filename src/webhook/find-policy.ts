import { LRUCache } from 'lru-cache';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Policy } from '../decision/policy.ts';
import { within } from '../units/deadline.ts';
import { isDnsLabel } from '../units/label-names.ts';
import type { PolicyBook } from './policy-book.ts';

type Fetch = (name: string, timeoutMs: number) => Promise<NamespaceRecord | undefined>;

/** Where namespaces are known from: a file, or a cluster's informer. */
export interface NamespaceSource {
  namespace(name: string): NamespaceRecord | undefined;
  /** One live GET; rejects on an error or after `timeoutMs`. Absent where there is no API server to ask. */
  readonly fetchNamespace?: Fetch;
}

export interface PolicyFinder {
  /** At once where the namespace is known; a promise only where the informer is proven behind. */
  find(namespace: string, deadline: number): Policy | undefined | Promise<Policy | undefined>;
}

const LONGEST_GET_MS = 300;
const KEPT_MS = 5_000;
/** Whoever reaches the port can name namespaces, and each new one is a GET. */
const MOST_GETS_AT_ONCE = 32;
/** What is left of a review's own time for the answer itself. */
const MARGIN_MS = 50;

/**
 * Finds the policy of a namespace. The API server only calls for labelled namespaces, so one that is unknown or
 * unlabelled here was opted in a moment ago: worth one live GET (single flight, its answer kept 5 s), at most 300 ms
 * and never past the deadline of the review; then gridgate fails open, as it does where many of these are under way. `clock` and deadlines in epoch milliseconds.
 */
export function createPolicyFinder(source: NamespaceSource, book: PolicyBook, clock: () => number): PolicyFinder {
  const answers = new LRUCache<string, Promise<NamespaceRecord | undefined>>({ max: 1_000, ttl: KEPT_MS });
  let underWay = 0;

  /** The GET has its own time limit, and failures are not kept: a review in a hurry spoils the answer for no other. */
  function fetchOnce(fetch: Fetch, name: string): Promise<NamespaceRecord | undefined> | undefined {
    const known = answers.get(name);
    // Any other name would be another path, and the empty one a list of all.
    if (known || underWay >= MOST_GETS_AT_ONCE || !isDnsLabel(name)) return known;
    underWay += 1;
    const answer = fetch(name, LONGEST_GET_MS)
      .catch(() => {
        answers.delete(name);
        return undefined;
      })
      .finally(() => {
        underWay -= 1;
      });
    answers.set(name, answer);
    return answer;
  }

  function find(name: string, deadline: number): ReturnType<PolicyFinder['find']> {
    const record = source.namespace(name);
    if (record && (record.managed || !source.fetchNamespace)) return book.policyOf(record);
    const seen = record && book.policyOf(record);
    if (!source.fetchNamespace) return seen;
    const timeoutMs = Math.min(LONGEST_GET_MS, deadline - clock() - MARGIN_MS);
    if (timeoutMs <= 0) return seen;
    const answer = fetchOnce(source.fetchNamespace, name);
    if (!answer) return seen;
    // A review that joins another's GET has its own deadline.
    return within('the API server', timeoutMs, () => answer).then(
      (fetched) => (fetched ? book.policyOf(fetched) : seen),
      () => seen,
    );
  }

  return { find };
}
