import type { CpuManagerPolicy } from './cpu-manager-policy.ts';
import type { FleetNode } from './fleet-node.ts';
import type { AssessedNode } from './preflight-report.ts';
import { sumOf } from './sums.ts';

/** The policy of a node, where anybody told it. */
type PolicyOf = (node: FleetNode) => CpuManagerPolicy | undefined;

/**
 * What the idle power of these nodes is compared with. It is always a figure of this fleet's size:
 *
 * | --baseline-watts | --compare | baseline                                                                                     |
 * | ---------------- | --------- | -------------------------------------------------------------------------------------------- |
 * | given            | any       | the watts that are given                                                                     |
 * | -                | given     | the same nodes under the policies that its nodes of their type tell; under `none` the others |
 * | -                | given     | the same nodes under `none`, where its nodes tell nothing of these                            |
 * | -                | -         | the same nodes under `none`                                                                  |
 *
 * A policy that nobody told is not compared: assumed for both fleets, it would hide its own effect.
 */
export function baselineOf(
  nodes: readonly AssessedNode[],
  given: number | undefined,
  compared: readonly FleetNode[],
  policyOf: PolicyOf,
) {
  const shares = staticShares(compared, policyOf);
  const shareOf = (node: AssessedNode) => shares.get(kindOf(node));
  /** Nodes whose policy the compared fleet tells; 0 where none is compared. */
  const counterparts = nodes.filter((node) => shareOf(node) !== undefined).length;
  if (given !== undefined) return { watts: given, from: 'given' as const, counterparts };
  if (counterparts === 0) return { watts: sumOf(nodes, 'wattsUnderNone'), from: 'none' as const, counterparts };
  const watts = nodes.reduce((sum, node) => {
    const { wattsUnderNone, wattsUnderStatic } = node;
    return sum + wattsUnderNone + (shareOf(node) ?? 0) * (wattsUnderStatic - wattsUnderNone);
  }, 0);
  return { watts, from: 'compared' as const, counterparts };
}

/** Which share of the nodes that tell a policy is under `static`, by kind. */
function staticShares(nodes: readonly FleetNode[], policyOf: PolicyOf): ReadonlyMap<string, number> {
  const telling = nodes.filter((node) => node.instanceType !== undefined && policyOf(node) !== undefined);
  const shares = [...Map.groupBy(telling, kindOf)].map(([kind, own]) => {
    const isStatic = own.filter((node) => policyOf(node) === 'static');
    return [kind, isStatic.length / own.length] as const;
  });
  return new Map(shares);
}

function kindOf({ instanceType, arch }: FleetNode | AssessedNode): string {
  return JSON.stringify([instanceType ?? null, arch ?? null]);
}
