import type { Environment } from '../../config/read-options.ts';
import { decide, sharesOf } from '../../decision/decide.ts';
import { effectOf } from '../../decision/effect.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import { groupOf } from '../../decision/exempt.ts';
import type { Pod } from '../../decision/pod.ts';
import { describeIssue } from '../../decision/policy-annotations.ts';
import { compileRules } from '../../decision/policy-rules.ts';
import { ASSUMED_FACTS } from '../../decision/waiting.ts';
import { podOfTemplate, podOfWorkload } from '../../decision/workload.ts';
import { type ManifestDocument, readManifests } from '../../documents/manifest-file.ts';
import { nameOfInput } from '../../documents/read-text.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { EXIT, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { mistakesInPod } from '../../world/pod-shape.ts';
import { standInRegions } from '../../world/stand-in-regions.ts';
import { readWorldFiles, type WorldFiles } from '../../world/world-files.ts';
import type { AdmitValues } from './options.ts';
import { type Explained, renderDecisions } from './render-decisions.ts';

/**
 * Explains what the webhook would do with each pod (or workload's pod) of a file; exit code 1 when one is denied. The
 * configuration's sources are asked once, as a server does when it starts.
 */
export async function admit(values: AdmitValues, env: Environment): Promise<number> {
  const read = await readInputs(values);
  if ('issues' in read) return reportIssues(read.issues);
  for (const sentence of read.excess) note(sentence);
  const snapshot = await observe(read.files, values, env);
  const now = Date.now();
  const explained = read.pods.map(({ pod, name, namespace, policy }): Explained => {
    const input = { pod, policy, snapshot, now, waiting: ASSUMED_FACTS };
    const decision = decide(input);
    const shares = sharesOf(input);
    return { name, namespace, pod, policy, decision, shares, effect: effectOf(decision, policy.mode) };
  });
  if (explained.some(({ decision }) => decision.wait)) note(ASSUMED);
  await print(renderDecisions(explained, values.output));
  return explained.some(({ effect }) => !effect.allowed) ? EXIT.findings : EXIT.fine;
}

const ASSUMED =
  'whether anybody lets go what waits is not known without a cluster, nor what earlier runs took: assumed that somebody does, and that nothing has run';

const NAMESPACES_MISSING =
  '--namespaces (GRIDGATE_NAMESPACES): is missing; give a file of Namespaces (and Nodes, PriorityClasses): their annotations are the policy';

interface Inputs {
  readonly pods: readonly Pick<Explained, 'name' | 'namespace' | 'pod' | 'policy'>[];
  /** What namespaces ask for beyond the limits, a sentence each. */
  readonly excess: readonly string[];
  readonly files: WorldFiles;
}

async function readInputs(values: AdmitValues): Promise<Inputs | { readonly issues: readonly string[] }> {
  const { namespaces, filename, defaultRegion } = values;
  if (namespaces === undefined) return { issues: [NAMESPACES_MISSING] };
  const [manifests, files] = await Promise.all([readManifests(filename), readWorldFiles(values)]);
  const issues = [...manifests.issues, ...files.issues];
  const rules = compileRules(files.config, defaultRegion);
  const excess = new Set<string>();
  const pods = manifests.documents.flatMap((document) => {
    const found = podOf(document);
    if (!found) {
      issues.push(`${placeIn(filename, document)}: ${document.kind} has no pod to decide about`);
      return [];
    }
    // A pod that is asked about for its placement may leave its containers out.
    const mistakes = mistakesInPod({ ...found.pod, spec: { containers: [], ...found.pod.spec } });
    issues.push(...mistakes.map((mistake) => `${placeIn(filename, document)}: ${found.name}: ${mistake}`));
    if (mistakes.length > 0) return [];
    const namespace = values.namespace ?? found.namespace;
    const record = files.cluster?.value.namespaces.get(namespace);
    if (!record) issues.push(`${namespaces}: has no namespace ${namespace}`);
    const effective = effectivePolicy(namespace, record?.annotations ?? {}, rules);
    for (const issue of effective.excess) excess.add(`namespace ${namespace}: ${describeIssue(issue)}`);
    return [{ ...found, namespace, policy: effective.policy }];
  });
  if (pods.length === 0 && issues.length === 0) issues.push(`${nameOfInput(filename)}: holds no pod`);
  if (issues.length > 0) return { issues };
  return { pods, excess: [...excess], files };
}

function placeIn(filename: string, { document }: ManifestDocument): string {
  return `${nameOfInput(filename)}, document ${document}`;
}

async function observe(
  { regions, cluster, config }: WorldFiles,
  { policySignal, regionLabel }: AdmitValues,
  env: Environment,
): Promise<Snapshot> {
  const standIn = regions ? undefined : standInRegions(cluster?.value.topology?.regions ?? []);
  if (standIn) note(standIn.note);
  const { failures, snapshot } = await takeSnapshot(
    { regions: regions?.value ?? standIn?.regions ?? [], config },
    { policySignal, regionLabel, ...cluster?.value },
    env,
  );
  for (const failure of failures) note(failure);
  return snapshot;
}

function podOf({
  apiVersion,
  kind,
  value,
}: ManifestDocument): Pick<Explained, 'pod' | 'name' | 'namespace'> | undefined {
  const group = groupOf(apiVersion);
  const pod = group === '' && kind === 'Pod' ? (value as Pod) : podOfObject(group, kind, value);
  if (!pod?.spec) return undefined;
  const { name = '?', namespace = 'default' } = (value['metadata'] ?? {}) as { name?: string; namespace?: string };
  return { pod, name: `${kind}/${name}`, namespace };
}

/** Of a workload, or of an object of another kind that carries a template of pods; pods of daemon sets are exempt. */
function podOfObject(group: string, kind: string, value: ManifestDocument['value']): Pod | undefined {
  return podOfWorkload(group, kind, value) ?? (kind.includes('DaemonSet') ? undefined : podOfTemplate(value));
}
