import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { applyObjects } from '../../cluster/controllers-account.ts';
import { type Rendered, render } from '../../cluster/rendered-manifests.ts';
import { skip } from '../../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
import { nodesIn, pod, prefixed } from '../../e2e/objects.ts';
import { COMPILED } from '../../process/compiled.ts';
import { runGridgate } from '../../process/run-gridgate.ts';

const HOUR_MS = 3_600_000;
const GATE = 'gridgate.dev/defer';
const FOREIGN_GATE = 'example.com/hold';
const REGIONS = { 'eu-north': 50, 'us-east': 400 };
const JOBS = '/apis/batch/v1/namespaces/lab/jobs';
const PODS = '/api/v1/namespaces/lab/pods';

function waitsUntil(notBefore: number, latestStart: number): Record<string, string> {
  return {
    'gridgate.dev/not-before': new Date(notBefore).toISOString(),
    'gridgate.dev/waits': JSON.stringify({
      latestStart: new Date(latestStart).toISOString(),
      duration: '2h',
      durationFrom: 'pod',
      region: 'eu-north',
      now: 300,
      expected: 180,
      savingPercent: 40,
    }),
  };
}

const LATER = waitsUntil(Date.now() + HOUR_MS, Date.now() + 4 * HOUR_MS);
const OVERDUE = waitsUntil(Date.now() - 2 * HOUR_MS, Date.now() - HOUR_MS);

