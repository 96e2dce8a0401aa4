import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { CHART } from '../chart/chart-files.ts';
import { MANIFESTS, type Rendered } from '../cluster/rendered-manifests.ts';
import { skip as skipWithoutCluster } from '../control-plane/assets.ts';
import { runHelm } from '../control-plane/helm.ts';
import { kubectlOutput } from '../control-plane/kubectl.ts';
import { ownImage, podsSkip } from '../control-plane/process-kubelet/kubelet.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { nodesIn, SERVING } from '../e2e/objects.ts';
import { type PodStream, startPodStream } from './pod-stream.ts';
import { type PreviousRelease, previousRelease, skip as skipWithoutHistory } from './previous-release.ts';

const skip = skipWithoutCluster || podsSkip || skipWithoutHistory;
const PODS_PER_SECOND = 20;
const SYSTEM = '/api/v1/namespaces/gridgate-system';
const DEPLOYMENTS = ['gridgate', 'gridgate-controllers'];
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
  (plural) => `/apis/admissionregistration.k8s.io/v1/${plural}/gridgate`,
);
/** Tags of our image: no registry has them, and both releases may have one version. */
type Tag = 'previous' | 'present';

describe('gridgate, upgraded by its manifests while pods are created', { skip }, () => {
  let plane: ControlPlane;
  let previous: PreviousRelease;
  let stream: PodStream;
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gridgate-test-')));

  before(async () => {
    previous = previousRelease();
    const imageOf = (name: string) => (name.endsWith(':previous') ? { folder: previous.folder } : ownImage(name));
    plane = await startControlPlane({ pods: { imageOf } });
    await plane.addNodes(
      nodesIn(['eu-north-1', 'us-east-1']).map((node) => ({ ...node, capacity: { pods: '5000', cpu: '5000' } })),
    );
  });
  after(async () => {
    await stream?.stop();
    await plane?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** As people have it: the base, and the image of their registry. */
  function overlay(tag: Tag): string {
    const folder = join(directory, tag);
    mkdirSync(folder, { recursive: true });
    const base = join(tag === 'previous' ? previous.manifests : MANIFESTS, 'base');
    const kustomization = { resources: [relative(folder, base)], images: [{ name: 'gridgate', newTag: tag }] };
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
    return folder;
  }

  const kubectl = (...args: readonly string[]) => kubectlOutput(plane, ...args);

  async function applyAndRoll(tag: Tag, ...how: readonly string[]): Promise<void> {
    await kubectl('apply', ...how, '-k', overlay(tag));
    await Promise.all(
      DEPLOYMENTS.map((name) =>
        kubectl('rollout', 'status', `deployment/${name}`, '-n', 'gridgate-system', '--timeout=180s'),
      ),
    );
    await assertRunning(tag);
  }

  async function assertRunning(tag: Tag): Promise<void> {
    const images = (await read(`${SYSTEM}/pods?labelSelector=${encodeURIComponent(SERVING)}`)).items
      .filter(({ metadata }: Rendered) => !metadata.deletionTimestamp)
      .map(({ spec }: Rendered) => spec.containers[0].image);
    assert.deepEqual(images, Array(4).fill(`gridgate:${tag}`));
  }

  async function read(path: string): Promise<Rendered> {
    const { status, body } = await plane.request('GET', path);
    assert.equal(status, 200, path);
    return body;
  }

  const certificates = async () => ({
    authority: (await read(`${SYSTEM}/secrets/gridgate-ca`)).data,
    leaf: (await read(`${SYSTEM}/secrets/gridgate-tls`)).data,
    trusted: await Promise.all(
      CONFIGURATIONS.map(async (path) =>
        (await read(path)).webhooks.map(({ clientConfig }: Rendered) => clientConfig.caBundle),
      ),
    ),
  });

  function assertNobodyMissed(t: TestContext): void {
    const { unsteered, failed, ...counts } = stream.counts();
    t.diagnostic(`pods so far: ${JSON.stringify(counts)}`);
    assert.ok(counts.created >= PODS_PER_SECOND, 'hardly a pod was created');
    assert.deepEqual(failed, []);
    assert.deepEqual(unsteered, []);
  }

  let certificatesBefore: Awaited<ReturnType<typeof certificates>>;

  test('N-1 as its manifests install it steers pods', async () => {
    await applyAndRoll('previous');
    await kubectl('apply', '-f', join(previous.manifests, 'samples/regions.yaml'));
    await kubectl('create', 'namespace', 'shop');
    await kubectl('annotate', 'namespace', 'shop', 'gridgate.dev/mode=enforce');
    await plane.waitFor('a pod that is steered', async () => {
      const made = await kubectl('run', 'web', '-n', 'shop', '--image=web', '--dry-run=server', '-o', 'json');
      return JSON.parse(made).spec.affinity !== undefined || undefined;
    });
    certificatesBefore = await certificates();
  });

  test('kubectl apply -k of N: both Deployments roll at once, and every pod is steered', async (t) => {
    stream = startPodStream(plane, 'shop', PODS_PER_SECOND);
    await applyAndRoll('present');
    assert.deepEqual(await certificates(), certificatesBefore);
    assertNobodyMissed(t);
  });

  test('kubectl apply -k of N-1 rolls back, and every pod is steered', async (t) => {
    await applyAndRoll('previous');
    assert.deepEqual(await certificates(), certificatesBefore);
    assertNobodyMissed(t);
  });

  test('kubectl apply --server-side of N over what kubectl apply installed: with force once, without conflict from then on', async (t) => {
    await applyAndRoll('present', '--server-side', '--force-conflicts');
    await applyAndRoll('present', '--server-side');
    assert.deepEqual(await certificates(), certificatesBefore);
    assertNobodyMissed(t);
  });

  test('helm install --take-ownership of N over what kubectl apply installed of N-1, and every pod is steered', async (t) => {
    await kubectl('apply', '--server-side', '--force-conflicts', '-k', overlay('previous'));
    const { code, stdout, stderr } = await runHelm([
      ...['install', 'gridgate', CHART, '-n', 'gridgate-system', '--kubeconfig', plane.kubeconfig],
      ...['--take-ownership', '--force-conflicts', '--wait', '--timeout', '180s', '--set', 'image.tag=present'],
    ]);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    await assertRunning('present');
    assert.deepEqual(await certificates(), certificatesBefore);
    const { asked, created } = await stream.stop();
    assertNobodyMissed(t);
    assert.equal(created, asked);
    assert.equal((await read('/api/v1/namespaces/shop/pods')).items.length, asked);
  });

  test('nothing of N-1 is left that N does not install', async () => {
    const [before, now] = await Promise.all((['previous', 'present'] as const).map(namesIn));
    assert.deepEqual(
      before?.filter((name) => !now?.includes(name)),
      [],
    );
  });

  async function namesIn(tag: Tag): Promise<readonly string[]> {
    const objects = parseAllDocuments(await kubectl('kustomize', overlay(tag))).map((document) => document.toJS());
    return objects.map(({ kind, metadata }: Rendered) => `${kind} ${metadata.name}`).sort();
  }
});
