import type { TestContext } from 'node:test';
import { type FakeProvider, startProvider } from './fake-provider.ts';

const HOUR_MS = 3_600_000;

/** Electricity Maps, where every zone is at 412 gCO2e/kWh now and was at 450 to 473 on the day before. */
export function startElectricityMaps(test: TestContext): Promise<FakeProvider> {
  const hour = Math.floor(Date.now() / HOUR_MS);
  const row = (zone: string | undefined, hoursAgo: number, carbonIntensity: number) => ({
    zone,
    carbonIntensity,
    datetime: new Date((hour - hoursAgo) * HOUR_MS).toISOString(),
    emissionFactorType: 'lifecycle',
    isEstimated: false,
  });
  return startProvider(test, ({ path, query: { zone } }) => {
    if (path.endsWith('/latest')) return { body: row(zone, 0, 412) };
    const history = Array.from({ length: 24 }, (_, i) => row(zone, 24 - i, 450 + i));
    return path.endsWith('/history') ? { body: { zone, history } } : { status: 404 };
  });
}
