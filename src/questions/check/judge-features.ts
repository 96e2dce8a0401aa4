import type { ClusterFacts, DeploymentFacts, TroubledAutoscaler } from './facts.ts';
import { about, type Finding, valueOr } from './finding.ts';
import { argumentOf, isSwitchedOn } from './read-deployments.ts';

const CHECK = 'features';
const MOST_TOLD = 5;
const REGIONAL = '--regional-autoscaler';
const BUDGETS = '--carbon-budgets';
const SWITCHES = ['--node-pools', '--node-overlays', '--priority-expander', REGIONAL, BUDGETS];

/** What the controllers scale and steer beside placement, and what that lacks; nothing where all of it is off. */
export function judgeFeatures(facts: ClusterFacts): readonly Finding[] {
  const deployments = valueOr(facts.deployments, []);
  const on = SWITCHES.filter((option) => isSwitchedOn(deployments, option));
  if (on.length === 0) return judgeUnread(facts);
  const says = `controllers run with ${on.map((option) => tellSwitch(option, deployments)).join(', ')}`;
  return [{ check: CHECK, state: 'ok', says }, ...judgeUsage(facts, on), ...judgeAutoscalers(facts, on)];
}

function tellSwitch(option: string, deployments: readonly DeploymentFacts[]): string {
  const said = deployments
    .filter(({ roles }) => roles.includes('controllers'))
    .flatMap(({ args }) => argumentOf(args, option) ?? []);
  return said[0] === undefined ? `${option} by a variable` : `${option}=${said[0]}`;
}

/** Nobody looks at RegionalAutoscalers where the option is off. */
function judgeUnread({ autoscalers }: ClusterFacts): readonly Finding[] {
  const { count } = valueOr(autoscalers, { count: 0, troubled: [] });
  if (count === 0) return [];
  const says = `${counted(count)} there, and nobody reads ${count === 1 ? 'it' : 'them'}: ${REGIONAL} is off`;
  return [{ check: CHECK, state: 'warning', says }];
}

function judgeUsage({ usage, settings }: ClusterFacts, on: readonly string[]): readonly Finding[] {
  const said = valueOr(settings, undefined);
  const isMeasured = said !== undefined && 'rules' in said && said.measuresEnergy === true;
  const needing = on.filter((option) => option === REGIONAL || (option === BUDGETS && !isMeasured));
  if (needing.length === 0) return [];
  return about(CHECK, usage, (problem) =>
    problem === undefined ? [] : [{ check: CHECK, state: 'warning', says: `${problem} (${needing.join(', ')})` }],
  );
}

function judgeAutoscalers(facts: ClusterFacts, on: readonly string[]): readonly Finding[] {
  if (!on.includes(REGIONAL)) return judgeUnread(facts);
  return about(CHECK, facts.autoscalers, ({ count, troubled }) => {
    const more = troubled.length - MOST_TOLD;
    return [
      ...troubled.slice(0, MOST_TOLD).map(tellTrouble),
      ...(more > 0
        ? [{ check: CHECK, state: 'warning', says: `${more} more RegionalAutoscalers lack something` } as const]
        : []),
      ...(troubled.length === 0 && count > 0
        ? [{ check: CHECK, state: 'ok', says: `${counted(count)} in order` } as const]
        : []),
    ];
  });
}

function tellTrouble({ called, why, todo }: TroubledAutoscaler): Finding {
  return { check: CHECK, state: 'warning', says: `RegionalAutoscaler ${called}: ${why}`, todo };
}

function counted(count: number): string {
  return count === 1 ? '1 RegionalAutoscaler is' : `${count} RegionalAutoscalers are`;
}
