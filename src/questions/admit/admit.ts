import type { Environment } from '../../config/read-options.ts';
import { sharesOf } from '../../decision/decide.ts';
import { compileRules } from '../../decision/policy-rules.ts';
import { type ManifestDocument, readManifests } from '../../documents/manifest-file.ts';
import { nameOfInput } from '../../documents/read-text.ts';
import { EXIT, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { decidePod } from '../../world/decide-pod.ts';
import { readManifestPod } from '../../world/manifest-pod.ts';
import { strayContext } from '../../world/which-cluster.ts';
import { readWorldFiles, type WorldFiles } from '../../world/world-files.ts';
import {
  type AdmissionWorld,
  clusterOf,
  lacksPolicies,
  usualNamespace,
  worldOfCluster,
  worldOfFiles,
} from './admission-world.ts';
import type { AdmitValues } from './options.ts';
import { type Explained, renderDecisions } from './render-decisions.ts';

/**
 * Explains what the webhook would do with each pod (or workload's pod) of a file; exit code 1 when one is denied. The
 * configuration's sources are asked once, as a server does when it starts.
 */
export async function admit(values: AdmitValues, env: Environment): Promise<number> {
  const cluster = clusterOf(values, env);
  const stray = [...lacksPolicies(values, cluster), ...strayContext(values, cluster, env)];
  if (stray.length > 0) return reportIssues(stray);
  const { issues, files, pods } = await readInputs(values, await usualNamespace(cluster));
  const unknown = files.cluster ? lacking(pods, files.cluster.value.namespaces, values.namespaces) : [];
  if (issues.length + unknown.length > 0) return reportIssues([...issues, ...unknown]);
  const [onlyNamespace, ...others] = new Set(pods.map(({ namespace }) => namespace));
  const asked = { files, values, onlyNamespace: others.length > 0 ? undefined : onlyNamespace };
  const world = await (cluster ? worldOfCluster(cluster, asked, env) : worldOfFiles(files, values, env));
  if ('issues' in world) return reportFailure(world);
  const gone = lacking(pods, world.namespaces, 'the cluster');
  if (gone.length > 0) return reportIssues(gone);
  const { explained, excess } = decideAll(pods, { files, values, world });
  for (const sentence of [...excess, ...world.notes]) note(sentence);
  if (explained.some(({ decision }) => decision.wait)) note(cluster ? NOT_ASKED : ASSUMED);
  await print(renderDecisions(explained, values.output));
  return explained.some(({ effect }) => !effect.allowed) ? EXIT.findings : EXIT.fine;
}

const ASSUMED =
  'whether anybody lets go what waits is not known without a cluster, nor what earlier runs took: assumed that somebody does, and that nothing has run';
const NOT_ASKED =
  'whether anybody lets go what waits was not looked at, nor what earlier runs took: assumed that somebody does, and that nothing has run; explain looks';

type FoundPod = Pick<Explained, 'name' | 'namespace' | 'pod'>;

interface Inputs {
  readonly pods: readonly FoundPod[];
  readonly files: WorldFiles;
  readonly issues: readonly string[];
}

async function readInputs(values: AdmitValues, usual: string): Promise<Inputs> {
  const { filename } = values;
  const [manifests, files] = await Promise.all([readManifests(filename), readWorldFiles(values)]);
  const issues = [...manifests.issues, ...files.issues];
  const pods = manifests.documents.flatMap((document) => {
    const found = readManifestPod(document);
    if (!('mistakes' in found)) return [{ ...found, namespace: values.namespace ?? found.namespace ?? usual }];
    issues.push(...found.mistakes.map((mistake) => `${placeIn(filename, document)}: ${mistake}`));
    return [];
  });
  if (pods.length === 0 && issues.length === 0) issues.push(`${nameOfInput(filename)}: holds no pod`);
  return { pods, files, issues };
}

/** Namespaces that are not there, a sentence each. */
function lacking(
  pods: readonly FoundPod[],
  namespaces: AdmissionWorld['namespaces'],
  where = 'the file',
): readonly string[] {
  const unknown = pods.filter(({ namespace }) => !namespaces.has(namespace));
  return [...new Set(unknown.map(({ namespace }) => `${where}: has no namespace ${namespace}`))];
}

function placeIn(filename: string, { document }: ManifestDocument): string {
  return `${nameOfInput(filename)}, document ${document}`;
}

interface Deciding {
  readonly files: WorldFiles;
  readonly values: AdmitValues;
  readonly world: AdmissionWorld;
}

interface Decided {
  readonly explained: readonly Explained[];
  /** What namespaces ask for beyond the limits, a sentence each. */
  readonly excess: ReadonlySet<string>;
}

function decideAll(pods: readonly FoundPod[], { files, values, world }: Deciding): Decided {
  const deciding = { ...world, rules: compileRules(files.config, values.defaultRegion), now: Date.now() };
  const excess = new Set<string>();
  const explained = pods.map(({ pod, name, namespace }): Explained => {
    const { policy, decision, effect, input, excess: beyond } = decidePod(pod, namespace, deciding);
    for (const sentence of beyond) excess.add(sentence);
    return { name, namespace, pod, policy, decision, shares: sharesOf(input), effect };
  });
  return { explained, excess };
}
