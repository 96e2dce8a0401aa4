export const CAPACITY_TYPE_LABEL = 'karpenter.sh/capacity-type';

/** Where and how an instance type can be had. */
export interface Offering {
  readonly zone: string;
  /** Absent: that of the zone, where it is known. */
  readonly region?: string | undefined;
  /** `on-demand`, `spot`; absent: any. */
  readonly capacityType?: string | undefined;
  /** An hour. */
  readonly price?: number | undefined;
}

/** An instance type that Karpenter may create nodes of, as far as gridgate knows it. */
export interface OfferedType {
  readonly name: string;
  readonly vcpus?: number | undefined;
  /** GB of 10^9 bytes. */
  readonly memoryGb?: number | undefined;
  readonly accelerators?: number | undefined;
  /** Values that its nodes can have of labels, beside those of the offering and of the NodePool. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Whether its nodes have no labels but those: else nobody can say what an overlay on another label means for it. */
  readonly knowsAllLabels: boolean;
  readonly offerings: readonly Offering[];
}

/** Resources that count accelerators, as device plugins name them. */
const ACCELERATORS = ['nvidia.com/gpu', 'amd.com/gpu', 'habana.ai/gaudi', 'aws.amazon.com/neuron'];

/** How many accelerators amounts by resource count; `undefined` where they name none. */
export function acceleratorsIn(amounts: Readonly<Record<string, number>>): number | undefined {
  const counted = ACCELERATORS.map((resource) => amounts[resource]).filter((amount) => amount !== undefined);
  return counted.length === 0 ? undefined : counted.reduce((sum, amount) => sum + amount, 0);
}
