import { createTwoFilesPatch } from 'diff';
import fastJsonPatch from 'fast-json-patch';
import { stringify } from 'yaml';
import { type ManifestDocument, readManifests } from '../config/manifest-file.ts';
import type { OptionValues } from '../config/options.ts';
import { type Decision, decide } from '../decision/decide.ts';
import { type Effect, effectOf } from '../decision/effect.ts';
import { explain } from '../decision/explain.ts';
import type { Pod } from '../decision/pod.ts';
import type { Policy } from '../decision/policy.ts';
import { parsePolicy } from '../decision/policy-annotations.ts';
import { REASONS } from '../decision/reasons.ts';
import { podOfWorkload } from '../decision/workload.ts';
import { buildSnapshot } from '../regions/build-snapshot.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { embeddedReading } from '../signals/intensity/embedded.ts';
import { EXIT, reportIssues } from './exit-codes.ts';
import { readCluster, readRegions } from './read-files.ts';

export const ADMIT_OPTIONS = [
  'filename',
  'namespace',
  'regions',
  'namespaces',
  'regionLabel',
  'defaultRegion',
  'policySignal',
  'output',
] as const;

type AdmitValues = OptionValues<(typeof ADMIT_OPTIONS)[number]>;

interface Explained {
  readonly name: string;
  readonly namespace: string;
  readonly pod: Pod;
  readonly policy: Policy;
  readonly decision: Decision;
  readonly effect: Effect;
}

/** Explains what the webhook would do with each pod (or workload's pod) of a file; exit code 1 when one is denied. */
export async function admit(values: AdmitValues): Promise<number> {
  const read = await readInputs(values);
  if ('issues' in read) return reportIssues(read.issues);
  const now = Date.now();
  const explained = read.pods.map(({ pod, name, namespace, policy }): Explained => {
    const decision = decide({ pod, policy, snapshot: read.snapshot, now });
    return { name, namespace, pod, policy, decision, effect: effectOf(decision, policy.mode) };
  });
  process.stdout.write(render(explained, values.output));
  return explained.some(({ effect }) => !effect.allowed) ? EXIT.findings : EXIT.fine;
}

type Candidate = Pick<Explained, 'name' | 'namespace' | 'pod' | 'policy'>;

async function readInputs(
  values: AdmitValues,
): Promise<{ pods: readonly Candidate[]; snapshot: Snapshot } | { issues: readonly string[] }> {
  const { regions: regionsPath, namespaces: namespacesPath, filename, regionLabel, policySignal } = values;
  if (regionsPath === undefined || namespacesPath === undefined)
    return { issues: ['--regions and --namespaces: are both needed, files of Regions and Namespaces'] };
  const manifests = await readManifests(filename);
  const regions = await readRegions(regionsPath);
  const cluster = await readCluster(namespacesPath, regionLabel);
  const issues = [...manifests.issues, ...regions.issues, ...cluster.issues];
  const pods = manifests.documents.flatMap((document): Candidate[] => {
    const found = podOf(document);
    if (!found) {
      issues.push(`${filename}, document ${document.document}: ${document.kind} has no pod to decide about`);
      return [];
    }
    const namespace = values.namespace ?? found.namespace;
    const record = cluster.value.namespaces.get(namespace);
    if (!record) issues.push(`${namespacesPath}: has no namespace ${namespace}`);
    const defaults = values.defaultRegion === undefined ? {} : { homeRegion: values.defaultRegion };
    return [{ ...found, namespace, policy: parsePolicy(record?.annotations ?? {}, defaults).policy }];
  });
  if (pods.length === 0 && issues.length === 0) issues.push(`${filename}: holds no pod`);
  if (issues.length > 0) return { issues };
  const now = Date.now();
  const { topology, priorityClasses } = cluster.value;
  const snapshot = buildSnapshot({
    regions: regions.value,
    regionsReadAt: now,
    fallbackReading: embeddedReading,
    regionLabel,
    policySignal,
    topology,
    priorityClasses,
    now,
  });
  return { pods, snapshot };
}

function podOf({
  apiVersion,
  kind,
  value,
}: ManifestDocument): Pick<Explained, 'pod' | 'name' | 'namespace'> | undefined {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const pod = group === '' && kind === 'Pod' ? (value as Pod) : podOfWorkload(group, kind, value);
  if (!pod?.spec) return undefined;
  const { name = '?', namespace = 'default' } = (value['metadata'] ?? {}) as { name?: string; namespace?: string };
  return { pod, name: `${kind}/${name}`, namespace };
}

function render(explained: readonly Explained[], output: AdmitValues['output'] = 'table'): string {
  if (output === 'table') return explained.map(renderText).join('\n');
  const data = explained.map(toData);
  const only = data.length === 1 ? data[0] : data;
  return output === 'json' ? `${JSON.stringify(only, null, 2)}\n` : stringify(only);
}

function toData({ name, namespace, policy, decision, effect }: Explained) {
  return {
    object: name,
    namespace,
    mode: policy.mode,
    decision: decision.decision,
    reason: decision.reason,
    allowed: effect.allowed,
    ...(decision.message && { message: decision.message }),
    warnings: effect.warnings,
    steps: explain(decision, policy),
    patch: effect.patch,
  };
}

function renderText({ name, namespace, pod, policy, decision, effect }: Explained): string {
  const steps = explain(decision, policy).map(
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
