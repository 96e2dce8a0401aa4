import type { NodePoolFacts } from '../../regions/node-pool.ts';
import { valuesLeft } from '../../regions/pool-places.ts';
import { REGION_LABEL, ZONE_LABEL } from '../../units/label-names.ts';

/** The region that a value of the narrowed label lies in; `undefined` where nobody knows it. */
export type RegionOfValue = (value: string) => string | undefined;

type Facts = Pick<NodePoolFacts, 'labels' | 'requirements'>;

/** Which label is narrowed, and how its values are in regions. */
export interface Narrowing {
  readonly key: string;
  readonly regionOf: RegionOfValue;
  /** Of zones, also where regions are narrowed. */
  readonly regionOfZone: RegionOfValue;
  /** The label that regions are read from. */
  readonly regionLabel: string;
}

/**
 * The values of a label that nodes of the pool can really have: every list of it, what it excludes, the template's label, and what the
 * pool says of the other label, region of zone or zone of region.
 */
export function openValues(facts: Facts, { key, regionOf, regionOfZone, regionLabel }: Narrowing): readonly string[] {
  const values = valuesLeft(facts, key)?.filter((value) => mayHave(facts, key, value)) ?? [];
  if (key === ZONE_LABEL)
    return values.filter((zone) => {
      const region = regionOf(zone);
      return region === undefined || mayHave(facts, regionLabel, region);
    });
  const zones = valuesLeft(facts, ZONE_LABEL);
  if (!zones) return values;
  const ofZones = zones.map(regionOfZone);
  return values.filter((region) => ofZones.some((one) => one === undefined || one === region));
}

/** Whether a node of the pool may carry this value, by what the pool says of the label itself. */
function mayHave({ labels, requirements }: Facts, key: string, value: string): boolean {
  if (labels[key] !== undefined && labels[key] !== value) return false;
  return requirements
    .filter((one) => one.key === key)
    .every(({ operator, values = [] }) => {
      if (operator === 'In') return values.includes(value);
      return operator === 'NotIn' ? !values.includes(value) : operator !== 'DoesNotExist';
    });
}

/** The `minValues` that a pool would miss with these values alone; a zone of which nobody knows the region counts for no region. */
export function missedMinValues(
  { requirements }: Facts,
  open: readonly string[],
  narrowing: Narrowing,
): number | undefined {
  const { key, regionOf, regionLabel } = narrowing;
  const regions = open.map(regionOf).filter((region) => region !== undefined);
  const sizes: Readonly<Record<string, number>> = {
    // How many zones a region has is not known.
    [ZONE_LABEL]: key === ZONE_LABEL ? open.length : 0,
    [REGION_LABEL]: new Set(regions).size,
    [regionLabel]: new Set(regions).size,
  };
  return requirements.find((one) => (sizes[one.key] ?? Number.POSITIVE_INFINITY) < (one.minValues ?? 0))?.minValues;
}
