import type { Basis } from '../energy/basis.ts';
import { embodiedOf } from '../energy/embodied.ts';
import { gramsPerHour } from '../energy/emissions.ts';
import { type MachineSize, machineWatts, sizeOf, type UnknownSize } from '../energy/machine-size.ts';
import type { PowerTable } from '../energy/power-table.ts';
import { providerOf } from '../energy/provider.ts';
import type { OfferedType } from '../regions/offered-type.ts';

/** From what the carbon of machines is counted. */
export interface CarbonBook {
  readonly table: PowerTable;
  /** Embodied grams an hour by instance type: an own table's, which counts before all others. */
  readonly embodied: ReadonlyMap<string, number>;
  /** How busy vCPUs and accelerators are, from 0 to 1. */
  readonly utilisation: number;
}

/** What a type of machine does to the climate in an hour, wherever it runs. */
export interface TypeCarbon {
  readonly size: MachineSize;
  readonly watts: number;
  readonly embodiedGramsPerHour: number;
  readonly embodiedBasis: Basis;
  /** In words. */
  readonly embodiedHow: string;
}

/** Watts and embodied grams of a type, or why nobody knows. */
export function carbonOfType(type: OfferedType, book: CarbonBook): TypeCarbon | { readonly unknown: UnknownSize } {
  const size = sizeOf({ ...type, vcpus: book.table.instances.get(type.name)?.vcpus ?? type.vcpus });
  if (typeof size === 'string') return { unknown: size };
  const own = book.embodied.get(type.name);
  const { vcpus, memoryGb, accelerators } = size;
  const embodied =
    own === undefined
      ? embodiedOf({ instanceType: type.name, vcpus, memoryGb, accelerators }, book.table)
      : ({ gramsPerHour: own, basis: 'looked-up', how: 'own table' } as const);
  return {
    size,
    watts: machineWatts(size, book.table.model, book.utilisation),
    embodiedGramsPerHour: embodied.gramsPerHour,
    embodiedBasis: embodied.basis,
    embodiedHow: embodied.how,
  };
}

/** Grams an hour of a machine in a region: watts * PUE * gCO2e/kWh, and the making of it. */
export function gramsInRegion(
  { watts, embodiedGramsPerHour }: Pick<TypeCarbon, 'watts' | 'embodiedGramsPerHour'>,
  { region, gramsPerKwh }: { readonly region: string; readonly gramsPerKwh: number },
  { table }: Pick<CarbonBook, 'table'>,
): number {
  return gramsPerHour(watts, table.model.pue(providerOf(region)).value, gramsPerKwh) + embodiedGramsPerHour;
}
