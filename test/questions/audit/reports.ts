import type {
  AuditedWorkload,
  AuditReport,
  Balance,
  CarbonTotals,
} from '../../../src/questions/audit/audited-workload.ts';
import { balanceOf } from '../../../src/questions/audit/balance.ts';

type WorkloadParts = Partial<Omit<AuditedWorkload, 'gramsPerHour'>> & {
  readonly grams?: Partial<AuditedWorkload['gramsPerHour']>;
};

/** An audited workload that is steered, with these parts. */
export function makeAudited({ grams, ...parts }: WorkloadParts = {}): AuditedWorkload {
  return {
    namespace: 'shop',
    kind: 'Deployment',
    name: 'web',
    place: { file: 'shop.yaml', document: 1, line: 1 },
    mode: 'enforce',
    pods: 3,
    decision: 'steer',
    reason: 'steered',
    denied: false,
    message: 'the pod is led to the best of the acceptable regions',
    asks: [],
    reachesOutside: [],
    unknownRegions: [],
    wrongAnnotations: [],
    judgedBy: 'kind',
    regions: ['eu-north-1', 'eu-west-3'],
    isRanked: true,
    region: 'eu-north-1',
    prefers: true,
    runsIn: null,
    misplaced: null,
    misplacedIn: null,
    waits: null,
    requests: { vcpu: 0.5, memoryGb: 1, basis: 'looked-up' },
    gramsPerHour: { asWritten: 12, atHome: 20, placed: 1.5, ...grams },
    embodied: { gramsPerHour: 0.5, basis: 'looked-up' },
    alternative: null,
    ...parts,
  };
}

/** One that is denied for its carbon, with these parts. */
export function makeDenied(parts: WorkloadParts = {}): AuditedWorkload {
  return makeAudited({
    name: 'pinned',
    decision: 'deny',
    reason: 'high_carbon',
    denied: true,
    message:
      'gridgate refuses pod pinned-*: us-east-1 is at 379.1 gCO2e/kWh (static), above the limit of 300 set by the default; cleanest allowed now: eu-north-1 at 23 gCO2e/kWh (static) [high_carbon]',
    regions: [],
    region: null,
    alternative: { region: 'eu-north-1', gramsPerHour: 1.5 },
    ...parts,
    grams: { placed: null, ...parts.grams },
  });
}

/** A report of these workloads whose totals are those of the workloads. */
export function makeReport(workloads: readonly AuditedWorkload[], parts: Partial<AuditReport> = {}): AuditReport {
  const byNamespace = Map.groupBy(workloads, ({ namespace }) => namespace);
  return {
    version: 'v1',
    takenAt: '2026-11-22T09:00:00.000Z',
    policySignal: 'average-lifecycle',
    source: 'files',
    modeCap: null,
    autoscaling: null,
    preferences: { workloads: 0, means: null },
    totals: totalsOf(workloads),
    namespaces: [...byNamespace].map(([namespace, some]) => ({
      namespace,
      mode: some[0]?.mode ?? 'off',
      ...totalsOf(some),
    })),
    regions: [
      makeRegionRow('eu-north-1', 23, { asWritten: 4, placed: 9.5 }),
      makeRegionRow('eu-west-3', 48, { asWritten: 8, placed: 0 }),
      makeRegionRow('edge-lab', null, { asWritten: 0, placed: 0 }),
    ],
    workloads,
    wrongNamespaces: [],
    passedOver: {},
    notJudged: {},
    noObjects: {},
    broken: [],
    ...parts,
  };
}

type RegionRow = AuditReport['regions'][number];

/** A region in which nothing is denied. */
export function makeRegionRow(
  region: string,
  gramsPerKwh: number | null,
  gramsPerHour: RegionRow['gramsPerHour'],
): RegionRow {
  return { region, gramsPerKwh, gramsPerHour, balance: { now: gramsPerHour.asWritten, left: gramsPerHour.placed } };
}

function totalsOf(workloads: readonly AuditedWorkload[]): CarbonTotals {
  const withFigures = workloads.filter(
    ({ gramsPerHour: { asWritten, placed } }) => asWritten !== null && placed !== null,
  );
  const sum = (some: readonly AuditedWorkload[], number: (one: AuditedWorkload) => number | null) =>
    some.reduce((all, one) => all + (number(one) ?? 0), 0);
  return {
    workloads: workloads.length,
    pods: sum(workloads, ({ pods }) => pods),
    denied: sum(workloads, ({ denied }) => Number(denied)),
    wouldBeDenied: sum(workloads, ({ decision, denied }) => Number(decision === 'deny' && !denied)),
    misplaced: sum(workloads, ({ misplaced }) => misplaced),
    wouldWait: sum(workloads, ({ waits }) => Number(waits !== null)),
    daemonSetsOutside: sum(workloads, ({ reason }) => Number(reason === 'daemonset_outside')),
    wrongAnnotation: sum(workloads, ({ wrongAnnotations }) => Number(wrongAnnotations.length > 0)),
    unknownRegion: sum(workloads, ({ unknownRegions }) => Number(unknownRegions.length > 0)),
    gramsPerHour: {
      asWritten: sum(withFigures, ({ gramsPerHour }) => gramsPerHour.asWritten),
      atHome: sum(withFigures, ({ gramsPerHour }) => gramsPerHour.atHome),
      placed: sum(withFigures, ({ gramsPerHour }) => gramsPerHour.placed),
    },
    embodied: {
      gramsPerHour: sum(withFigures, ({ embodied }) => embodied.gramsPerHour),
      estimated: sum(workloads, ({ embodied }) => Number(embodied.basis === 'estimated')),
    },
    withoutFigure: workloads.length - withFigures.length,
    estimated: sum(workloads, ({ requests }) => Number(requests.basis === 'estimated')),
    balance: balanceOfAll(workloads),
  };
}

