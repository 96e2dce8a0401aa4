import type { OptionValues } from '../../config/options.ts';
import { StatusError } from '../../sources/asking/get-json.ts';
import { SourceError } from '../../sources/asking/source-error.ts';
import { measurePower, POWER_QUERIES, type PowerQuery } from '../../sources/power/prometheus-power.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import type { Unread } from '../../world/open-cluster.ts';
import type { FleetNode } from './fleet-node.ts';
import { matchMeasurements } from './match-measurements.ts';

interface MeasuredNodes {
  readonly watts: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** Over an hour of 5,000 nodes. */
const TIMEOUT_MS = 30_000;

/** Asks Prometheus what nodes draw; of several queries the first that knows a node counts. A dead Prometheus is exit code 3, a refused query 2. */
export async function measureNodes(
  { prometheusUrl, prometheusQuery }: OptionValues<'prometheusUrl' | 'prometheusQuery'>,
  nodes: readonly FleetNode[],
): Promise<MeasuredNodes | Unread> {
  if (prometheusUrl === undefined) return { watts: new Map(), notes: [] };
  const queries = prometheusQuery === undefined ? POWER_QUERIES : [{ name: 'the query', query: prometheusQuery }];
  try {
    const found = await Promise.all(queries.map((query) => measureBy(query, prometheusUrl, nodes)));
    const watts = new Map(found.toReversed().flatMap((measured) => [...measured.watts]));
    return { watts, notes: [...found.flatMap(({ notes }) => notes), coverage(watts.size, nodes.length)] };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const isRefused = error instanceof StatusError && (error.status === 400 || error.status === 422);
    if (isRefused && prometheusQuery !== undefined)
      return { issues: [`--prometheus-query: Prometheus refuses it: ${error.message}`], exitCode: EXIT.usage };
    const remedy = 'leave --prometheus-url out to use the power table';
    return { issues: [`--prometheus-url: ${prometheusUrl}: ${error.message}; ${remedy}`], exitCode: EXIT.upstream };
  }
}

async function measureBy(query: PowerQuery, baseUrl: string, nodes: readonly FleetNode[]): Promise<MeasuredNodes> {
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  const samples = await measurePower({ baseUrl }, query, deps, AbortSignal.timeout(TIMEOUT_MS));
  const { watts, unmatched, implausible } = matchMeasurements(samples, nodes);
  const notes: string[] = [];
  if (unmatched > 0) notes.push(`${query.name}: ${unmatched} series are of no node of the target version`);
  if (implausible > 0) notes.push(`${query.name}: ${implausible} series are no power of a machine and are not used`);
  return { watts, notes };
}

function coverage(measured: number, nodes: number): string {
  if (measured === 0) return 'no node is measured: all have the figures of the power table';
  const some = `${measured} of ${nodes} nodes are measured, with their CPU manager policy in the measurement already`;
  return measured === nodes ? some : `${some}; the others have the figures of the power table`;
}
