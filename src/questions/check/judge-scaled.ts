import { shellCommand } from '../../units/shell-command.ts';
import type { ClusterFacts, HeldScale } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';
import { isLeading } from './judge-leader.ts';
import { isSwitchedOn } from './read-deployments.ts';

const MOST_TOLD = 5;
const CHECK = 'scaling';

/** Whether somebody puts back the numbers that owners of workloads had before gridgate scaled them; nothing where none is kept. */
export function judgeScaled(facts: ClusterFacts): readonly Finding[] {
  const held = valueOr(facts.heldScales, []);
  if (held.length === 0) return []; // who may not list them is no operator of these controllers
  return about(CHECK, facts.deployments, (deployments) => {
    const leads = isLeading(facts);
    const isKept = ({ option }: HeldScale) => leads && isSwitchedOn(deployments, option);
    const orphans = held.filter((one) => !isKept(one));
    const kept = held.length - orphans.length;
    const ofBudgets = held.filter((one) => isKept(one) && one.option === '--carbon-budgets').length;
    const more = orphans.length - MOST_TOLD;
    return [
      ...(kept > 0 ? [{ check: CHECK, state: 'ok', says: `${kept} are as gridgate scaled them` } as const] : []),
      ...tellNowhere(ofBudgets, facts),
      ...orphans.slice(0, MOST_TOLD).map((one) => tell(one, isSwitchedOn(deployments, one.option))),
      ...(more > 0
        ? [
            {
              check: CHECK,
              state: 'failed',
              says: `${more} more are as gridgate scaled them, and nobody puts that back`,
            } as const,
          ]
        : []),
    ];
  });
}

/** What runs on a node in no region emits nobody knows what: a budget over it is never under, and what it scaled down stays so. */
function tellNowhere(ofBudgets: number, { nodes, regionLabel }: ClusterFacts): readonly Finding[] {
  const bare = valueOr(nodes, []).filter(({ region }) => region === undefined);
  const [first] = bare;
  if (ofBudgets === 0 || !first) return [];
  const says = `${ofBudgets} are scaled down by carbon budgets, and ${bare.length} nodes are in no region: a budget with a pod there is never under, and puts nothing back`;
  const todo = shellCommand`kubectl label node ${first.name} ${regionLabel}=REGION`;
  return [{ check: CHECK, state: 'warning', says, todo }];
}

function tell({ called, value, option, todo }: HeldScale, isOn: boolean): Finding {
  const why = isOn ? 'nobody leads' : `${option} is off`;
  const says = `${called} is as gridgate scaled it, and nobody puts back what its owner had (${value}): ${why}`;
  return { check: CHECK, state: 'failed', says, todo };
}
