import { z } from 'zod';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import { DAY_MS, MINUTE_MS } from '../../units/moment.ts';
import { getJson, type SourceDeps, sourceUrl } from '../asking/get-json.ts';
import { SourceError } from '../asking/source-error.ts';
import { firstPlausible } from './plausible.ts';
import { instant, notOverYet, oldestFirst, rowsOf } from './series.ts';
import type { ForecastingSource, Measurement } from './source.ts';

const NATIONAL = 'GB';
const STEP_MS = 30 * MINUTE_MS;

const grams = z.number().nullish();
const period = z.object({ from: instant, intensity: z.object({ forecast: grams, actual: grams }) });
type Period = z.infer<typeof period>;

const national = z.object({ data: rowsOf(period) }).transform(({ data }) => ({ zone: NATIONAL, periods: data }));

const region = z.object({ regionid: z.number().int(), data: rowsOf(period) });
/** /regional/regionid answers a list of one region, a span of time the region itself. */
const regional = z
  .object({ data: z.union([region, z.tuple([region]).transform(([only]) => only)]) })
  .transform(({ data }) => ({ zone: String(data.regionid), periods: data.data }));

/**
 * NESO's Carbon Intensity API (https://carbon-intensity.github.io/api-definitions), no account, data under CC BY 4.0:
 * emissions of generation alone. Zones are `GB` and the ids of distribution regions, `1` to `17`.
 */
export function createUkCarbonIntensity(
  { baseUrl = 'https://api.carbonintensity.org.uk' }: { readonly baseUrl?: string | undefined },
  deps: SourceDeps,
): ForecastingSource {
  /** `span` is a path of its documentation such as `{from}/fw48h`; without one, the half-hour that is now. */
  async function ask(zone: string, span: string | undefined, abort: AbortSignal): Promise<readonly Period[]> {
    if (zone !== NATIONAL && !/^([1-9]|1[0-7])$/.test(zone))
      throw new SourceError('not_covered', `there is no region ${zone}: ${NATIONAL}, or 1 to 17`);
    const answer = await getJson({
      ...deps,
      url: sourceUrl(baseUrl, pathOf(zone, span)),
      abort,
      schema: zone === NATIONAL ? national : regional,
    });
    if (answer.zone !== zone)
      throw new SourceError('wrong_zone', `the answer is for region ${answer.zone}, not ${zone}`);
    return answer.periods;
  }

  return {
    name: 'uk-carbon-intensity',

    zoneOf(region) {
      const { ukCarbonIntensity: id } = region;
      if (id === undefined) return gridZoneOf(region) === 'GB' ? NATIONAL : undefined;
      return String(id) === 'national' ? NATIONAL : String(id);
    },

    async current(zone, abort) {
      return firstPlausible((await ask(zone, undefined, abort)).flatMap(measure), zone, deps.clock());
    },

    /** A week, for relative bands; its documentation allows 14 days. */
    async history(zone, abort) {
      const now = deps.clock();
      const span = `${toMinute(now - 7 * DAY_MS)}/${toMinute(now)}`;
      return oldestFirst((await ask(zone, span, abort)).flatMap(measure));
    },

    async forecast(zone, abort) {
      const points = (await ask(zone, `${toMinute(deps.clock())}/fw48h`, abort)).flatMap(
        ({ from, intensity: { forecast } }) => (typeof forecast === 'number' ? [{ from, gramsPerKwh: forecast }] : []),
      );
      return notOverYet(points, STEP_MS, deps.clock());
    },
  };
}

function pathOf(zone: string, span: string | undefined): string {
  if (zone === NATIONAL) return span ? `/intensity/${span}` : '/intensity';
  return `/regional${span ? `/intensity/${span}` : ''}/regionid/${zone}`;
}

/** `actual` comes after the half-hour; regions never have it. */
function measure({ from, intensity: { actual, forecast } }: Period): readonly Measurement[] {
  const gramsPerKwh = actual ?? forecast ?? undefined;
  const estimated = typeof actual !== 'number';
  if (gramsPerKwh === undefined) return [];
  return [{ gramsPerKwh, signal: 'average-direct', measuredAt: from, stepMs: STEP_MS, estimated }];
}

/** YYYY-MM-DDThh:mmZ, the only form that it takes. */
function toMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
