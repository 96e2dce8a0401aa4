import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDevCertificate } from '../../src/certs/dev-certificate.ts';
import { BANDS } from '../../src/regions/band.ts';
import { ofKind, type Rendered, render } from '../cluster/rendered-manifests.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { addressOf, send } from '../webhook/client.ts';
import { toReview } from '../webhook/reviews.ts';
import { type H2Client, openH2Client } from './api-client-h2.ts';
import { startBareServer } from './processes.ts';
import { regionName, writeRegions } from './workload.ts';

/**
 * Who steers the pods of a namespace: nobody, gridgate's base manifests, the policies in test/fixtures/cel, or a server that
 * answers every pod what gridgate answered one, which no webhook can be faster than.
 */
export const STEERED_BY = ['none', 'gridgate', 'cel', 'constant'] as const;
export type SteeredBy = (typeof STEERED_BY)[number];

export interface BenchCluster {
  readonly controlPlane: ControlPlane;
  readonly gridgate: GridgateProcess;
  readonly client: H2Client;
}

const SERVICE_ACCOUNT = 'system:serviceaccount:gridgate-system:gridgate';
const REGION_LABEL = 'topology.kubernetes.io/region';
const REGIONS = 8;
/** 465 g/kWh, above the default ceiling. */
const DIRTY_REGION = regionName(5);
/** What gridgate's own Deployment would run from is played by a process of ours. */
const INSTALLED = [
  'Namespace',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'PriorityClass',
];
const WEBHOOKS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
const CEL_FILES = ['mutating-policy.yaml', 'validating-policy.yaml'].map((file) => `test/fixtures/cel/${file}`);
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const CEL_LABELS = { 'example.com/steered-by': 'cel' };
/** What the CEL policies say in literals: the default ceiling, `class: critical` is believed, no priority classes. */
const POLICY = { mode: 'enforce', 'pod-overrides': 'allow', priority: 'none' };

/** Server-side dry run: all of admission, and no pod is left behind. */
export function podsPath(steeredBy: SteeredBy): string {
  return `/api/v1/namespaces/steered-by-${steeredBy}/pods?dryRun=All`;
}

/** Starts the control plane, gridgate as its base manifests register it, and the CEL policies, each for its namespace. */
export async function startBenchCluster(cleanup: AsyncDisposableStack): Promise<BenchCluster> {
  const controlPlane = await startControlPlane({
    // Pods get a service account as in life; nothing else runs beside the API server.
    workers: ['kube-controller-manager'],
    users: [{ name: SERVICE_ACCOUNT }],
    flags: {
      'kube-apiserver': [
        '--feature-gates=MutatingAdmissionPolicy=true',
        '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
      ],
      'kube-controller-manager': ['--controllers=serviceaccount-controller'],
    },
  });
  cleanup.use(controlPlane);
  const manifests = await render(controlPlane, 'base');
  await apply(controlPlane, ofKind(manifests, ...INSTALLED));
  // Without nodes no region counts as a place to go, and without their taints nothing is tolerated: CEL sees no nodes.
  await controlPlane.addNodes(
    Array.from({ length: REGIONS }, (_, index) => ({
      name: `node-${index}`,
      labels: { [REGION_LABEL]: regionName(index), 'kubernetes.io/arch': 'arm64' },
      taints: [{ key: 'gridgate.dev/carbon', value: BANDS[index % BANDS.length] ?? '', effect: 'PreferNoSchedule' }],
    })),
  );
  const gridgate = await startServing(controlPlane);
  cleanup.defer(async () => void (await gridgate.end()));
  await registerWebhooks(controlPlane, gridgate, manifests);
  for (const file of CEL_FILES) await kubectlApply(controlPlane, file);
  for (const steeredBy of STEERED_BY.slice(0, 3)) await createNamespace(controlPlane, steeredBy);
  cleanup.defer(await serveConstant(controlPlane, gridgate, manifests));
  await createNamespace(controlPlane, 'constant');

  const { url, adminToken: token, caFile } = controlPlane;
  const client = await openH2Client({ url, token, ca: await readFile(caFile, 'utf8') });
  cleanup.defer(client.close);
  return { controlPlane, gridgate, client };
}

async function startServing(controlPlane: ControlPlane): Promise<GridgateProcess> {
  const certDir = join(controlPlane.dir, 'webhook-certs');
  const regions = await writeRegions(controlPlane.dir, REGIONS);
  const gridgate = await startGridgate({
    args: [
      ...['--kubeconfig', controlPlane.kubeconfigFor(SERVICE_ACCOUNT), '--regions', regions],
      ...['--roles', 'webhook', '--cert-dir', certDir, '--shutdown-delay', '0'],
    ],
    compiled: true,
    logFile: join(controlPlane.dir, 'gridgate.log'),
  });
  await controlPlane.waitFor(
    'gridgate to be ready',
    async () => (await fetch(`${gridgate.operators}/readyz`)).ok || undefined,
  );
  return gridgate;
}

