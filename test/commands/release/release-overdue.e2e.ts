import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyObjects, CONTROLLERS_ACCOUNT, untilGuarded } from '../../cluster/controllers-account.ts';
import { type Rendered, render } from '../../cluster/rendered-manifests.ts';
import { skip } from '../../control-plane/assets.ts';
import { startControlPlane } from '../../control-plane/start.ts';
import { nodesIn, pod, prefixed } from '../../e2e/objects.ts';
import { runGridgate } from '../../process/run-gridgate.ts';

const PODS = '/api/v1/namespaces/lab/pods';
const JOBS = '/apis/batch/v1/namespaces/lab/jobs';
const REGIONS = '/apis/gridgate.dev/v1alpha1/regions';
const FOREIGN_GATE = { name: 'example.com/hold' };

test('the account of the CronJob lets go what is overdue, where no leader is, within its guard', {
  skip,
}, async (t) => {
  const controlPlane = await startControlPlane({ users: [{ name: CONTROLLERS_ACCOUNT }] });
  t.after(controlPlane.stop);
  const { request, waitFor } = controlPlane;
  const objects = (await render(controlPlane, 'base')).filter(
    ({ kind }) => kind !== 'Deployment' && !kind.endsWith('WebhookConfiguration'),
  );
  const [cronJob] = objects.filter(({ kind }) => kind === 'CronJob');
  const { args } = cronJob.spec.jobTemplate.spec.template.spec.containers[0];
  await applyObjects(
    controlPlane,
    objects.filter(({ kind }) => kind !== 'CronJob'),
  );
  await untilGuarded(controlPlane);
  await waitFor('Regions', async () => (await request('GET', REGIONS)).status === 200 || undefined);
  for (const [name, gramsPerKwh] of Object.entries({ 'eu-north': 50, 'us-east': 400 }))
    await send('POST', REGIONS, {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'Region',
      metadata: { name },
      spec: { gramsPerKwh },
    });
  await controlPlane.addNodes(nodesIn(['eu-north', 'us-east']));
  // Its `defer` was taken away: all that waits is due.
  const annotations = prefixed({ mode: 'enforce', 'max-intensity': '200' });
  await send('POST', '/api/v1/namespaces', { metadata: { name: 'lab', annotations } });
  await waitFor('the account of lab', async () => {
    const { status } = await request('GET', '/api/v1/namespaces/lab/serviceaccounts/default');
    return status === 200 || undefined;
  });
  const spec = { restartPolicy: 'Never', schedulingGates: [FOREIGN_GATE, { name: 'gridgate.dev/defer' }] };
  await send('POST', PODS, pod('late', spec));
  await send('POST', JOBS, {
    metadata: { name: 'held', annotations: { 'gridgate.dev/deferred': 'suspend' } },
    spec: { suspend: true, template: { spec: pod('', { restartPolicy: 'Never' }).spec } },
  });

  const { code, stdout, stderr } = await runGridgate([
    ...args,
    '--kubeconfig',
    controlPlane.kubeconfigFor(CONTROLLERS_ACCOUNT),
  ]);
  assert.deepEqual([code, stderr], [0, ''], 'it may read and write all that it needs');
  assert.deepEqual(stdout.trim().split('\n').sort(), [
    'job.batch/held released in namespace lab',
    'pod/late released in namespace lab',
  ]);
  const late = await send('GET', `${PODS}/late`);
  assert.deepEqual(late.spec.schedulingGates, [FOREIGN_GATE]);
  assert.match(JSON.stringify(late.spec.affinity), /NotIn.*us-east/);
  assert.equal((await send('GET', `${JOBS}/held`)).spec.suspend, false);
  const { items } = await send('GET', '/apis/events.k8s.io/v1/namespaces/lab/events');
  const told = items.filter(({ reason }: Rendered) => reason === 'Released');
  assert.deepEqual(told.map(({ regarding }: Rendered) => `${regarding.kind}/${regarding.name}`).sort(), [
    'Job/held',
    'Pod/late',
  ]);
  assert.match(told[0].note, /: it should have started, and nobody else let it go$/);

  async function send(method: string, path: string, body?: unknown): Promise<Rendered> {
    const answer = await request(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
});
