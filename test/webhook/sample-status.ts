import type { WaitingWork } from '../../src/decision/waiting-work.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import type { StatusDeps } from '../../src/webhook/page/status.ts';
import type { RecentDecision } from '../../src/webhook/recorder.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';
import hourly from '../fixtures/hourly-intensity.json' with { type: 'json' };

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A replica on an ordinary morning: measured, stale, estimated and unknown regions, an outage, and a source in trouble. */
export function makeSampleStatus(parts: Partial<StatusDeps> = {}): StatusDeps {
  const snapshot = makeSnapshot(makeSampleRegions(), { takenAt: NOW - 42_000 });
  return {
    unready: () => [],
    snapshot: () => snapshot,
    recent: () => SAMPLE_DECISIONS,
    clock: () => NOW,
    roles: ['webhook', 'controllers'],
    leader: () => true,
    certificateEnd: () => NOW + 61 * 24 * HOUR_MS,
    sources: () => [
      { name: 'electricity-maps', lastOkAt: NOW - 3 * MINUTE_MS, outcomes: { ok: 412, timeout: 3, rate_limited: 1 } },
      { name: 'uk-carbon-intensity', lastOkAt: NOW - 2 * MINUTE_MS, outcomes: { ok: 96 } },
      {
        name: 'prometheus',
        lastOkAt: NOW - 95 * MINUTE_MS,
        outcomes: { ok: 211, http_500: 19 },
        problem: 'answers 500 since 07:25',
      },
    ],
    waiting: () => SAMPLE_WAITING,
    watches: () => ({ regions: 42, namespaces: 7, nodes: 3, priorityclasses: 71 }),
    ...parts,
  };
}

function makeSampleRegions(): RegionView[] {
  const measured = (name: string, grams: number, parts: Parameters<typeof makeRegion>[2] = {}) =>
    makeRegion(name, grams, {
      ...parts,
      reading: { source: 'electricity-maps', measuredAt: NOW - 24 * MINUTE_MS, ...parts.reading },
    });
  const yearly = { source: 'embedded', freshness: 'embedded' } as const;
  return [
    measured('eu-north-1', 23, { forecast: makeForecast('bpat-2022-09', 0, 23) }),
    measured('ca-central-1', 31, { forecast: makeForecast('bpat-2022-09', 5, 31) }),
    measured('eu-west-3', 48, { forecast: makeForecast('bpat-2022-09', 20, 48, 14) }),
    measured('sa-east-1', 92, { reading: { estimated: true }, forecast: makeForecast('erco-2022-03', 14, 92) }),
    measured('us-west-2', 121, { forecast: makeForecast('bpat-2022-09', 14, 121) }),
    measured('eu-west-2', 187, {
      reading: { source: 'uk-carbon-intensity' },
      forecast: makeForecast('erco-2022-03', 5, 187),
    }),
    measured('us-west-1', 236, { forecast: withRange(makeForecast('ciso-2022-01', 20, 236)) }),
    measured('eu-central-1', 338, { forecast: makeForecast('ciso-2022-01', 0, 338, 10) }),
    measured('us-east-1', 379, { forecast: withRange(makeForecast('pjm-2022-10', 20, 379)) }),
    measured('eu-south-2', 164, { outage: 'AZ power loss' }),
    measured('ap-northeast-1', 463, { reading: { freshness: 'stale', measuredAt: NOW - 4 * HOUR_MS } }),
    makeRegion('ap-southeast-2', 541, { reading: yearly }),
    makeRegion('ap-south-1', 679, { reading: yearly }),
    measured('us-east-2', 402, { reading: { source: 'watttime', signal: 'marginal' } }),
    makeRegion('edge-lab', undefined),
  ];
}

type Series = keyof typeof hourly;

/** A day of a real series, scaled to begin with `grams`; from `standInAfter` hours on, yesterday stands in. */
export function makeForecast(
  series: Series,
  day: number,
  grams: number,
  standInAfter = 99,
): NonNullable<RegionView['forecast']> {
  const values = hourly[series].slice(day * 24, day * 24 + 25).map((value) => value ?? grams);
  const factor = grams / (values[0] ?? grams);
  return values.map((value, hour) => ({
    from: NOW + hour * HOUR_MS,
    gramsPerKwh: Math.round(value * factor),
    ...(hour > standInAfter && { standIn: true }),
  }));
}

