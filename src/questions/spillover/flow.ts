import type { Coefficient } from '../../energy/coefficients.ts';

/** Energy of moving one GB over networks, kWh. */
export const KWH_PER_GB = {
  measured: { value: 0.000_15, source: 'what one failover was measured at', year: 2026 },
  cloudCarbonFootprint: {
    value: 0.001,
    source: 'Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/methodology, Apache-2.0',
    year: 2023,
  },
} as const satisfies Readonly<Record<string, Coefficient>>;

export interface TransferModel {
  /** How many times each measured byte crosses the network. */
  readonly factor: number;
  readonly kwhPerGb: number;
}

/** kWh of moving bytes: bytes / 1e9 * factor * kWh per GB. */
export function transferKwh(bytes: number, { factor, kwhPerGb }: TransferModel): number {
  return (bytes / 1e9) * factor * kwhPerGb;
}

/** kgCO2e of moving bytes to a region: kWh * gCO2e per kWh / 1000. */
export function transferKg(bytes: number, gramsPerKwh: number, model: TransferModel): number {
  return (transferKwh(bytes, model) * gramsPerKwh) / 1_000;
}

/** Bytes that one region's failure sent to another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** Epoch milliseconds; absent where nobody said. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/** More than this is a mistake of unit: all networks of the world move about 10^22 bytes a year. */
export const MOST_BYTES = 1e24;
