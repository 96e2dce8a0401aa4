import { BASES, worstBasis } from '../../energy/basis.ts';
import type { Reading } from '../../regions/reading.ts';
import { compareText } from '../../units/compare-text.ts';
import { baselineOf } from './baseline.ts';
import { compareFleets } from './compare-fleets.ts';
import { POLICY_ORIGINS, type ToldPolicy } from './cpu-manager-policy.ts';
import { carbonOf } from './fleet-carbon.ts';
import { type FleetNode, isVersion, minorVersionOf } from './fleet-node.ts';
import { factorOf, type PowerSources, powerOfNode } from './node-power.ts';
import type { ArchitectureTotals, AssessedNode, InstanceTypeTotals, PreflightReport } from './preflight-report.ts';
import { increasePercent, rounded, sumOf, wattsOf } from './sums.ts';

export interface PreflightInput {
  /** All nodes of the fleet, of whatever version. */
  readonly nodes: readonly FleetNode[];
  readonly targetVersion: string;
  /** The policy of a node, and who said so. */
  readonly policyOf: (node: FleetNode) => ToldPolicy;
  readonly power: PowerSources;
  /** What to compare with; the nodes under other policies where it is not given. */
  readonly baselineWatts?: number | undefined;
  readonly maxIncreasePercent: number;
  /** By region; none for regions that nobody knows. */
  readonly intensities: ReadonlyMap<string, Reading>;
  readonly staging?: readonly FleetNode[] | undefined;
  readonly now: number;
}

/** Percentage points that sums of binary fractions may be off: exactly 15% more is not more than 15%. */
const TOLERANCE = 1e-6;

/** What the nodes of the target version draw when idle, against the baseline. */
export function assess(input: PreflightInput): PreflightReport {
  const { nodes, targetVersion, power, maxIncreasePercent, staging } = input;
  const counted = nodes.filter(({ version }) => isVersion(version, targetVersion));
  const assessed = counted.map((node) => assessNode(node, input));
  /** A policy that is assumed is told by nobody. */
  const policyOf = (node: FleetNode) => {
    const { policy, origin } = input.policyOf(node);
    return origin === 'assumed' ? undefined : policy;
  };
  const baseline = baselineOf(assessed, input.baselineWatts, staging ?? [], policyOf);
  const increase = increasePercent(sumOf(assessed, 'watts'), baseline.watts);
  const isSpike = increase - maxIncreasePercent > TOLERANCE;
  return {
    version: 'v1',
    takenAt: new Date(input.now).toISOString(),
    verdict: isSpike ? 'IDLE POWER SPIKE' : 'SAFE TO UPGRADE',
    targetVersion,
    total: {
      nodes: assessed.length,
      ...wattsOf(assessed),
      baselineWatts: rounded(baseline.watts),
      baselineFrom: baseline.from,
      increasePercent: rounded(increase, 6),
      maxIncreasePercent,
    },
    skipped: countVersions(nodes.filter(({ version }) => !isVersion(version, targetVersion))),
    architectures: byArchitecture(assessed, power.factors),
    instanceTypes: byInstanceType(assessed),
    policies: countWords(['none', 'static'], assessed, ({ policy }) => policy),
    policiesFrom: countWords(POLICY_ORIGINS, assessed, ({ policyFrom }) => policyFrom),
    bases: countWords(BASES, assessed, ({ basis }) => basis),
    carbon: carbonOf(assessed, input.intensities, power.table.model),
    staging: staging
      ? {
          nodes: staging.length,
          lacks: compareFleets(nodes, staging, { targetVersion, policyOf }),
          counterparts: baseline.counterparts,
        }
      : null,
    nodes: assessed.map((node) => ({ ...node, ...wattsOf([node]) })),
  };
}

function assessNode(node: FleetNode, { policyOf, power }: PreflightInput): AssessedNode {
  const { policy, origin } = policyOf(node);
  return {
    name: node.name,
    version: node.version ?? '',
    arch: node.arch ?? null,
    instanceType: node.instanceType ?? null,
    region: node.region ?? null,
    policy,
    policyFrom: origin,
    ...powerOfNode(node, policy, power),
  };
}

/** Nodes by minor version, the most first. */
export function countVersions(nodes: readonly FleetNode[]): PreflightReport['skipped'] {
  return [...Map.groupBy(nodes, ({ version }) => minorVersionOf(version) ?? version ?? null)]
    .map(([version, own]) => ({ version, nodes: own.length }))
    .sort((a, b) => b.nodes - a.nodes || compareText(a.version ?? '', b.version ?? ''));
}

function byArchitecture(
  nodes: readonly AssessedNode[],
  factors: ReadonlyMap<string, number>,
): readonly ArchitectureTotals[] {
  const groups = [...Map.groupBy(nodes, ({ arch }) => arch)].map(([arch, own]) => ({
    arch,
    nodes: own.length,
    staticNodes: own.filter(({ policy }) => policy === 'static').length,
    factor: factorOf(arch ?? undefined, factors),
    ...wattsOf(own),
    increasePercent: rounded(increasePercent(sumOf(own, 'watts'), sumOf(own, 'wattsUnderNone'))),
  }));
  return groups.sort((a, b) => b.nodes - a.nodes || compareText(a.arch ?? '', b.arch ?? ''));
}

function byInstanceType(nodes: readonly AssessedNode[]): readonly InstanceTypeTotals[] {
  const groups = Map.groupBy(nodes, ({ instanceType, arch }) => JSON.stringify([instanceType, arch]));
  const totals = [...groups.values()].map((own) => {
    const [{ instanceType, arch }] = own as [AssessedNode];
    const basis = worstBasis(own.map((node) => node.basis));
    const how = [...new Set(own.map((node) => node.how))];
    return { instanceType, arch, nodes: own.length, ...wattsOf(own), basis, how };
  });
  return totals.sort((a, b) => b.watts - a.watts || compareText(a.instanceType ?? '', b.instanceType ?? ''));
}

function countWords<W extends string, T>(
  words: readonly W[],
  all: readonly T[],
  wordOf: (one: T) => W,
): Readonly<Record<W, number>> {
  const counts = Object.fromEntries(words.map((word) => [word, 0])) as Record<W, number>;
  for (const one of all) counts[wordOf(one)] += 1;
  return counts;
}
