import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { type Answer, type FakeProvider, startProvider } from '../../sources/fake-provider.ts';

const HOUR_MS = 3_600_000;

/**
 * Electricity Maps, in whose zones the fourth hour from now is the cleanest, 100 gCO2e/kWh of 300, if its forecast is asked; the day
 * before tells of none. `fault` answers first.
 */
export async function startDay(test: TestContext, fault?: Answer): Promise<FakeProvider & { readonly config: string }> {
  // One hour for all of a test, whenever it ends.
  const hour = Math.floor(Date.now() / HOUR_MS);
  const provider = await startProvider(test, (asked, response) => {
    if (fault) return fault(asked, response);
    const { zone } = asked.query;
    const row = (hours: number, carbonIntensity: number) => ({
      zone,
      carbonIntensity,
      datetime: new Date((hour + hours) * HOUR_MS).toISOString(),
      emissionFactorType: 'lifecycle',
      isEstimated: false,
    });
    if (asked.path.endsWith('/latest')) return { body: row(0, 300) };
    if (asked.path.endsWith('/history')) return { body: { zone, history: [row(-1, 300)] } };
    return { body: { zone, forecast: Array.from({ length: 24 }, (_, ahead) => row(ahead, ahead === 4 ? 100 : 300)) } };
  });
  return { ...provider, config: writeConfig(test, provider.baseUrl) };
}

export function writeConfig(test: TestContext, url: string): string {
  const file = join(makeTemporaryDirectory(test), 'gridgate.yaml');
  writeFileSync(file, stringify({ sources: [{ type: 'electricity-maps', token: { env: 'MAPS_TOKEN' }, url }] }));
  return file;
}