/** The real configurations, with the process's address in place of the Service. */
async function registerWebhooks(controlPlane: ControlPlane, gridgate: GridgateProcess, manifests: Rendered[]) {
  const { caFile } = await ensureDevCertificate({ dir: join(controlPlane.dir, 'webhook-certs'), clock: Date.now });
  const caBundle = (await readFile(caFile)).toString('base64');
  const configurations = structuredClone(ofKind(manifests, ...WEBHOOKS));
  for (const hook of configurations.flatMap(({ webhooks }) => webhooks))
    hook.clientConfig = { url: `${gridgate.webhook}${hook.clientConfig.service.path}`, caBundle };
  await apply(controlPlane, configurations);
}

/** Resolves when pods may come: with a service account, and the API server asks whoever steers and refuses them. */
async function createNamespace({ request, waitFor }: ControlPlane, steeredBy: SteeredBy): Promise<void> {
  const name = `steered-by-${steeredBy}`;
  const path = `/api/v1/namespaces/${name}`;
  const labels = steeredBy === 'cel' ? CEL_LABELS : {};
  await request('POST', '/api/v1/namespaces', { metadata: { name, labels } });
  if (steeredBy === 'gridgate') await waitFor('the opt-in', () => optIn(request, path));
  await waitFor(`the account of ${name}`, async () => {
    const { status } = await request('GET', `${path}/serviceaccounts/default`);
    return status === 200 || undefined;
  });
  const pod: Rendered = JSON.parse((await benchPod()).toString());
  await waitFor(`the pods of ${name} to be steered`, async () => {
    const { status, body } = await request('POST', podsPath(steeredBy), pod);
    return (status === 201 && (body.spec.affinity !== undefined) === (steeredBy !== 'none')) || undefined;
  });
  if (steeredBy === 'none' || steeredBy === 'constant') return;
  // A policy of its own under CEL, of which the API server hears at another moment.
  const pinned = { ...pod, spec: { ...pod.spec, nodeSelector: { [REGION_LABEL]: DIRTY_REGION } } };
  await waitFor(`the pinned pods of ${name} to be refused`, async () => {
    const { status } = await request('POST', podsPath(steeredBy), pinned);
    return status === 403 || undefined;
  });
}

/** Answers what stops it. */
async function serveConstant(
  controlPlane: ControlPlane,
  gridgate: GridgateProcess,
  manifests: Rendered[],
): Promise<() => Promise<void>> {
  const { body: object } = await controlPlane.request(
    'POST',
    podsPath('none'),
    JSON.parse((await benchPod()).toString()),
  );
  const review = toReview({ object, namespace: 'steered-by-gridgate' });
  const directory = join(controlPlane.dir, 'webhook-certs');
  const ca = await readFile(join(directory, 'ca.crt'), 'utf8');
  const answer = await send(addressOf(gridgate.webhook, ca), '/mutate', JSON.stringify(review));
  const bare = await startBareServer(directory, answer.body.replace(review.request.uid, 'UID'));
  const caBundle = Buffer.from(ca).toString('base64');
  const [configuration] = structuredClone(ofKind(manifests, 'MutatingWebhookConfiguration'));
  configuration.metadata.name = 'constant';
  const [hook] = configuration.webhooks;
  hook.clientConfig = { url: bare.url, caBundle };
  hook.namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'steered-by-constant' } };
  configuration.webhooks = [hook];
  await apply(controlPlane, [configuration]);
  return bare.stop;
}

/** The label is gridgate's answer to the annotation, once the API server asks it. */
async function optIn(request: ControlPlane['request'], path: string): Promise<true | undefined> {
  const annotations = Object.fromEntries(Object.entries(POLICY).map(([key, value]) => [`gridgate.dev/${key}`, value]));
  const { body } = await request('PATCH', path, { metadata: { annotations } }, MERGE_PATCH);
  return body.metadata.labels['gridgate.dev/managed'] === 'true' || undefined;
}

/** The committed pod: what the ReplicaSet controller sends for a Deployment with two containers. */
export function benchPod(): Promise<Buffer> {
  return readFile('test/fixtures/bench-pod.json');
}

function apply(controlPlane: ControlPlane, objects: readonly Rendered[]): Promise<void> {
  return kubectlApply(controlPlane, '-', objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}

async function kubectlApply({ kubectl }: ControlPlane, file: string, input?: string): Promise<void> {
  const { code, stderr } = await kubectl(['apply', '-f', file], input);
  assert.equal(code, 0, stderr);
}
