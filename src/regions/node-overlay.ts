import type { PoolRequirement } from './node-pool.ts';

/** A NodeOverlay (`karpenter.sh/v1alpha1`) as far as it says what nodes cost. */
export interface NodeOverlayFacts {
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Epoch milliseconds; absent where it does not say. */
  readonly createdAt?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly requirements: readonly PoolRequirement[];
  /** 0 where it says none. */
  readonly weight: number;
  /** At most one of these two; without either it prices nothing. */
  readonly price?: string;
  readonly priceAdjustment?: string;
  /** The names of those that it gives nodes; absent where it gives none. */
  readonly resources?: readonly string[];
  /** What Karpenter says of it; absent as long as it says nothing. */
  readonly verdict?: OverlayVerdict;
}

/** The condition `ValidationSucceeded`. */
export interface OverlayVerdict {
  readonly isValid: boolean;
  /** `Conflict`, `RuntimeValidation`. */
  readonly reason: string;
  readonly message: string;
}

interface OverlayObject {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: {
    readonly requirements?: readonly PoolRequirement[] | null;
    readonly weight?: number | null;
    readonly price?: string | null;
    readonly priceAdjustment?: string | null;
    readonly capacity?: Readonly<Record<string, unknown>> | null;
  } | null;
  readonly status?: {
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  } | null;
}

const VERDICT = 'ValidationSucceeded';

/** Reads a NodeOverlay as the API server sends it. */
export function toNodeOverlayFacts({ metadata, spec, status }: OverlayObject): NodeOverlayFacts {
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  const createdAt = Date.parse(creationTimestamp ?? '');
  const resources = Object.keys(spec?.capacity ?? {});
  return {
    name,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(!Number.isNaN(createdAt) && { createdAt }),
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    requirements: spec?.requirements ?? [],
    weight: spec?.weight ?? 0,
    ...(typeof spec?.price === 'string' && { price: spec.price }),
    ...(typeof spec?.priceAdjustment === 'string' && { priceAdjustment: spec.priceAdjustment }),
    ...(resources.length > 0 && { resources }),
    ...verdictIn(status),
  };
}

function verdictIn(status: OverlayObject['status']): Pick<NodeOverlayFacts, 'verdict'> {
  const said = status?.conditions?.find(({ type }) => type === VERDICT);
  if (said?.status !== 'True' && said?.status !== 'False') return {};
  return { verdict: { isValid: said.status === 'True', reason: said.reason ?? '', message: said.message ?? '' } };
}

/** Whether an overlay changes a price; others only add resources, and take part in no conflict over prices. */
export function isPriced({ price, priceAdjustment }: NodeOverlayFacts): boolean {
  return price !== undefined || priceAdjustment !== undefined;
}
