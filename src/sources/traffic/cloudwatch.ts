import type { CloudWatchClient, Metric, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { HOUR_MS } from '../../units/moment.ts';
import { andMore } from '../../units/tell-few.ts';
import { toAwsSourceError } from '../asking/aws-error.ts';
import { SourceError } from '../asking/source-error.ts';
import type { MeasuredTraffic, TimeRange, TrafficPiece } from './measured-traffic.ts';

interface CloudWatchOptions {
  readonly region: string;
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
  // Loaded here, so that only those pay for the SDK's start who ask it.
  const sdk = await import('@aws-sdk/client-cloudwatch');
  const client = new sdk.CloudWatchClient({
    region: isAwsRegion(region) ? region : ANY_AWS_REGION,
    maxAttempts: ATTEMPTS,
    ...(endpoint !== undefined && { endpoint }),
  });
  try {
    const metrics = await listInstances(sdk, client, abort);
    const byHour = new Map<number, number>();
    const incomplete = new Set<string>();
    for (let from = 0; from < metrics.length; from += MOST_QUERIES) {
      onProgress(from, metrics.length);
      const part = metrics.slice(from, from + MOST_QUERIES);
      for await (const { MetricDataResults = [] } of pagesOf(sdk, client, part, range, abort))
        for (const result of MetricDataResults) addResult(result, part, byHour, incomplete);
    }
    const pieces = toPieces(byHour, range, now);
    const all = `CloudWatch counts all that the EC2 instances of ${region} sent (${metrics.length} of them), not only what moved there`;
    return { pieces, notes: [all, ...notesOf(range, now, pieces, incomplete)] };
  } catch (error) {
    throw toAwsSourceError(error, abort.aborted, SERVICE);
  } finally {
    client.destroy();
  }
}

/** The metric also comes summed up by image, type and group: only the instances count, each once. */
async function listInstances(sdk: Sdk, client: CloudWatchClient, abortSignal: AbortSignal): Promise<readonly Metric[]> {
  const found: Metric[] = [];
  const wanted = { Namespace: 'AWS/EC2', MetricName: 'NetworkOut', Dimensions: [{ Name: 'InstanceId' }] };
  const pages = sdk.paginateListMetrics({ client }, wanted, { abortSignal });
  for await (const { Metrics = [] } of atMostPages(pages, 'lists', 'instances'))
    found.push(...Metrics.filter(({ Dimensions }) => Dimensions?.length === 1));
  return found;
}

function pagesOf(
  sdk: Sdk,
  client: CloudWatchClient,
  metrics: readonly Metric[],
  range: TimeRange,
  abortSignal: AbortSignal,
) {
  const input = {
    StartTime: new Date(Math.floor(range.startMs / HOUR_MS) * HOUR_MS),
    EndTime: new Date(Math.ceil(range.endMs / HOUR_MS) * HOUR_MS),
    ScanBy: 'TimestampAscending' as const,
    MetricDataQueries: metrics.map((Metric, index) => ({
      Id: `i${index}`,
      MetricStat: { Metric, Period: HOUR_MS / 1_000, Stat: 'Sum' },
    })),
  };
  return atMostPages(sdk.paginateGetMetricData({ client }, input, { abortSignal }), 'answers', 'values');
}

async function* atMostPages<T>(pages: AsyncIterable<T>, verb: string, what: string): AsyncGenerator<T> {
  let left = MOST_PAGES;
  for await (const page of pages) {
    yield page;
    left -= 1;
    if (left === 0) throw new SourceError('malformed', `CloudWatch ${verb} more than ${MOST_PAGES} pages of ${what}`);
  }
}

function addResult(
  { Id, StatusCode, Timestamps = [], Values = [] }: MetricDataResult,
  metrics: readonly Metric[],
  byHour: Map<number, number>,
  incomplete: Set<string>,
): void {
  for (const [index, at] of Timestamps.entries()) {
    const bytes = Values[index];
    if (bytes === undefined || !Number.isFinite(bytes) || bytes < 0 || Number.isNaN(at.getTime()))
      throw new SourceError('implausible', `CloudWatch answers ${bytes} bytes`);
    byHour.set(at.getTime(), (byHour.get(at.getTime()) ?? 0) + bytes);
  }
  const instance = metrics[Number(Id?.slice(1))]?.Dimensions?.[0]?.Value ?? String(Id);
  // A later page completes what an earlier one began.
  if (StatusCode === 'Complete' || StatusCode === undefined) incomplete.delete(instance);
  else incomplete.add(instance);
}

/**
 * Cuts hours to the range: traffic is taken to flow evenly within an hour. The sum of the hour that still runs is of the part
 * of it that has passed.
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

function notesOf(
  { startMs, endMs }: TimeRange,
  now: number,
  pieces: readonly TrafficPiece[],
  incomplete: ReadonlySet<string>,
): readonly string[] {
  const hours = Math.ceil(endMs / HOUR_MS) - Math.floor(startMs / HOUR_MS);
  const [first, ...others] = incomplete;
  const notes: readonly [boolean, string][] = [
    [
      pieces.length < hours,
      `CloudWatch has no value for ${hours - pieces.length} of ${hours} hours; they are not counted`,
    ],
    [incomplete.size > 0, `CloudWatch answers only a part for ${first}${andMore(others.length)}`],
    [
      startMs % HOUR_MS !== 0 || endMs % HOUR_MS !== 0,
      'of hours that lie partly outside the range a proportional part counts',
    ],
    [
      Math.ceil(endMs / HOUR_MS) * HOUR_MS > now,
      'the last hour still runs, and CloudWatch counts its last minutes only later: ask again for a whole sum',
    ],
    [
      now - startMs > LISTED_MS,
      'CloudWatch lists only instances that sent something in the last two weeks; others are not counted',
    ],
  ];
  return notes.flatMap(([holds, text]) => (holds ? [text] : []));
}
