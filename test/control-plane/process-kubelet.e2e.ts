import assert from 'node:assert/strict';
import { readFile, readlink } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { MANIFESTS, type Rendered } from '../cluster/rendered-manifests.ts';
import { nodesIn } from '../e2e/objects.ts';
import { skip } from './assets.ts';
import { kubectlOutput } from './kubectl.ts';
import { podsSkip } from './process-kubelet/kubelet.ts';
import { type ControlPlane, startControlPlane } from './start.ts';

const SYSTEM = '/api/v1/namespaces/gridgate-system';

describe('gridgate as its manifests install it, its pods real processes', { skip: skip || podsSkip }, () => {
  let plane: ControlPlane;

  before(async () => {
    plane = await startControlPlane({ pods: {} });
    await plane.addNodes(nodesIn(['eu-north-1', 'us-east-1']));
  });
  after(() => plane?.stop());

  const kubectl = (...args: readonly string[]) => kubectlOutput(plane, ...args);

  it('runs: every Deployment of the base becomes available, and a pod is steered', async () => {
    await kubectl('apply', '--server-side', '-k', `${MANIFESTS}/base`);
    await kubectl('apply', '-f', `${MANIFESTS}/samples/regions.yaml`);
    for (const name of ['gridgate', 'gridgate-controllers'])
      await kubectl('rollout', 'status', `deployment/${name}`, '-n', 'gridgate-system', '--timeout=90s');
    await kubectl('create', 'namespace', 'shop');
    await kubectl('annotate', 'namespace', 'shop', 'gridgate.dev/mode=enforce');
    const pod = await plane.waitFor('a pod that is steered', async () => {
      const made = await kubectl('run', 'web', '-n', 'shop', '--image=web', '--dry-run=server', '-o', 'json');
      return JSON.parse(made).spec.affinity && JSON.parse(made);
    });
    assert.match(JSON.stringify(pod.spec.affinity), /topology.kubernetes.io\/region/);
  });

  it('runs them as the manifests say: not root, nothing writable, under their own account', async () => {
    const running = (plane.kubelet?.pods() ?? []).filter((pod) => pod.pid() !== undefined);
    assert.ok(running.length >= 4, `${running.length} pods run`);
    for (const pod of running) {
      const process = await readFile(`/proc/${pod.pid()}/status`, 'utf8');
      assert.match(process, /^Uid:\t65532\t65532\t65532\t65532$/m);
      assert.match(process, /^CapEff:\t0+$/m);
      const mounts = await readFile(`/proc/${pod.pid()}/mounts`, 'utf8');
      assert.match(mounts, /^\S+ \/ \S+ ro,/m);
      const net = (pid: number | 'self') => readlink(`/proc/${pid}/ns/net`);
      assert.notEqual(await net(pod.pid() as number), await net('self'));
    }
  });

  it('shows logs, and restarts what is killed', async () => {
    const victim = await someWebhook();
    assert.match(await kubectl('logs', victim.metadata.name, '-n', 'gridgate-system'), /"msg"/);
    const running = plane.kubelet?.pods().find(({ name }) => name === victim.metadata.name);
    process.kill(running?.pid() as number, 'SIGKILL');
    await plane.waitFor('a restart', async () => {
      const { body } = await plane.request('GET', `${SYSTEM}/pods/${victim.metadata.name}`);
      return body.status.containerStatuses[0].restartCount === 1 && body.status.containerStatuses[0].ready
        ? true
        : undefined;
    });
  });

  it('ends what is deleted, gracefully, and the Deployment has another', async () => {
    const victim = await someWebhook();
    await kubectl('delete', 'pod', victim.metadata.name, '-n', 'gridgate-system');
    await kubectl('rollout', 'status', 'deployment/gridgate', '-n', 'gridgate-system', '--timeout=60s');
    const { status } = await plane.request('GET', `${SYSTEM}/pods/${victim.metadata.name}`);
    assert.equal(status, 404);
  });

  it('pulls no image that is not there', async () => {
    await kubectl('set', 'image', 'deployment/gridgate', 'gridgate=nobody/else:1', '-n', 'gridgate-system');
    await plane.waitFor('a pod without its image', async () => {
      const { body } = await plane.request('GET', `${SYSTEM}/pods?labelSelector=app.kubernetes.io/component=webhook`);
      const reasons = body.items.map(({ status }: Rendered) => status.containerStatuses?.[0].state.waiting?.reason);
      return reasons.includes('ErrImagePull') ? true : undefined;
    });
  });

  async function someWebhook(): Promise<Rendered> {
    const { body } = await plane.request('GET', `${SYSTEM}/pods?labelSelector=app.kubernetes.io/component=webhook`);
    return body.items[0];
  }
});
