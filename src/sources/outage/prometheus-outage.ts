import type { SourceDeps } from '../asking/get-json.ts';
import {
  type PrometheusAddress,
  type PrometheusSample,
  parseValue,
  queryPrometheus,
} from '../asking/query-prometheus.ts';
import { SourceError } from '../asking/source-error.ts';
import type { OutageSource, Verdict } from './source.ts';

export interface PrometheusOutageOptions extends PrometheusAddress {
  /** PromQL that finds an instant vector with a sample for each region. */
  readonly query: string;
  /** The label that names the region; `region` by default. */
  readonly regionLabel?: string | undefined;
}

/**
 * Outages by a query of the operator's own:
 *
 * | samples of a region             | verdict                                                                    |
 * | ------------------------------- | -------------------------------------------------------------------------- |
 * | any is above 0, `+Inf` included | down; an alert that fires is one of several series that come when it does  |
 * | all are 0                       | up                                                                         |
 * | none, or only `NaN` beside 0    | unknown; `NaN` is 0/0, a share of nothing                                  |
 * | any is below 0                  | the query is a mistake: SourceError, all regions are unknown               |
 */
export function createPrometheusOutage(options: PrometheusOutageOptions, deps: SourceDeps): OutageSource {
  const { query, regionLabel = 'region', ...address } = options;

  return {
    name: 'prometheus',

    async read(_regions, signal) {
      const found = await queryPrometheus(address, { query }, deps, signal);
      if (found.resultType === 'scalar')
        throw new SourceError('malformed', 'the query finds one number, and must find a vector with one a region');
      return judge(valuesByRegion(found.result, regionLabel));
    },
  };
}

function valuesByRegion(samples: readonly PrometheusSample[], label: string): ReadonlyMap<string, number[]> {
  const values = new Map<string, number[]>();
  for (const { metric, value } of samples) {
    const region = metric[label];
    if (region === undefined) continue;
    values.set(region, [...(values.get(region) ?? []), parseValue(value[1])]);
  }
  if (samples.length > 0 && values.size === 0)
    throw new SourceError('malformed', `no sample of the query has the label ${label}`);
  return values;
}

function judge(values: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const [region, numbers] of values) {
    const negative = numbers.find((one) => one < 0);
    if (negative !== undefined)
      throw new SourceError('implausible', `the value of ${region} is ${negative}, and must be 0 or above`);
    const down = numbers.find((one) => one > 0);
    if (down !== undefined) verdicts.set(region, { down: true, reason: `the query finds ${down}` });
    else if (!numbers.some(Number.isNaN)) verdicts.set(region, { down: false });
  }
  return verdicts;
}
