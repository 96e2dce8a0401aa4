import type {
  CloudWatchClient,
  GetMetricDataCommandOutput,
  Metric,
  MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { HOUR_MS } from '../../units/moment.ts';
import { andMore } from '../../units/tell-few.ts';
import { toAwsSourceError } from '../asking/aws-error.ts';
import { SourceError } from '../asking/source-error.ts';
import type { MeasuredTraffic, TimeRange, TrafficPiece } from './measured-traffic.ts';

export interface CloudWatchOptions {
  /** The AWS region whose instances sent the traffic. */
  readonly region: string;
  /** In place of AWS' own. */
  readonly endpoint?: string | undefined;
  /** Told what was read so far, for a progress bar. */
  readonly onProgress?: (instancesRead: number, instances: number) => void;
}

/** Metrics in one GetMetricData. */
const MOST_QUERIES = 500;
/** Nothing plausible is longer: 100,000 instances, or as many pages of values. */
const MOST_PAGES = 200;
const ATTEMPTS = 3;
/** ListMetrics names what sent data within two weeks. */
const LISTED_MS = 14 * 24 * HOUR_MS;

/** Requests are signed for a region of AWS, also those to a server that knows no regions. */
const ANY_AWS_REGION = 'us-east-1';

const SERVICE = { service: 'CloudWatch', permission: 'cloudwatch:ListMetrics and cloudwatch:GetMetricData' };

type Sdk = typeof import('@aws-sdk/client-cloudwatch');

/** What a value is, and where to add it. */
interface HourlySums {
  readonly byHour: Map<number, number>;
  readonly incomplete: Set<string>;
}

/** Whether a name can be a region of AWS, today's or tomorrow's. */
export function isAwsRegion(name: string): boolean {
  return /^[a-z]{2}(-[a-z]+)+-\d$/.test(name);
}

/**
 * What all EC2 instances of a region sent (NetworkOut, sums over whole hours), hour by hour; rejects with a SourceError.
 * Of an hour that lies partly outside the range, the part inside counts. ListMetrics and not a SEARCH expression: that one
 * finds at most 500 instances, and says nothing of the others.
 */
export async function readCloudWatch(
  { region, endpoint, onProgress = () => {} }: CloudWatchOptions,
  range: TimeRange,
  { abort, now }: { readonly abort: AbortSignal; readonly now: number },
): Promise<MeasuredTraffic> {
  // Only here, so that nobody pays for the SDK's start who does not ask it.
  const sdk = await import('@aws-sdk/client-cloudwatch');
  const client = new sdk.CloudWatchClient({
    region: isAwsRegion(region) ? region : ANY_AWS_REGION,
    maxAttempts: ATTEMPTS,
    ...(endpoint !== undefined && { endpoint }),
  });
  try {
    const metrics = await listInstances(sdk, client, abort);
    const sums: HourlySums = { byHour: new Map(), incomplete: new Set() };
    for (let from = 0; from < metrics.length; from += MOST_QUERIES) {
      onProgress(from, metrics.length);
      await addSums(sums, metrics.slice(from, from + MOST_QUERIES), { sdk, client, range, abort });
    }
    const pieces = toPieces(sums.byHour, range, now);
    return { pieces, notes: notesOf({ region, range, now, instances: metrics.length, pieces, sums }) };
  } catch (error) {
    throw toAwsSourceError(error, abort.aborted, SERVICE);
  } finally {
    client.destroy();
  }
}

/** The metric also comes summed up by image, type and group: only the instances count, each once. */
async function listInstances(sdk: Sdk, client: CloudWatchClient, abortSignal: AbortSignal): Promise<readonly Metric[]> {
  const found: Metric[] = [];
  let left = MOST_PAGES;
  const wanted = { Namespace: 'AWS/EC2', MetricName: 'NetworkOut', Dimensions: [{ Name: 'InstanceId' }] };
  for await (const page of sdk.paginateListMetrics({ client }, wanted, { abortSignal })) {
    for (const metric of page.Metrics ?? []) if (metric.Dimensions?.length === 1) found.push(metric);
    left -= 1;
    if (left === 0) throw new SourceError('malformed', `CloudWatch lists more than ${MOST_PAGES} pages of instances`);
  }
  return found;
}

interface Asking {
  readonly sdk: Sdk;
  readonly client: CloudWatchClient;
  readonly range: TimeRange;
  readonly abort: AbortSignal;
}

async function addSums(sums: HourlySums, metrics: readonly Metric[], { sdk, client, range, abort }: Asking) {
  const input = {
    StartTime: new Date(Math.floor(range.startMs / HOUR_MS) * HOUR_MS),
    EndTime: new Date(Math.ceil(range.endMs / HOUR_MS) * HOUR_MS),
    ScanBy: 'TimestampAscending' as const,
    MetricDataQueries: metrics.map((Metric, index) => ({
      Id: `i${index}`,
      MetricStat: { Metric, Period: HOUR_MS / 1_000, Stat: 'Sum' },
    })),
  };
  let left = MOST_PAGES;
  const pages = sdk.paginateGetMetricData({ client }, input, { abortSignal: abort });
  for await (const page of pages) {
    addPage(sums, page, metrics);
    left -= 1;
    if (left === 0) throw new SourceError('malformed', `CloudWatch answers more than ${MOST_PAGES} pages of values`);
  }
}

function addPage(sums: HourlySums, page: GetMetricDataCommandOutput, metrics: readonly Metric[]): void {
  for (const result of page.MetricDataResults ?? []) {
    const instance = metrics[Number(result.Id?.slice(1))]?.Dimensions?.[0]?.Value ?? String(result.Id);
    addResult(sums.byHour, result);
    // A later page completes what an earlier one began.
    if (result.StatusCode === 'Complete' || result.StatusCode === undefined) sums.incomplete.delete(instance);
    else sums.incomplete.add(instance);
  }
}

function addResult(byHour: Map<number, number>, { Timestamps = [], Values = [] }: MetricDataResult): void {
  for (const [index, at] of Timestamps.entries()) {
    const bytes = Values[index];
    if (bytes === undefined || !Number.isFinite(bytes) || bytes < 0 || Number.isNaN(at.getTime()))
      throw new SourceError('implausible', `CloudWatch answers ${bytes} bytes`);
    byHour.set(at.getTime(), (byHour.get(at.getTime()) ?? 0) + bytes);
  }
}

/**
 * Traffic is taken to flow evenly within an hour: its part inside the range counts. The sum of the hour that still runs is
 * of what passed of it.
 */
function toPieces(byHour: ReadonlyMap<number, number>, range: TimeRange, now: number): readonly TrafficPiece[] {
  return [...byHour]
    .sort(([a], [b]) => a - b)
    .map(([at, bytes]) => {
      const startMs = Math.max(at, range.startMs);
      const endMs = Math.min(at + HOUR_MS, range.endMs);
      const share = (endMs - startMs) / Math.min(HOUR_MS, now - at);
      return { startMs, endMs, bytes: bytes * share };
    })
    .filter(({ startMs, endMs }) => endMs > startMs);
}

interface Read {
  readonly region: string;
  readonly range: TimeRange;
  readonly now: number;
  readonly instances: number;
  readonly pieces: readonly TrafficPiece[];
  readonly sums: HourlySums;
}

function notesOf({ region, range, now, instances, pieces, sums: { incomplete } }: Read): readonly string[] {
  const { startMs, endMs } = range;
  const hours = Math.ceil(endMs / HOUR_MS) - Math.floor(startMs / HOUR_MS);
  const notes = [
    `CloudWatch counts all that the EC2 instances of ${region} sent (${instances} of them), not only what moved there`,
  ];
  if (pieces.length < hours)
    notes.push(`CloudWatch has no value for ${hours - pieces.length} of ${hours} hours; they are not counted`);
  const [first, ...others] = incomplete;
  if (first !== undefined) notes.push(`CloudWatch answers only a part for ${first}${andMore(others.length)}`);
  if (startMs % HOUR_MS !== 0 || endMs % HOUR_MS !== 0)
    notes.push('of hours that lie partly outside the range a proportional part counts');
  if (Math.ceil(endMs / HOUR_MS) * HOUR_MS > now)
    notes.push(
      'the last hour still runs, and CloudWatch counts its last minutes only later: ask again for a whole sum',
    );
  if (now - startMs > LISTED_MS)
    notes.push('CloudWatch lists only instances that sent something in the last two weeks; others are not counted');
  return notes;
}
