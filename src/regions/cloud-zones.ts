import { AWS_ZONES } from './aws-zones.ts';
import { AZURE_ZONES } from './azure-zones.ts';
import { GOOGLE_ZONES } from './google-zones.ts';

/**
 * The electricity grid zone (Electricity Maps' names) behind a public cloud region, by the region's name as nodes show it
 * in `topology.kubernetes.io/region`. No two clouds share a name.
 */
export const CLOUD_ZONES: ReadonlyMap<string, string> = new Map(
  [AWS_ZONES, AZURE_ZONES, GOOGLE_ZONES].flatMap((zones) => Object.entries(zones)),
);

/** The grid zone of a region: its own, else that of the public cloud region of its name. */
export function gridZoneOf({ name, gridZone }: { readonly name: string; readonly gridZone?: string | undefined }) {
  return gridZone ?? CLOUD_ZONES.get(name);
}
