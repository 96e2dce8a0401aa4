import { warning } from './messages.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { type Pod, preferredTerms, requiredTerms } from './pod.ts';
import type { Policy } from './policy.ts';

/** The lists of a pod, each with the most entries that are judged. No pod that a person wrote comes near. */
const MOST = {
  'required node affinity terms': 500,
  'preferred node affinity terms': 500,
  tolerations: 500,
  // The API server refuses a second constraint on the same key.
  'topology spread constraints': 50,
  'entries of its node selector': 500,
  'requirements and values of its required terms': 10_000,
  'gridgate.dev annotations': 500,
  volumes: 5_000,
} as const;

type Part = keyof typeof MOST;

/**
 * Denies a pod that carries more than gridgate judges, before anything looks at what it carries: mutation comes before
 * the API server's own validation, and every review waits while one is judged. `undefined` for every other pod, and
 * under mode `off`, which leaves all alone. Linear in what the pod carries.
 */
export function denyOversized(pod: Pod, { mode }: Pick<Policy, 'mode'>): OversizedDenial | undefined {
  if (mode === 'off') return undefined;
  const part = oversizedPart(pod);
  return part && oversized(pod, `it carries more than ${MOST[part]} ${part}`);
}

type OversizedDenial = ReturnType<typeof oversized>;

/** The denial of a pod that carries too much to be judged; `why` is a clause. */
export function oversized({ metadata }: Pick<Pod, 'metadata'>, why: string) {
  const name = metadata?.name || (metadata?.generateName ? `${metadata.generateName}*` : '');
  const named = warning(name === '' ? 'this pod' : `pod ${name}`);
  const sentences = [
    `gridgate refuses ${named}: ${why}`,
    'give it fewer, gridgate judges no more [oversized]',
  ] as const;
  const nothing = { warnings: [], patch: [], causes: [] };
  return { decision: 'deny', reason: 'oversized', ...nothing, message: sentences.join('; '), sentences } as const;
}

function oversizedPart(pod: Pod): Part | undefined {
  const { nodeSelector, tolerations, topologySpreadConstraints, volumes } = pod.spec ?? {};
  const terms = requiredTerms(pod) ?? [];
  if (terms.length > MOST['required node affinity terms']) return 'required node affinity terms';
  if (preferredTerms(pod).length > MOST['preferred node affinity terms']) return 'preferred node affinity terms';
  if (lengthOf(tolerations) > MOST.tolerations) return 'tolerations';
  if (lengthOf(topologySpreadConstraints) > MOST['topology spread constraints']) return 'topology spread constraints';
  if (lengthOf(volumes) > MOST.volumes) return 'volumes';
  if (nodeSelector && Object.keys(nodeSelector).length > MOST['entries of its node selector'])
    return 'entries of its node selector';
  if (terms.length > 0 && countRequirements(pod) > MOST['requirements and values of its required terms'])
    return 'requirements and values of its required terms';
  if (countOwnAnnotations(pod) > MOST['gridgate.dev annotations']) return 'gridgate.dev annotations';
  return undefined;
}

function lengthOf(list: readonly unknown[] | null | undefined): number {
  return Array.isArray(list) ? list.length : 0;
}

function countRequirements(pod: Pod): number {
  let count = 0;
  for (const term of requiredTerms(pod) ?? [])
    for (const list of [term?.matchExpressions, term?.matchFields]) {
      if (!Array.isArray(list)) continue;
      count += list.length;
      for (const requirement of list) count += lengthOf(requirement?.values);
    }
  return count;
}

function countOwnAnnotations({ metadata }: Pod): number {
  const annotations = metadata?.annotations;
  let count = 0;
  for (const key in annotations) if (key.startsWith(ANNOTATION_PREFIX)) count += 1;
  return count;
}
