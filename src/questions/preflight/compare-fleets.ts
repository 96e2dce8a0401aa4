import { compareText } from '../../units/compare-text.ts';
import { type FleetNode, isVersion, minorVersionOf } from './fleet-node.ts';
import type { StagingGap } from './preflight-report.ts';

/** What a node is worth as an example of others; `undefined` where it does not tell. */
interface Trait {
  readonly what: StagingGap['what'];
  readonly of: (node: FleetNode) => string | undefined;
  /** What staging has none of: `arm64` makes `arm64 node`. */
  readonly name: (value: string) => string;
}

/** A policy of a node, where anybody told it. */
type PolicyOf = (node: FleetNode) => string | undefined;

/**
 * What the fleet has and staging lacks, so that a trial there shows nothing of it: the ARM spike was missed because staging
 * was all x86. The most frequent gap of each trait comes first. Policies are compared only where staging's nodes tell theirs.
 */
export function compareFleets(
  fleet: readonly FleetNode[],
  staging: readonly FleetNode[],
  { targetVersion, policyOf }: { readonly targetVersion: string; readonly policyOf: PolicyOf },
): readonly StagingGap[] {
  const policy: Trait = { what: 'policy', of: policyOf, name: (value) => `node with the CPU manager policy ${value}` };
  const traits: readonly Trait[] = [
    { what: 'architecture', of: ({ arch }) => arch, name: (arch) => `${arch} node` },
    { what: 'instance type', of: ({ instanceType }) => instanceType, name: (type) => `${type} node` },
    { what: 'version', of: ({ version }) => minorVersionOf(version), name: (version) => `node of ${version}` },
    ...(staging.some(policyOf) ? [policy] : []),
  ];
  const gaps = traits.flatMap((trait) => gapsOf(trait, fleet, staging));
  const missing = new Set(gaps.filter(({ what }) => what === 'architecture').map(({ value }) => value));
  const upgraded: Trait = {
    what: 'architecture of the target version',
    of: ({ arch, version }) => (arch && !missing.has(arch) && isVersion(version, targetVersion) ? arch : undefined),
    name: (arch) => `${arch} node of ${targetVersion}`,
  };
  return [...gaps, ...gapsOf(upgraded, fleet, staging)];
}

function gapsOf({ what, of, name }: Trait, fleet: readonly FleetNode[], staging: readonly FleetNode[]): StagingGap[] {
  const seen = new Set(staging.map(of));
  const lacking = [...Map.groupBy(fleet, of)].flatMap(([value, nodes]) =>
    value === undefined || seen.has(value) ? [] : [{ value, nodes: nodes.length }],
  );
  lacking.sort((a, b) => b.nodes - a.nodes || compareText(a.value, b.value));
  return lacking.map(({ value, nodes }) => ({
    what,
    value,
    nodes,
    ofNodes: fleet.length,
    message: `staging has no ${name(value)}: it cannot show what ${nodes} of ${fleet.length} nodes will do`,
  }));
}
