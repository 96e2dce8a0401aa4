import { createTwoFilesPatch } from 'diff';
import fastJsonPatch from 'fast-json-patch';
import { stringify } from 'yaml';
import type { OutputFormat } from '../../config/options.ts';
import type { Share } from '../../decision/attribute.ts';
import type { Decision } from '../../decision/decide.ts';
import type { Effect } from '../../decision/effect.ts';
import { explain } from '../../decision/explain.ts';
import { dataOfPlacement } from '../../decision/placement.ts';
import type { Pod } from '../../decision/pod.ts';
import type { Policy } from '../../decision/policy.ts';
import { REASONS } from '../../decision/reasons.ts';
import { dataOfWait } from '../../decision/wait-words.ts';
import { renderData } from '../../terminal/render-data.ts';

/** One pod, or a workload's, with what was decided about it. */
export interface Explained {
  readonly name: string;
  readonly namespace: string;
  readonly pod: Pod;
  readonly policy: Policy;
  readonly decision: Decision;
  /** What of the pod's own leaves which regions. */
  readonly shares: readonly Share[];
  readonly effect: Effect;
}

/** All decisions, for people with the patch as a diff, or as data: one object, or a list of several. */
export function renderDecisions(explained: readonly Explained[], output: OutputFormat = 'table'): string {
  if (output === 'table') return explained.map(renderText).join('\n');
  const data = explained.map(toData);
  return renderData(data.length === 1 ? data[0] : data, output);
}

function toData({ name, namespace, pod, policy, decision, shares, effect }: Explained) {
  const { steps } = decision;
  return {
    object: name,
    namespace,
    mode: policy.mode,
    decision: decision.decision,
    reason: decision.reason,
    allowed: effect.allowed,
    ...(decision.message && { message: decision.message }),
    warnings: effect.warnings,
    steps: explain(pod, decision, policy, shares),
    placement: steps?.steering ? dataOfPlacement(steps.judgement) : null,
    autoscaling: steps?.judgement.snapshot.supply?.autoscaling ?? null,
    ...(decision.wait && { wait: dataOfWait(decision.wait) }),
    patch: effect.patch,
  };
}

function renderText({ name, namespace, pod, policy, decision, shares, effect }: Explained): string {
  const steps = explain(pod, decision, policy, shares).map(
    ({ step, finding }, index) => `  ${index + 1}. ${step.padEnd(11)}  ${finding}`,
  );
  const done = effect.would === undefined ? '' : ' (audit: not carried out)';
  return [
    `${name} in namespace ${namespace}`,
    ...steps,
    `=> ${effect.allowed ? decision.decision : 'deny'} ${decision.reason}${done}: ${decision.message || REASONS[decision.reason]}`,
    ...effect.warnings.map((text) => `warning: ${text}`),
    renderPatch(pod, effect),
  ].join('\n');
}

function toYaml(pod: Pod): string {
  return stringify(pod, { lineWidth: 0 });
}

function renderPatch(pod: Pod, { patch }: Effect): string {
  if (patch.length === 0) return 'patch: none\n';
  const before = structuredClone(pod);
  const after = fastJsonPatch.applyPatch(before, structuredClone(patch) as never, false, false).newDocument;
  const diff = createTwoFilesPatch('pod as written', 'pod as admitted', toYaml(pod), toYaml(after), '', '', {
    context: 2,
  });
  return diff.split('\n').slice(1).join('\n');
}