function balanceOfAll(workloads: readonly AuditedWorkload[]): Balance {
  const known = workloads.filter(({ gramsPerHour }) => gramsPerHour.asWritten !== null);
  const balances = known.flatMap((workload) => balanceOf(workload) ?? []);
  const sum = (key: keyof (typeof balances)[number]) => balances.reduce((all, one) => all + one[key], 0);
  return {
    now: sum('now'),
    atHome: known.reduce((all, { gramsPerHour }) => all + (gramsPerHour.atHome ?? gramsPerHour.asWritten ?? 0), 0),
    placingSaves: sum('placingSaves'),
    denialStops: sum('denialStops'),
    denialWouldStop: sum('denialWouldStop'),
    left: sum('left'),
    embodied: known.reduce((all, { embodied }) => all + embodied.gramsPerHour, 0),
    withoutFigure: workloads.length - known.length,
  };
}

/** A report as an operator may see it: several namespaces, every verdict, things left out. */
export function makeSampleReport(parts: Partial<AuditReport> = {}): AuditReport {
  const regions = ['eu-north-1', 'ca-central-1', 'eu-west-3'];
  const place = (file: string, line: number) => ({ file, document: 1, line });
  return makeReport(
    [
      makeAudited({
        name: 'web',
        pods: 12,
        grams: { asWritten: 182.4, atHome: 253.8, placed: 15.4 },
        regions,
        place: place('charts/shop/web.yaml', 3),
      }),
      makeAudited({ name: 'checkout', pods: 6, grams: { asWritten: 91.2, atHome: 126.9, placed: 7.7 }, regions }),
      makeDenied({
        name: 'search-index',
        pods: 4,
        place: place('charts/shop/search.yaml', 41),
        grams: { asWritten: 96.1, atHome: 85.7 },
        alternative: { region: 'eu-north-1', gramsPerHour: 5.8 },
      }),
      makeAudited({
        kind: 'StatefulSet',
        name: 'postgres',
        decision: 'allow',
        reason: 'all_dirty',
        regions: ['eu-central-1'],
        region: 'eu-central-1',
        grams: { asWritten: 48.2, atHome: 48.2, placed: 48.2 },
        alternative: { region: 'eu-north-1', gramsPerHour: 3.3 },
      }),
      makeAudited({
        kind: 'CronJob',
        name: 'nightly-report',
        pods: 1,
        grams: { asWritten: 3.1, atHome: 4.3, placed: 0.26 },
        regions,
        requests: { vcpu: 0.25, memoryGb: 0.5, basis: 'estimated' },
      }),
      makeDenied({
        namespace: 'payments',
        mode: 'warn',
        denied: false,
        name: 'ledger',
        pods: 2,
        reason: 'not_allowed',
        message:
          "gridgate refuses pod ledger-*: us-east-1 is not among the regions eu-* that the namespace's gridgate.dev/regions allows; cleanest allowed now: eu-north-1 at 23 gCO2e/kWh (static) [not_allowed]",
        grams: { asWritten: 32, atHome: 28.6 },
      }),
      makeAudited({
        namespace: 'payments',
        mode: 'warn',
        name: 'gateway',
        regions: ['eu-north-1'],
        grams: { asWritten: 45.6, atHome: 63.5, placed: 3.8 },
      }),
      makeAudited({
        namespace: 'ml',
        mode: 'audit',
        kind: 'Job',
        name: 'train-embeddings',
        pods: 8,
        regions,
        grams: { asWritten: 1460, atHome: 2030, placed: 123 },
      }),
      makeAudited({
        namespace: 'kube-system',
        mode: 'off',
        kind: 'DaemonSet',
        name: 'node-exporter',
        decision: 'allow',
        reason: 'daemonset_pod',
        message: 'a DaemonSet pod belongs to one node',
        regions: [],
        region: null,
        grams: { asWritten: null, atHome: null, placed: null },
      }),
    ],
    {
      regions: [
        makeRegionRow('us-east-1', 379.1, { asWritten: 702.4, placed: 0 }),
        makeRegionRow('eu-central-1', 338.2, { asWritten: 601.3, placed: 48.2 }),
        makeRegionRow('us-west-2', 120.5, { asWritten: 402.1, placed: 0 }),
        makeRegionRow('eu-west-3', 48, { asWritten: 160, placed: 0 }),
        makeRegionRow('eu-north-1', 23, { asWritten: 92.8, placed: 150.2 }),
      ],
      passedOver: { Service: 6, ConfigMap: 4, Ingress: 1 },
      broken: ['charts/shop/values.yaml document 2 line 17: not a Kubernetes object: kind is missing'],
      ...parts,
    },
  );
}
