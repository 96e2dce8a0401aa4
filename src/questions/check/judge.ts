import { cutText } from '../../units/cut-text.ts';
import { onOneLine } from '../../units/legible.ts';
import type { ClusterFacts } from './facts.ts';
import { type Finding, STATES, type State, valueOr } from './finding.ts';
import { judgeAnswers } from './judge-answers.ts';
import { judgeClocks } from './judge-clocks.ts';
import { judgeFeatures } from './judge-features.ts';
import { judgeHeldPools } from './judge-held-pools.ts';
import { judgeLeader } from './judge-leader.ts';
import { judgeNamespaces, judgeNodes } from './judge-places.ts';
import { judgeRegions } from './judge-regions.ts';
import { judgeEndpoints, judgeReplicas } from './judge-replicas.ts';
import { judgeRights } from './judge-rights.ts';
import { judgeScaled } from './judge-scaled.ts';
import { judgeSettings } from './judge-settings.ts';
import { judgeWaiting } from './judge-waiting.ts';
import { judgeTrust, judgeWebhooks } from './judge-webhooks.ts';
import { APPLY, applyWithHelm } from './names.ts';

const MOST_CHARACTERS = 1_200;

/** What `gridgate check --output json` prints; within `v1` fields are added, never taken away. */
export interface CheckReport {
  readonly version: 'v1';
  /** ISO 8601. */
  readonly checkedAt: string;
  /** Nothing failed. */
  readonly works: boolean;
  /** A replica answered what the API server sent. */
  readonly answers: boolean;
  readonly count: Readonly<Record<State, number>>;
  readonly checks: readonly (Omit<Finding, 'todo'> & { readonly todo: string | null })[];
}

/** From the API server inwards, in the order in which one thing needs another. */
export function judge(facts: ClusterFacts): CheckReport {
  const reached: readonly Finding[] = [
    { check: 'API server', state: 'ok', says: `answers, ${facts.apiServer.version}` },
    ...judgeReplicas(facts),
    ...judgeEndpoints(facts),
    ...judgeWebhooks(facts),
    ...judgeTrust(facts),
  ];
  const findings = once([
    ...reached,
    ...judgeAnswers(facts, reached),
    ...judgeRights(facts),
    ...judgeLeader(facts),
    ...judgeSettings(facts),
    ...judgeRegions(facts),
    ...judgeNodes(facts),
    ...judgeNamespaces(facts),
    ...judgeWaiting(facts),
    ...judgeFeatures(facts),
    ...judgeHeldPools(facts),
    ...judgeScaled(facts),
    ...judgeClocks(facts),
  ]);
  const countOf = (state: State) => findings.filter((finding) => finding.state === state).length;
  return {
    version: 'v1',
    checkedAt: new Date(facts.apiServer.at).toISOString(),
    works: countOf('failed') === 0,
    answers: [facts.onNamespaces, facts.onPods].some(({ outcome }) => outcome === 'answered' || outcome === 'older'),
    count: Object.fromEntries(STATES.map((state) => [state, countOf(state)])) as Record<State, number>,
    checks: findings.map(({ says, todo, ...finding }) => ({
      ...finding,
      says: tame(says),
      todo: (todo === APPLY ? putBack(facts) : todo) ?? null,
    })),
  };
}

/** As it was installed: of another way than Helm's nobody knows. */
function putBack({ deployments }: ClusterFacts): string | undefined {
  const release = valueOr(deployments, []).find((one) => one.release)?.release;
  return release === undefined ? APPLY : applyWithHelm(release);
}

/** Others' words are in it: of what was read, and of who refused. */
function tame(says: string): string {
  return cutText(onOneLine(says), MOST_CHARACTERS);
}

/** What two accounts may not be asked about is said once. */
function once(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.check}: ${finding.says}`, finding])).values()];
}
