import { gridZoneOf } from '../../regions/cloud-zones.ts';
import type { Signal } from '../../regions/reading.ts';
import { MINUTE_MS } from '../../units/moment.ts';
import type { SourceDeps } from '../asking/get-json.ts';
import {
  type PrometheusAddress,
  type PrometheusResult,
  type PrometheusValue,
  parseValue,
  queryPrometheus,
} from '../asking/query-prometheus.ts';
import { SourceError } from '../asking/source-error.ts';
import { canBeGrams } from './plausible.ts';
import type { IntensitySource, RegionZones } from './source.ts';

export interface PrometheusOptions extends PrometheusAddress {
  /** PromQL that finds one value in gCO2e/kWh; `{{zone}}` and `{{region}}` stand for the grid zone and the region's name. */
  readonly query: string;
  /** What the values count; a metric does not say. */
  readonly signal: Signal;
  /** How long one value of the metric lasts, milliseconds; by default five minutes. */
  readonly stepMs?: number;
}

/** A value of one's own in Prometheus or anything with its HTTP API. What it calls a zone is the finished query. */
export function createPrometheus(options: PrometheusOptions, deps: SourceDeps): IntensitySource {
  const { query: template, signal, stepMs = 5 * MINUTE_MS, ...address } = options;

  return {
    name: 'prometheus',

    zoneOf: (region) => fill(template, region),

    async current(query, abort) {
      const found = await queryPrometheus(address, { query }, deps, abort);
      const [seconds, text] = onlySample(found, signal);
      const gramsPerKwh = readValue(text);
      // The time is that of the evaluation: how old the sample is (at most the lookback of five minutes) is not told.
      return { gramsPerKwh, signal, measuredAt: Math.round(seconds * 1000), stepMs, estimated: false };
    },
  };
}

/** `undefined` when a name is missing, or could leave the quotes that it stands in. */
function fill(template: string, region: RegionZones): string | undefined {
  const names: Readonly<Record<string, string | undefined>> = { zone: gridZoneOf(region), region: region.name };
  let missing = false;
  const query = template.replaceAll(/\{\{(zone|region)\}\}/g, (_, key: string) => {
    const value = names[key];
    if (value !== undefined && /^[\w./:-]+$/.test(value)) return value;
    missing = true;
    return '';
  });
  return missing ? undefined : query;
}

function onlySample(data: PrometheusResult, signal: Signal): PrometheusValue {
  if (data.resultType === 'scalar') return data.result;
  const [first] = data.result;
  if (!first) throw new SourceError('not_covered', 'the query finds nothing');
  // NaN is what PromQL makes of a division by nothing: what cannot be right does not hide what can.
  const right = data.result.filter(({ value: [, text] }) => canBeGrams(parseValue(text), signal));
  if (right.length > 1) throw new SourceError('malformed', `the query must find one value, and finds ${right.length}`);
  return (right[0] ?? first).value;
}

function readValue(text: string): number {
  const value = parseValue(text);
  if (!Number.isFinite(value)) throw new SourceError('implausible', `the value is ${text.slice(0, 20) || 'empty'}`);
  return value;
}
