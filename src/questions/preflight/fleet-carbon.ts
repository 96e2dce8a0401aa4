import { gramsPerHour } from '../../energy/emissions.ts';
import type { PowerModel } from '../../energy/power-model.ts';
import { providerOf } from '../../energy/provider.ts';
import type { Reading } from '../../regions/reading.ts';
import { compareText } from '../../units/compare-text.ts';
import type { AssessedNode, FleetCarbon, RegionCarbon } from './preflight-report.ts';
import { rounded, sumOf } from './sums.ts';

/** How long the incident lasted that preflight is there to prevent. */
const CARBON_HOURS = 6;
/** Milligrams. */
const KG_DECIMALS = 6;

/**
 * What the fleet's idle power emits in 6 hours, by region: W / 1000 * h * PUE * gCO2e/kWh / 1000 = kgCO2e. Regions without
 * an intensity are listed without a figure.
 */
export function carbonOf(
  nodes: readonly AssessedNode[],
  intensities: ReadonlyMap<string, Reading>,
  model: PowerModel,
): FleetCarbon {
  const totals = { kgCo2e: 0, kgCo2eUnderNone: 0, kgCo2eUnderStatic: 0 };
  let nodesLeftOut = 0;
  const regions: RegionCarbon[] = [];
  for (const [region, own] of Map.groupBy(nodes, (node) => node.region)) {
    const reading = region === null ? undefined : intensities.get(region);
    if (reading === undefined) nodesLeftOut += own.length;
    if (region === null) continue;
    const pue = model.pue(providerOf(region));
    const kg = (watts: number) => (gramsPerHour(watts, pue.value, reading?.gramsPerKwh ?? 0) * CARBON_HOURS) / 1_000;
    const kgCo2e = kg(sumOf(own, 'watts'));
    totals.kgCo2e += kgCo2e;
    totals.kgCo2eUnderNone += kg(sumOf(own, 'wattsUnderNone'));
    totals.kgCo2eUnderStatic += kg(sumOf(own, 'wattsUnderStatic'));
    regions.push({
      region,
      nodes: own.length,
      watts: rounded(sumOf(own, 'watts')),
      gramsPerKwh: reading?.gramsPerKwh ?? null,
      source: reading?.source ?? null,
      freshness: reading?.freshness ?? null,
      pue: { value: pue.value, basis: pue.basis },
      kgCo2e: reading ? rounded(kgCo2e, KG_DECIMALS) : null,
    });
  }
  regions.sort((a, b) => (b.kgCo2e ?? -1) - (a.kgCo2e ?? -1) || compareText(a.region, b.region));
  return {
    hours: CARBON_HOURS,
    kgCo2e: rounded(totals.kgCo2e, KG_DECIMALS),
    kgCo2eUnderNone: rounded(totals.kgCo2eUnderNone, KG_DECIMALS),
    kgCo2eUnderStatic: rounded(totals.kgCo2eUnderStatic, KG_DECIMALS),
    regions,
    nodesLeftOut,
  };
}
