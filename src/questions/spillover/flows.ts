import { StatusError } from '../../sources/asking/get-json.ts';
import { SourceError } from '../../sources/asking/source-error.ts';
import { readCloudWatch } from '../../sources/traffic/cloudwatch.ts';
import type { MeasuredTraffic, TimeRange } from '../../sources/traffic/measured-traffic.ts';
import { readPrometheusTraffic } from '../../sources/traffic/prometheus-traffic.ts';
import { EXIT, type Issues } from '../../terminal/exit-codes.ts';
import { createProgress, progressBar } from '../../terminal/progress.ts';
import { onOneLine } from '../../units/legible.ts';
import type { Flow } from './flow.ts';
import { readFlows } from './flow-file.ts';
import type { SpilloverValues } from './options.ts';
import type { BytesSource } from './report.ts';

export interface SpilloverFlows {
  readonly flows: readonly Flow[];
  readonly bytesFrom: BytesSource;
  /** What the flows lack or hold besides, a sentence each. */
  readonly notes: readonly string[];
}

/** With the flows that are in order, whose regions may be mistakes too. */
type UnusableFlows = Issues & { readonly flows: readonly Flow[] };

/** Whoever waits at a terminal does not wait longer; CloudWatch may need many pages. */
const CLOUDWATCH_MS = 120_000;
const PROMETHEUS_MS = 30_000;

/** The flows that the options or their file tell, without asking anybody; `undefined` where they have to be measured. */
export async function givenFlows(
  values: Partial<SpilloverValues>,
  now: number,
): Promise<SpilloverFlows | UnusableFlows | undefined> {
  const { region, to, start, end, bytes, fromFile } = values;
  if (fromFile !== undefined) return flowsOfFile(fromFile, values, now);
  if (bytes === undefined || region === undefined || to === undefined) return undefined;
  const flow = { from: region, to, bytes, startMs: start, endMs: end };
  return { flows: [flow], bytesFrom: { kind: 'bytes', name: null, query: null }, notes: [] };
}

/** Of a file, `--region` and `--to` fill in what a row does not say and leave out rows that say otherwise; so do times. */
async function flowsOfFile(
  path: string,
  { region, to, start, end }: Partial<SpilloverValues>,
  now: number,
): Promise<SpilloverFlows | UnusableFlows> {
  const { flows, issues } = await readFlows(path, { from: region, to, now });
  if (issues.length > 0) return { issues, flows };
  const kept = flows.filter(
    (flow) =>
      (region === undefined || flow.from === region) &&
      (to === undefined || flow.to === to) &&
      isWithin(flow, start, end),
  );
  if (kept.length === 0)
    return { issues: [`${path}: none of its ${flows.length} flows fits --region, --to, --start and --end`], flows };
  const timeless = kept.filter(({ startMs }) => startMs === undefined).length;
  const isBounded = start !== undefined || end !== undefined;
  return {
    flows: kept,
    bytesFrom: { kind: 'file', name: path, query: null },
    notes: [
      ...(kept.length < flows.length
        ? [
            `${path}: ${flows.length - kept.length} of ${flows.length} flows are left out by --region, --to, --start or --end`,
          ]
        : []),
      ...(isBounded && timeless > 0 ? [`${path}: flows without a start are counted; there are ${timeless}`] : []),
    ],
  };
}

/** A flow counts where it starts; one that does not say is not left out for it. */
function isWithin({ startMs }: Flow, start = Number.NEGATIVE_INFINITY, end = Number.POSITIVE_INFINITY): boolean {
  return startMs === undefined || (startMs >= start && startMs < end);
}

/** Asks CloudWatch or Prometheus; exit code 3 where they do not answer, 2 where Prometheus refuses the query. */
export async function measuredFlows(values: SpilloverValues, now: number): Promise<SpilloverFlows | Issues> {
  const { region: from, to, start, end } = values;
  if (from === undefined || to === undefined || start === undefined || end === undefined)
    throw new Error('measured traffic without region, to, start and end');
  try {
    const { bytesFrom, ...measured } = await measure(values, to, { startMs: start, endMs: end }, now);
    if (measured.pieces.length === 0) return notAnswered(values, 'it has no value in this range');
    return { flows: measured.pieces.map((piece) => ({ from, to, ...piece })), bytesFrom, notes: measured.notes };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const isRefused = error instanceof StatusError && (error.status === 400 || error.status === 422);
    if (isRefused) return { issues: [onOneLine(`--prometheus-query: Prometheus refuses it: ${error.message}`)] };
    return notAnswered(values, `${error.message}${remedyFor(error, values)}`);
  }
}

async function measure(
  { cloudwatch, endpoint, prometheusUrl = '', prometheusQuery }: SpilloverValues,
  to: string,
  range: TimeRange,
  now: number,
): Promise<MeasuredTraffic & { readonly bytesFrom: BytesSource }> {
  if (!cloudwatch) {
    const deps = { fetch: globalThis.fetch, clock: Date.now };
    const abort = AbortSignal.timeout(PROMETHEUS_MS);
    const { query, ...measured } = await readPrometheusTraffic(
      { baseUrl: prometheusUrl, query: prometheusQuery },
      range,
      deps,
      abort,
    );
    return { ...measured, bytesFrom: { kind: 'prometheus', name: prometheusUrl, query } };
  }
  const progress = createProgress();
  const onProgress = (done: number, whole: number) => progress.show(progressBar(done, whole, 'instances'));
  const abort = AbortSignal.timeout(CLOUDWATCH_MS);
  const asked = readCloudWatch({ region: to, endpoint, onProgress }, range, { abort, now });
  const measured = await asked.finally(progress.end);
  return { ...measured, bytesFrom: { kind: 'cloudwatch', name: endpoint ?? to, query: null } };
}

function notAnswered({ cloudwatch, to, endpoint, prometheusUrl }: SpilloverValues, why: string): Issues {
  const who = cloudwatch ? `CloudWatch (${endpoint ?? to})` : `Prometheus (${prometheusUrl})`;
  return { issues: [onOneLine(`cannot read bytes from ${who}: ${why}`)], exitCode: EXIT.upstream };
}

function remedyFor({ failure }: SourceError, { cloudwatch }: SpilloverValues): string {
  if (failure === 'unauthorized' && cloudwatch)
    return '; set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of an account that may';
  if (failure === 'rate_limited') return '; try again in a minute';
  if (failure === 'not_covered') return '; look at --prometheus-query and the times';
  return '; --bytes and --from-file work without it';
}
