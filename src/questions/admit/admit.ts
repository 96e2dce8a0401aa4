import { DEFAULT_CONFIG, type GridgateConfig, readConfig } from '../../config/config-file.ts';
import type { Environment } from '../../config/read-options.ts';
import { decide, sharesOf } from '../../decision/decide.ts';
import { effectOf } from '../../decision/effect.ts';
import { effectivePolicy } from '../../decision/effective-policy.ts';
import type { Pod } from '../../decision/pod.ts';
import { describeIssue } from '../../decision/policy-annotations.ts';
import { compileRules } from '../../decision/policy-rules.ts';
import { podOfTemplate, podOfWorkload } from '../../decision/workload.ts';
import { type ManifestDocument, readManifests } from '../../documents/manifest-file.ts';
import { nameOfInput } from '../../documents/read-text.ts';
import type { RegionResource } from '../../regions/region-resource.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { EXIT, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { createSources } from '../../world/live-sources.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import { mistakesInPod } from '../../world/pod-shape.ts';
import { type ClusterFile, readCluster, readRegions } from '../../world/read-files.ts';
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
  const snapshot = await observe(read, values, env);
  const now = Date.now();
  const explained = read.pods.map(({ pod, name, namespace, policy }): Explained => {
    const input = { pod, policy, snapshot, now };
    const decision = decide(input);
    const shares = sharesOf(input);
    return { name, namespace, pod, policy, decision, shares, effect: effectOf(decision, policy.mode) };
  });
  await print(renderDecisions(explained, values.output));
  return explained.some(({ effect }) => !effect.allowed) ? EXIT.findings : EXIT.fine;
}

interface Inputs {
  readonly pods: readonly Pick<Explained, 'name' | 'namespace' | 'pod' | 'policy'>[];
  /** What namespaces ask for beyond the limits, a sentence each. */
  readonly excess: readonly string[];
  readonly regions: readonly RegionResource[];
  readonly cluster: ClusterFile;
  readonly config: GridgateConfig;
}

async function readInputs(values: AdmitValues): Promise<Inputs | { readonly issues: readonly string[] }> {
  const { regions: regionsPath, namespaces: namespacesPath, filename, regionLabel, defaultRegion } = values;
  if (regionsPath === undefined || namespacesPath === undefined)
    return { issues: ['--regions and --namespaces: are both needed, files of Regions and Namespaces'] };
  const configured = await readConfig(values.config);
  const manifests = await readManifests(filename);
  const regions = await readRegions(regionsPath);
  const cluster = await readCluster(namespacesPath, regionLabel);
  const ofConfig = 'issues' in configured ? configured.issues : [];
  const issues = [...manifests.issues, ...regions.issues, ...cluster.issues, ...ofConfig];
  const config = 'issues' in configured ? DEFAULT_CONFIG : configured.config;
  const rules = compileRules(config, defaultRegion);
  const excess = new Set<string>();
  const pods = manifests.documents.flatMap((document) => {
    const found = podOf(document);
    if (!found) {
      issues.push(`${placeIn(filename, document)}: ${document.kind} has no pod to decide about`);
      return [];
    }
    // What is asked about a placement may leave its containers out.
    const mistakes = mistakesInPod({ ...found.pod, spec: { containers: [], ...found.pod.spec } });
    issues.push(...mistakes.map((mistake) => `${placeIn(filename, document)}: ${found.name}: ${mistake}`));
    if (mistakes.length > 0) return [];
    const namespace = values.namespace ?? found.namespace;
    const record = cluster.value.namespaces.get(namespace);
    if (!record) issues.push(`${namespacesPath}: has no namespace ${namespace}`);
    const effective = effectivePolicy(namespace, record?.annotations ?? {}, rules);
    for (const issue of effective.excess) excess.add(`namespace ${namespace}: ${describeIssue(issue)}`);
    return [{ ...found, namespace, policy: effective.policy }];
  });
  if (pods.length === 0 && issues.length === 0) issues.push(`${nameOfInput(filename)}: holds no pod`);
  if (issues.length > 0) return { issues };
  return { pods, excess: [...excess], regions: regions.value, cluster: cluster.value, config };
}

function placeIn(filename: string, { document }: ManifestDocument): string {
  return `${nameOfInput(filename)}, document ${document}`;
}

async function observe(
  { regions, cluster, config: { sources, bands, nodes } }: Inputs,
  { policySignal, regionLabel }: AdmitValues,
  env: Environment,
): Promise<Snapshot> {
  const { failures, snapshot } = await takeSnapshot(
    { regions, invalid: [], sources: createSources(sources, { fetch: globalThis.fetch, clock: Date.now }, env), bands },
    { policySignal, regionLabel, nodeRules: nodes, ...cluster },
  );
  for (const failure of failures) note(failure);
  return snapshot;
}

function podOf({
  apiVersion,
  kind,
  value,
}: ManifestDocument): Pick<Explained, 'pod' | 'name' | 'namespace'> | undefined {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const pod = group === '' && kind === 'Pod' ? (value as Pod) : podOfObject(group, kind, value);
  if (!pod?.spec) return undefined;
  const { name = '?', namespace = 'default' } = (value['metadata'] ?? {}) as { name?: string; namespace?: string };
  return { pod, name: `${kind}/${name}`, namespace };
}

/** Of a workload, or of an object of another kind that carries a template of pods; pods of daemon sets are exempt. */
function podOfObject(group: string, kind: string, value: ManifestDocument['value']): Pod | undefined {
  return podOfWorkload(group, kind, value) ?? (kind.includes('DaemonSet') ? undefined : podOfTemplate(value));
}
