import { AWS_ZONES } from '../regions/aws-zones.ts';
import { AZURE_ZONES } from '../regions/azure-zones.ts';
import { GOOGLE_ZONES } from '../regions/google-zones.ts';
import type { Provider } from './coefficients.ts';

/** Whose data centre a region is, by the names of the public clouds' regions, of which no two are alike. */
export function providerOf(region: string): Provider | undefined {
  if (Object.hasOwn(AWS_ZONES, region)) return 'aws';
  if (Object.hasOwn(AZURE_ZONES, region)) return 'azure';
  return Object.hasOwn(GOOGLE_ZONES, region) ? 'gcp' : undefined;
}