/** The longer ahead, the wider. */
export function withRange(forecast: NonNullable<RegionView['forecast']>): NonNullable<RegionView['forecast']> {
  return forecast.map((point, hour) => {
    const width = 0.02 + 0.012 * Math.min(hour, 14);
    const { gramsPerKwh } = point;
    return { ...point, low: Math.round(gramsPerKwh * (1 - width)), high: Math.round(gramsPerKwh * (1 + width)) };
  });
}

export function makeDecision(
  secondsAgo: number,
  namespace: string,
  { endpoint = '/mutate', ...outcome }: Partial<RecentDecision['outcome']> & { readonly endpoint?: string },
): RecentDecision {
  const plain = { mode: 'enforce', decision: 'steer', reason: 'steered', owner: 'ReplicaSet/web-5f7c' } as const;
  return { at: NOW - secondsAgo * 1000, endpoint, namespace, outcome: { ...plain, ...outcome } };
}

function makeWaiting(
  owner: string,
  startsIn: number,
  lengthHours: number,
  parts: Partial<WaitingWork> = {},
): WaitingWork {
  const [kind = '', name = ''] = owner.split('/');
  return {
    namespace: 'lab',
    owner: { kind, name },
    pods: 1,
    since: NOW - 3 * HOUR_MS,
    notBefore: NOW + startsIn * HOUR_MS,
    latestStart: NOW + (startsIn + 2) * HOUR_MS,
    lengthMs: lengthHours * HOUR_MS,
    region: 'us-west-1',
    ...parts,
  };
}

export const SAMPLE_WAITING: readonly WaitingWork[] = [
  makeWaiting('Job/embed-2026-11', 16, 6, { pods: 8, namespace: 'search', now: 331, planned: 138 }),
  makeWaiting('Job/train-resnet', 17, 4, { pods: 16, now: 336, planned: 121 }),
  makeWaiting('Pod/etl-once', 18, 2, { region: 'us-east-1', now: 372, planned: 331.5 }),
  makeWaiting('CronJob/nightly-report', 19, 1, { namespace: 'reports', now: 291, planned: 114 }),
  makeWaiting('Workflow/build-images', 20, 1, {
    pods: 3,
    namespace: 'ci',
    region: 'us-east-1',
    now: 382,
    planned: 324,
  }),
];

const SAMPLE_DECISIONS: readonly RecentDecision[] = [
  makeDecision(2, 'shop', { region: 'eu-north-1', owner: 'ReplicaSet/checkout-6d9f' }),
  makeDecision(5, 'payments', {
    decision: 'deny',
    reason: 'high_carbon',
    region: 'us-east-1',
    owner: 'Pod/report-once',
    message:
      "gridgate refuses pod report-once: us-east-1 is at 379 gCO2e/kWh (electricity-maps, 24 min old), above the limit of 250 set by the namespace's gridgate.dev/max-intensity; cleanest allowed now: eu-north-1 at 23 gCO2e/kWh (electricity-maps, 24 min old) [high_carbon]",
  }),
  makeDecision(9, 'reports', { mode: 'warn', region: 'ca-central-1', owner: 'Job/monthly-29384' }),
  makeDecision(31, 'lab', {
    mode: 'audit',
    decision: 'deny',
    reason: 'outage',
    region: 'eu-south-2',
    owner: 'Pod/gpu-0',
    message:
      'gridgate refuses pod gpu-0: eu-south-2 is in outage (AZ power loss); cleanest allowed now: eu-north-1 at 23 gCO2e/kWh (electricity-maps, 24 min old) [outage]',
  }),
  makeDecision(58, 'shop', { region: 'eu-north-1', owner: 'ReplicaSet/search-77b4' }),
  makeDecision(64, 'monitoring', { decision: 'allow', reason: 'daemonset_pod', owner: 'DaemonSet/node-agent' }),
  makeDecision(170, 'shop', { reason: 'all_dirty', region: 'us-west-2', owner: 'StatefulSet/orders' }),
];
