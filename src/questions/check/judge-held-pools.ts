import { shellCommand } from '../../units/shell-command.ts';
import type { ClusterFacts, HeldPool } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';
import { isLeading } from './judge-leader.ts';
import { isSwitchedOn } from './read-deployments.ts';

const MOST_TOLD = 5;
const CHECK = 'NodePools';
const OPTION = '--node-pools';

/** Whether somebody puts back what NodePools had before they followed the grid; nothing where none is held. */
export function judgeHeldPools(facts: ClusterFacts): readonly Finding[] {
  const held = valueOr(facts.heldPools, []);
  if (held.length === 0) return []; // who may not list NodePools is told that by the labels
  return about(CHECK, facts.deployments, (deployments) => {
    const isOn = isSwitchedOn(deployments, OPTION);
    const leads = isLeading(facts);
    const says = `${held.length} follow the grid, and are as it has them`;
    if (isOn && leads) return [{ check: CHECK, state: 'ok', says }];
    const why = isOn ? 'nobody leads' : `${OPTION} is off`;
    const more = held.length - MOST_TOLD;
    const told = held.slice(0, MOST_TOLD).map((pool) => orphaned(pool, why));
    return more > 0
      ? [...told, { check: CHECK, state: 'failed', says: `${more} more are as gridgate wrote them` }]
      : told;
  });
}

function orphaned({ name, field, value, patch }: HeldPool, why: string): Finding {
  const says =
    field === undefined
      ? `${name} keeps what it had in gridgate.dev/carbon-before, which nobody can read`
      : `${name} has ${field} as gridgate wrote it, and nobody puts back what its owner had (${value}): ${why}`;
  const head = patch === undefined ? undefined : shellCommand`kubectl patch nodepool ${name} --type=merge -p`;
  const todo = head === undefined ? shellCommand`kubectl edit nodepool ${name}` : `${head} '${patch}'`;
  return { check: CHECK, state: 'failed', says, todo };
}
