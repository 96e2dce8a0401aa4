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
    const more = orphans.length - MOST_TOLD;
    return [
      ...(kept > 0 ? [{ check: CHECK, state: 'ok', says: `${kept} are as gridgate scaled them` } as const] : []),
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

function tell({ called, value, option, todo }: HeldScale, isOn: boolean): Finding {
  const why = isOn ? 'nobody leads' : `${option} is off`;
  const says = `${called} is as gridgate scaled it, and nobody puts back what its owner had (${value}): ${why}`;
  return { check: CHECK, state: 'failed', says, todo };
}
