import type { Cause } from '../decision/messages.ts';
import { encodePatch, type PatchOperation } from '../decision/patch.ts';
import type { Mode } from '../decision/policy.ts';
import type { Reason } from '../decision/reasons.ts';

/** What became of a review, for the log, the metrics and the API server's audit log. */
export interface Outcome {
  /** `unknown`: nobody knows the namespace. */
  readonly mode: Mode | 'unknown';
  /** What `enforce` would do; the mode says whether it was done. */
  readonly decision: 'allow' | 'steer' | 'defer' | 'deny';
  readonly reason: Reason;
  readonly region?: string;
  /** Why it is, or in another mode would be, denied. */
  readonly message?: string;
  /** Whose pod: `ReplicaSet/web-5f`, or the object itself. */
  readonly owner: string;
  readonly error?: unknown;
}

/** The status of a denied review, as the user sees it. */
export interface Denial {
  readonly code: 403 | 422;
  readonly reason: 'Forbidden' | 'Invalid';
  readonly message: string;
  readonly causes: readonly Cause[];
  /** What kubectl calls an invalid object by. */
  readonly object?: { readonly kind: string; readonly name: string };
}

export interface Answer {
  readonly denial?: Denial;
  readonly patch?: readonly PatchOperation[];
  readonly warnings?: readonly string[];
  /** Audit mode: the decision that was not carried out. */
  readonly would?: string;
  readonly outcome: Outcome;
}

/** Writes the AdmissionReview that answers the one with this uid. */
export function writeAnswer(uid: string, { denial, patch, warnings, would, outcome }: Answer): string {
  const { decision, reason, region } = outcome;
  const rest = JSON.stringify({
    uid,
    allowed: denial === undefined,
    status: denial && statusOf(denial),
    warnings: warnings && warnings.length > 0 ? warnings : undefined,
    auditAnnotations: { decision: would === undefined ? decision : 'allow', reason, region, would },
  });
  // Base64 needs no escaping, and is most of the answer: JSON.stringify would look at each character of it again.
  const changes = patch && patch.length > 0 ? `"patchType":"JSONPatch","patch":"${encodePatch(patch)}",` : '';
  return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{${changes}${rest.slice(1)}}`;
}

function statusOf({ code, reason, message, causes, object }: Denial): unknown {
  return { status: 'Failure', code, reason, message, details: { ...object, causes } };
}
