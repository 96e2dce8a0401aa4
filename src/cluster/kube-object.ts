/** What every object of the API has, as far as gridgate reads it. The API server has checked its types. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    /** RFC 3339. */
    readonly creationTimestamp?: string;
    /** Counts the changes of the spec. */
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface ObjectList {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    /** How many follow this page; absent where the API server did not count them. */
    readonly remainingItemCount?: number;
  };
  /** Seen as null for an empty PartialObjectMetadataList of nodes (Kubernetes 1.35). */
  readonly items: readonly KubeObject[] | null;
}

export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  /** Of a list that grew too old (410): goes on behind the last page, with objects as they are by now. */
  readonly metadata?: { readonly continue?: string };
}

/** Whether a pod of this phase has done its work, or failed for good. */
export function isEndedPhase(phase: unknown): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
