import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import { median } from '../bench/figures.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { createApiClient } from '../control-plane/api-client.ts';
import { findFreePort } from '../control-plane/ports.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { startForwarder } from './forwarder.ts';
import { pod, prefixed } from './objects.ts';

/** What the manifests set. */
const WEBHOOK_TIMEOUT_MS = 2_000;
const SHUTDOWN_DELAY_MS = 3_000;
/** 20 s of 20 pods a second, five at once, so that the API server needs several connections. */
const BURST = { pods: 5, everyMs: 250, afterwards: 8 };

describe('when something fails', () => {
  let cluster: Cluster;
  let gridgate: GridgateProcess;

  before(async () => {
    if (skip) return;
    cluster = await startCluster({ args: ['--port', String(await findFreePort())] });
    gridgate = cluster.gridgate;
    await cluster.createNamespace('shop', { mode: 'enforce' });
  });
  after(() => cluster?.stop());

  test('kill -9 of the webhook: pods pass at once, and a new one takes over', { skip }, async () => {
    assert.ok(isSteered(await create('steered')));
    assert.equal(await gridgate.end('SIGKILL'), null);
    const times: number[] = [];
    for (let i = 0; i < 10; i++) {
      const started = performance.now();
      assert.ok(!isSteered(await create(`unsteered-${i}`)));
      times.push(performance.now() - started);
    }
    assert.ok(median(times) < WEBHOOK_TIMEOUT_MS, `most waited for a timeout: ${times}`);

    gridgate = await cluster.startInstance();
    assert.ok(isSteered(await create('steered-again')));
  });

  test('a webhook that hangs: pods pass after its timeout', { skip }, async () => {
    process.kill(gridgate.pid, 'SIGSTOP');
    try {
      assert.ok(!isSteered(await create('hung')));
    } finally {
      process.kill(gridgate.pid, 'SIGCONT');
    }
    assert.ok(isSteered(await create('awake')));
  });

  test('the API server restarted: the webhook goes on meanwhile, and sees what changes after', { skip }, async () => {
    const client = createApiClient({ url: gridgate.webhook, ca: readFileSync(cluster.caFile, 'utf8'), token: '' });
    let restarted = false;
    const restart = cluster.controlPlane.restartApiServer().finally(() => {
      restarted = true;
    });
    let answered = 0;
    for await (const _ of setInterval(100)) {
      if (restarted) break;
      assert.equal((await fetch(`${gridgate.operators}/readyz`)).status, 200);
      const { status, body } = await client.request('POST', '/mutate?timeout=2s', review('shop', pod('meanwhile')));
      assert.deepEqual([status, body.response.allowed, body.response.patchType], [200, true, 'JSONPatch']);
      answered += 1;
    }
    client.disconnect();
    await restart;
    assert.ok(answered > 3, `${answered}`);
    assert.ok(isSteered(await create('after-the-restart')));

    await cluster.patch('/api/v1/namespaces/shop', { metadata: { annotations: prefixed({ regions: 'eu-west' }) } });
    await cluster.waitFor('the new policy to count', async () => {
      const { body } = await cluster.createPod('shop', { ...pod(''), metadata: { generateName: 'bound-' } });
      return JSON.stringify(body.spec.affinity).includes('"operator":"In","values":["eu-west"]') || undefined;
    });
  });

  test('SIGTERM after a burst, from which the API server keeps connections it never used: exit code 0', {
    skip,
  }, async () => {
    const burst = Array.from({ length: 60 }, (_, i) => cluster.createPod('shop', pod(`burst-${i}`)));
    for (const { status, body } of await Promise.all(burst)) assert.ok(status === 201 && isSteered(body));
    assert.equal(await gridgate.end('SIGTERM'), 0);
  });

  test('a rolling restart of two behind one address loses no review', { skip }, async () => {
    const forwarder = await startForwarder();
    const startOne = async () => {
      const instance = await cluster.startInstance('--port', '0', '--shutdown-delay', `${SHUTDOWN_DELAY_MS}ms`);
      await forwarder.add(instance);
      return instance;
    };
    try {
      const old = [await startOne(), await startOne()];
      await cluster.pointWebhooksAt(forwarder.origin, ...old);
      await cluster.createNamespace('rolling', { mode: 'enforce' });

      const replacing = replace(old, startOne);
      const [answers, exitCodes] = await Promise.all([createSteadily('rolling', replacing), replacing]);
      assert.deepEqual(
        answers.filter(({ status }) => status !== 201),
        [],
      );
      assert.deepEqual(
        answers.filter(({ body }) => !isSteered(body)).map(({ body }) => body.metadata.name),
        [],
      );
      assert.equal((await cluster.podsOf('rolling')).filter(isSteered).length, answers.length);
      // The API server opens no more connections than it needs: of the new ones, one may get them all.
      const [first = 0, second = 0, ...fresh] = forwarder.connections();
      assert.ok(first > 0 && second > 0 && fresh.some((count) => count > 0), `${forwarder.connections()}`);
      assert.deepEqual(exitCodes, [0, 0]);
    } finally {
      forwarder.stop();
    }
  });

  async function create(name: string): Promise<Rendered> {
    const { status, body } = await cluster.createPod('shop', pod(name));
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  /** Until `work` is done, and a while longer: whoever came last gets some, too. */
  async function createSteadily(namespace: string, work: Promise<unknown>) {
    const answers: ReturnType<Cluster['createPod']>[] = [];
    let left = Number.POSITIVE_INFINITY;
    const wind = () => {
      left = BURST.afterwards;
    };
    work.then(wind, wind);
    for await (const _ of setInterval(BURST.everyMs)) {
      for (let i = 0; i < BURST.pods; i++) answers.push(cluster.createPod(namespace, pod(`p${answers.length}`)));
      left -= 1;
      if (left <= 0) break;
    }
    return Promise.all(answers);
  }

  /** One after the other, as a Deployment with `maxSurge: 1` and `maxUnavailable: 0` does it. */
  async function replace(old: readonly GridgateProcess[], startOne: () => Promise<GridgateProcess>) {
    const exitCodes: (number | null)[] = [];
    for (const instance of old) {
      await startOne();
      const ending = instance.end('SIGTERM');
      const hasLeft = async () => (await fetch(`${instance.operators}/readyz`)).status === 503 || undefined;
      await cluster.waitFor('readiness to end before the service does', hasLeft, SHUTDOWN_DELAY_MS);
      exitCodes.push(await ending);
    }
    return exitCodes;
  }
});

function isSteered({ metadata, spec }: Rendered): boolean {
  return metadata.annotations?.['gridgate.dev/decision'] !== undefined && spec.affinity?.nodeAffinity !== undefined;
}

function review(namespace: string, object: object): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const request = { uid: '1', kind, namespace, operation: 'CREATE', object };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}
