import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** Hourly sums of NetworkOut by the start of their hour, by instance. */
export type Instances = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface CloudWatchRequest {
  /** `ListMetrics` or `GetMetricData`. */
  readonly action: string;
  readonly authorization: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CloudWatchAnswer {
  readonly status?: number;
  readonly body: unknown;
}

interface Query {
  readonly Id: string;
  readonly MetricStat: { readonly Metric: { readonly Dimensions: readonly { readonly Value: string }[] } };
}

export interface FakeOptions {
  readonly instances?: Instances;
  /** Metrics, or values of one metric, in a page. */
  readonly pageSize?: number;
  /** Instead of what CloudWatch would say; `undefined` is no answer at all, `'usual'` the usual one. */
  readonly answer?: (request: CloudWatchRequest) => CloudWatchAnswer | 'usual' | undefined;
}

const PAGE_SIZE = 500;

/** CloudWatch on a port of its own, until the test ends: AWS JSON 1.0, as the SDK speaks it since 2025. */
export async function startCloudWatch(
  test: TestContext,
  { instances = {}, pageSize = PAGE_SIZE, answer }: FakeOptions,
) {
  const asked: CloudWatchRequest[] = [];
  const server = createServer(async (request, response) => {
    const [version, action = ''] = String(request.headers['x-amz-target']).split('.');
    assert.equal(version, 'GraniteServiceVersion20100801');
    const one = { action, authorization: request.headers.authorization ?? '', body: JSON.parse(await text(request)) };
    asked.push(one);
    const given = answer ? answer(one) : 'usual';
    if (given === undefined) return;
    const { status = 200, body } = given === 'usual' ? usual(one, instances, pageSize) : given;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** An error as AWS JSON 1.0 writes it. */
export function awsError(status: number, type: string): CloudWatchAnswer {
  return { status, body: { __type: `com.amazonaws.cloudwatch#${type}`, message: `account 123456789012: ${type}` } };
}

function usual({ action, body }: CloudWatchRequest, instances: Instances, pageSize: number): CloudWatchAnswer {
  const from = Number(body['NextToken'] ?? 0);
  if (action === 'ListMetrics') {
    const names = Object.keys(instances);
    const metrics = [...names.map((name) => metricOf('InstanceId', name)), metricOf('InstanceId', 'i-web', 'ImageId')];
    return { body: { Metrics: metrics.slice(from, from + pageSize), ...next(from + pageSize, metrics.length) } };
  }
  const { StartTime, EndTime, MetricDataQueries } = body as {
    StartTime: number;
    EndTime: number;
    MetricDataQueries: readonly Query[];
  };
  const series = MetricDataQueries.map(({ Id, MetricStat }) => ({
    Id,
    values: Object.entries(instances[MetricStat.Metric.Dimensions[0]?.Value ?? ''] ?? {})
      .map(([at, bytes]) => [Date.parse(at) / 1_000, bytes] as const)
      .filter(([at]) => at >= StartTime && at < EndTime),
  }));
  const most = Math.max(0, ...series.map(({ values }) => values.length));
  const results = series.map(({ Id, values }) => ({
    Id,
    Timestamps: values.slice(from, from + pageSize).map(([at]) => at),
    Values: values.slice(from, from + pageSize).map(([, bytes]) => bytes),
    StatusCode: values.length > from + pageSize ? 'PartialData' : 'Complete',
  }));
  return { body: { MetricDataResults: results, ...next(from + pageSize, most) } };
}

function metricOf(name: string, value: string, ...others: readonly string[]) {
  const Dimensions = [{ Name: name, Value: value }, ...others.map((other) => ({ Name: other, Value: 'x' }))];
  return { Namespace: 'AWS/EC2', MetricName: 'NetworkOut', Dimensions };
}

function next(to: number, whole: number) {
  return to < whole ? { NextToken: String(to) } : {};
}
