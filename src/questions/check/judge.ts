import { cutText } from '../../units/cut-text.ts';
import { onOneLine } from '../../units/legible.ts';
import { shellCommand } from '../../units/shell-command.ts';
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
import { APPLY } from './names.ts';

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

/** What comes after an installation, or is written by others: no release has to wait for it, or is to be taken back for it. */
const BESIDE_INSTALLATION: ReadonlySet<string> = new Set([
  'Regions',
  'sources',
  'labels',
  'namespaces',
  'waiting',
  'NodePools',
  'scaling',
]);

/** From the API server inwards, in the order in which one thing needs another. */
export function judge(facts: ClusterFacts, { installationOnly = false } = {}): CheckReport {
  const reached: readonly Finding[] = [
    { check: 'API server', state: 'ok', says: `answers, ${facts.apiServer.version}` },
    ...judgeReplicas(facts),
    ...judgeEndpoints(facts),
    ...judgeWebhooks(facts),
    ...judgeTrust(facts),
  ];
  const judged = once([
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
  const remedied = judged.map((finding) =>
    finding.todo === APPLY ? { ...finding, todo: applyAgain(facts) } : finding,
  );
  const findings = installationOnly ? remedied.map(forgive) : remedied;
  const countOf = (state: State) => findings.filter((finding) => finding.state === state).length;
  return {
    version: 'v1',
    checkedAt: new Date(facts.apiServer.at).toISOString(),
    works: countOf('failed') === 0,
    answers: [facts.onNamespaces, facts.onPods].some(({ outcome }) => outcome === 'answered' || outcome === 'older'),
    count: Object.fromEntries(STATES.map((state) => [state, countOf(state)])) as Record<State, number>,
    checks: findings.map(({ says, todo = null, ...finding }) => ({ ...finding, says: tame(says), todo })),
  };
}

/** What puts the manifests' objects back: over what Helm installed, the manifests would put their own image and settings. */
function applyAgain({ deployments }: ClusterFacts): string | undefined {
  const { release } = valueOr(deployments, []).find((one) => one.release) ?? {};
  if (!release) return APPLY;
  return shellCommand`helm upgrade ${release.name} manifests/chart -n ${release.namespace} --reuse-values`;
}

function forgive(finding: Finding): Finding {
  const isForgiven = finding.state === 'failed' && BESIDE_INSTALLATION.has(finding.check);
  return isForgiven ? { ...finding, state: 'warning' } : finding;
}

/** Others' words are in it: of what was read, and of who refused. */
function tame(says: string): string {
  return cutText(onOneLine(says), MOST_CHARACTERS);
}

/** What two accounts may not be asked about is said once. */
function once(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.check}: ${finding.says}`, finding])).values()];
}