/** Nothing of gridgate runs: what is there was gated before. */
describe('gridgate waiting and release, on a real cluster', { skip, timeout: 600_000 }, () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane({ users: [{ name: 'dev' }] });
    const { request, waitFor } = controlPlane;
    const objects = (await render(controlPlane, 'base')).filter(
      ({ kind }) => kind !== 'Deployment' && !kind.endsWith('WebhookConfiguration'),
    );
    await applyObjects(controlPlane, objects);
    const path = '/apis/gridgate.dev/v1alpha1/regions';
    await waitFor('Regions', async () => (await request('GET', path)).status === 200 || undefined);
    for (const [name, gramsPerKwh] of Object.entries(REGIONS))
      await send('POST', path, {
        apiVersion: 'gridgate.dev/v1alpha1',
        kind: 'Region',
        metadata: { name },
        spec: { gramsPerKwh },
      });
    await controlPlane.addNodes(nodesIn(Object.keys(REGIONS)));
    await createNamespace('lab', { mode: 'enforce', defer: '8h', 'max-intensity': '200' });
    await createNamespace('idle', { mode: 'enforce', defer: '8h' });
  });
  after(() => controlPlane?.stop());

  async function send(method: string, path: string, body?: unknown): Promise<Rendered> {
    const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : undefined;
    const answer = await controlPlane.request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function createNamespace(name: string, annotations: Record<string, string>): Promise<void> {
    await send('POST', '/api/v1/namespaces', { metadata: { name, annotations: prefixed(annotations) } });
    await controlPlane.waitFor(`the account of ${name}`, async () => {
      const { status } = await controlPlane.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
      return status === 200 || undefined;
    });
  }

  const gated = (name: string, annotations: Record<string, string>, gates: readonly string[] = [GATE]) =>
    pod(name, { restartPolicy: 'Never', schedulingGates: gates.map((gate) => ({ name: gate })) }, annotations);

  function job(
    name: string,
    spec: object,
    annotations: Record<string, string> = {},
    template: Rendered = gated('', {}),
  ) {
    const { metadata, spec: podSpec } = template;
    return {
      metadata: { name, annotations },
      spec: { ...spec, template: { metadata: { annotations: metadata.annotations }, spec: podSpec } },
    };
  }

  function gridgate(command: string, ...words: readonly string[]) {
    return runGridgate([command, ...words, '--kubeconfig', controlPlane.kubeconfig]);
  }

  async function gatesOf(name: string): Promise<readonly string[]> {
    const { spec } = await send('GET', `${PODS}/${name}`);
    return (spec.schedulingGates ?? []).map((gate: Rendered) => gate.name);
  }

  async function regionOf(name: string): Promise<string> {
    return controlPlane.waitFor(`a node for ${name}`, async () => {
      const { spec } = await send('GET', `${PODS}/${name}`);
      return (spec.nodeName as string | undefined)?.replace(/-\d+$/, '');
    });
  }

  test('where nothing waits, a sentence says so', async () => {
    const { code, stdout, stderr } = await gridgate('waiting', '-n', 'idle');
    assert.deepEqual([code, stdout, stderr], [0, '', 'gridgate: nothing waits in namespace idle\n']);
    const labelled = await gridgate('waiting', '-n', 'idle', '-l', 'app=zzz');
    assert.equal(labelled.stderr, 'gridgate: nothing with labels app=zzz waits in namespace idle\n');
    const nowhere = await gridgate('waiting', '-n', 'nowhere');
    assert.equal(nowhere.stderr, 'gridgate: there is no namespace nowhere, so nothing waits in it\n');
    const overdue = await gridgate('release', '--overdue');
    assert.deepEqual([overdue.code, overdue.stdout, overdue.stderr], [0, '', '']);
    const all = await gridgate('release', '--all', '-n', 'idle', '--yes');
    assert.deepEqual([all.code, all.stderr], [0, 'gridgate: nothing waits in namespace idle\n']);
  });

  test('waiting lists pods by their owners, Jobs that gridgate suspended, and what nobody can read', async () => {
    await send('POST', PODS, gated('alone', LATER));
    await send('POST', PODS, gated('unreadable', { 'gridgate.dev/waits': 'soon' }));
    await send('POST', PODS, gated('late', OVERDUE));
    await send('POST', PODS, pod('elsewhere', { schedulingGates: [{ name: FOREIGN_GATE }] }));
    await send('POST', JOBS, job('train', { parallelism: 3, completions: 3 }, {}, gated('', LATER)));
    const deferred = { 'gridgate.dev/deferred': 'suspend' };
    await send(
      'POST',
      JOBS,
      job('held', { suspend: true }, { ...LATER, ...deferred }, pod('', { restartPolicy: 'Never' })),
    );
    await send('POST', JOBS, job('by-hand', { suspend: true }, {}, pod('', { restartPolicy: 'Never' })));
    await controlPlane.waitFor('the pods of the Job', async () => {
      const { items } = await send('GET', `${PODS}?labelSelector=job-name%3Dtrain`);
      return items.length === 3 || undefined;
    });

    const { code, stdout } = await gridgate('waiting', '-n', 'lab');
    const [head = '', ...rows] = stdout.trimEnd().split('\n');
    assert.equal(code, 0);
    assert.match(head, /^OWNER +PODS +SINCE +UNTIL +DEADLINE +NOW +EXPECTED +SAVING$/);
    assert.deepEqual(
      rows.map((row) => row.split(/ +/)[0]),
      ['pod/late', 'job/held', 'job/train', 'pod/alone', 'pod/unreadable'],
    );
    assert.match(rows[0] ?? '', /Z\(overdue\) +300 +180 +40%$/);
    assert.match(rows[1] ?? '', /^job\/held +- /);
    assert.match(rows[2] ?? '', /^job\/train +3 +\S+ +.*\d\d:\d\dZ +.*\d\d:\d\dZ +300 +180 +40%$/);
    assert.match(rows[4] ?? '', /^pod\/unreadable +1 +\S+ +- +- +- +- +-$/);

    const names = await gridgate('waiting', '-A', '-o', 'name');
    assert.deepEqual(names.stdout.trim().split('\n').slice(1, 3), ['job.batch/held', 'job.batch/train']);
    const wide = await gridgate('waiting', '-A', '-o', 'wide');
    assert.match(wide.stdout, /^NAMESPACE +OWNER.* NOW gCO2\/kWh +EXPECTED gCO2\/kWh +SAVING +REGION +LENGTH +BY\n/);
    assert.match(wide.stdout, /^lab +job\/held .* eu-north +2h \(pod\) +suspend$/m);
    const { waiting } = JSON.parse((await gridgate('waiting', '-n', 'lab', '-o', 'json')).stdout);
    assert.deepEqual(
      [waiting[2].owner, waiting[2].pods, waiting[2].region, waiting[2].savingPercent, waiting[2].overdue],
      [{ kind: 'Job', name: 'train' }, 3, 'eu-north', 40, false],
    );
  });

  test('explain tells until when, for what, and how to let it go', async () => {
    const { stdout } = await gridgate('explain', 'pod/alone', '-n', 'lab');
    assert.match(stdout, /^Waits +held by scheduling gates: gridgate\.dev\/defer\n +until \S+Z, at the latest \S+Z$/m);
    assert.match(stdout, /^ +length 2h \(it says so itself\)$/m);
    assert.match(stdout, /^ +now 300, expected 180 gCO2e\/kWh in eu-north: saves 40%$/m);
    assert.match(stdout, /^ +to let it go now: gridgate release pod\/alone -n lab$/m);
    assert.match((await gridgate('explain', 'pod/late', '-n', 'lab')).stdout, /its latest start has passed/);
    const { waiting } = JSON.parse((await gridgate('explain', 'job/held', '-n', 'lab', '-o', 'json')).stdout);
    assert.deepEqual([waiting.reason, waiting.wait.savingPercent], ['Suspended', 40]);
    assert.match(waiting.message, /gridgate suspended it/);
    const byHand = JSON.parse((await gridgate('explain', 'job/by-hand', '-n', 'lab', '-o', 'json')).stdout);
    assert.match(byHand.waiting.message, /its author suspended it/);
  });

  test('what is overdue goes, with what its region should be; the rest waits on', async () => {
    const dry = await gridgate('release', '--dry-run', '--overdue');
    assert.deepEqual([dry.code, dry.stdout], [0, 'pod/late released in namespace lab (dry run)\n']);
    assert.deepEqual(await gatesOf('late'), [GATE]);
    const { code, stdout, stderr } = await gridgate('release', '--overdue');
    assert.deepEqual([code, stdout, stderr], [0, 'pod/late released in namespace lab\n', '']);
    assert.equal(await regionOf('late'), 'eu-north', 'us-east is above the ceiling');
    const { metadata } = await send('GET', `${PODS}/late`);
    assert.ok(Math.abs(Date.parse(metadata.annotations['gridgate.dev/released']) - Date.now()) < HOUR_MS);
    assert.deepEqual(await gatesOf('alone'), [GATE]);
  });

  test('names go, as kubectl writes them; what is not there is a mistake', async () => {
    const dry = await gridgate('release', '--dry-run', 'unreadable', '-n', 'lab');
    assert.deepEqual([dry.code, dry.stdout], [0, 'pod/unreadable released (dry run)\n']);
    const pods = await gridgate('release', 'pod', 'unreadable', 'elsewhere', '-n', 'lab');
    assert.deepEqual([pods.code, pods.stdout], [0, 'pod/unreadable released\n']);
    assert.match(pods.stderr, /pod\/elsewhere does not wait for gridgate: gates of others hold it: example\.com\/hold/);
    const meant = await gridgate('release', 'train', '-n', 'lab');
    assert.equal(meant.code, 2);
    assert.match(meant.stderr, /nothing called pod\/train waits .*; what waits by that name is job\/train/);
    assert.deepEqual(await gatesOf('elsewhere'), [FOREIGN_GATE]);

    const jobs = await gridgate('release', 'jobs.batch/train', 'job/held', '-n', 'lab', '-o', 'json');
    const { released: gone, dryRun } = JSON.parse(jobs.stdout);
    assert.deepEqual([jobs.code, dryRun], [0, false], jobs.stderr);
    assert.deepEqual(gone.map(({ kind, outcome }: Rendered) => `${kind} ${outcome}`).sort(), [
      'Job released',
      'Pod released',
      'Pod released',
      'Pod released',
    ]);
    const held = await send('GET', `${JOBS}/held`);
    assert.equal(held.spec.suspend, false);
    assert.ok(held.metadata.annotations['gridgate.dev/released']);

    const wrong = await gridgate('release', 'job/nothing', '-n', 'lab');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /nothing called job\/nothing waits in namespace lab, and there is none/);
    const again = await gridgate('release', 'job/held', '-n', 'lab');
    assert.deepEqual([again.code, again.stdout], [0, '']);
    assert.match(again.stderr, /^gridgate: job\/held does not wait: it was let go at \S+Z\n$/);
    const told = await send('GET', '/apis/events.k8s.io/v1/namespaces/lab/events');
    const released = told.items.filter(({ reason }: Rendered) => reason === 'Released');
    for (const name of ['held', 'train', 'unreadable'])
      assert.match(
        released.find(({ regarding }: Rendered) => regarding.name === name)?.note ?? '',
        /^let go after .*: by hand by /,
        name,
      );
  });

  test('a Job that somebody suspended by hand, also after it was let go, stays so', async () => {
    await send('PATCH', `${JOBS}/held`, { spec: { suspend: true } });
    const { code, stdout } = await gridgate('release', '--all', '-n', 'lab', '--yes');
    assert.deepEqual([code, stdout], [0, 'pod/alone released\n']);
    for (const name of ['held', 'by-hand'])
      assert.equal((await send('GET', `${JOBS}/${name}`)).spec.suspend, true, name);
  });

  test("a pod's own word does not make it wait longer than its namespace says, and one of mode audit does not wait", async () => {
    const never = waitsUntil(Date.now() + HOUR_MS, Date.now() + 900 * HOUR_MS);
    await send('POST', PODS, gated('stubborn', never));
    assert.equal((await gridgate('release', '--overdue')).stdout, '');
    await send('PATCH', '/api/v1/namespaces/lab', { metadata: { annotations: { 'gridgate.dev/defer': '0s' } } });
    assert.equal((await gridgate('release', '--overdue')).stdout, 'pod/stubborn released in namespace lab\n');
    await send('PATCH', '/api/v1/namespaces/lab', {
      metadata: { annotations: { 'gridgate.dev/defer': '8h', 'gridgate.dev/mode': 'audit' } },
    });
    await send('POST', PODS, gated('audited', LATER));
    assert.equal((await gridgate('release', '--overdue')).stdout, 'pod/audited released in namespace lab\n');
    const { spec } = await send('GET', `${PODS}/audited`);
    assert.equal(spec.affinity, undefined, 'nothing is steered in mode audit');
    await send('PATCH', '/api/v1/namespaces/lab', { metadata: { annotations: { 'gridgate.dev/mode': 'enforce' } } });
  });

  test('with rights in one namespace alone the gate goes, and that is said', async () => {
    await send('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/lab/rolebindings', {
      metadata: { name: 'dev' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'User', name: 'dev', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    await send('POST', PODS, gated('mine', LATER));
    const kubeconfig = ['--kubeconfig', controlPlane.kubeconfigFor('dev')];
    const listed = await controlPlane.waitFor('the right', async () => {
      const found = await runGridgate(['waiting', '-n', 'lab', ...kubeconfig]);
      return found.code === 0 ? found : undefined;
    });
    assert.match(listed.stdout, /^pod\/mine /m);
    const refused = await runGridgate(['waiting', '-A', ...kubeconfig]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /you \(dev\) may not list pods; who may look into one namespace names it with -n/);
    const { code, stdout, stderr } = await runGridgate(['release', 'mine', '-n', 'lab', ...kubeconfig]);
    assert.deepEqual([code, stdout], [0, 'pod/mine released\n'], stderr);
    assert.match(
      stderr,
      /you \(dev\) may not list regions\.gridgate\.dev; the ClusterRole gridgate-view.*; what waits is let go as its author wrote it, unsteered/,
    );
    assert.deepEqual(await gatesOf('mine'), []);
  });

  test('waiting -w prints what comes, and tells what went', async () => {
    const env = { PATH: process.env['PATH'] ?? '', ...COMPILED };
    const args = ['src/main.ts', 'waiting', '-w', '-n', 'lab', '--kubeconfig', controlPlane.kubeconfig];
    const child = spawn(process.execPath, args, { env });
    const ended = once(child, 'exit');
    let seen = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (seen += text));
    try {
      await send('POST', PODS, gated('first', LATER));
      await controlPlane.waitFor('the first', () => /^pod\/first /m.test(seen) || undefined);
      await send('POST', PODS, gated('second', LATER));
      await controlPlane.waitFor('the second', () => /^pod\/second /m.test(seen) || undefined);
      await gridgate('release', 'first', '-n', 'lab');
      await controlPlane.waitFor('the end of the first', () => /lab\/pod\/first is gone/.test(seen) || undefined);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});
