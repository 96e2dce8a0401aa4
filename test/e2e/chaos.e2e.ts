import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueCertificate } from '../../src/certs/dev-certificate.ts';
import { parseCertificates } from '../../src/certs/parsed-certificate.ts';
import { applyObjects } from '../cluster/controllers-account.ts';
import { ofKind, type Rendered, render } from '../cluster/rendered-manifests.ts';
import { hostAddress } from '../control-plane/host-address.ts';
import type { GridgateProcess } from '../process/gridgate-process.ts';
import { type Account, type Fate, summarise, UNACCOUNTED } from '../soak/pod-accounts.ts';
import { startSteadyPods } from '../soak/steady-pods.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, REGIONS_PATH, SLICES, SYSTEM, sliceFor, startLiveCluster } from './live-cluster.ts';
import { nodesIn, pod } from './objects.ts';

const REGIONS = { 'eu-north': { gramsPerKwh: 30 }, 'eu-west': { gramsPerKwh: 90 }, 'us-east': { gramsPerKwh: 20 } };
const NODES = nodesIn(Object.keys(REGIONS));
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/gridgate-system/leases/gridgate';
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/regions.gridgate.dev';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gridgate';
const SERVICE = 'gridgate.gridgate-system.svc';
const AT_ONCE = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 };
const PODS_PER_SECOND = 5;
/** How long pods go on after all is well again. */
const AFTERWARDS_MS = 2_000;
const OUTAGE_MS = 4_000;
/** All that may become of a pod while the webhook itself is well and reached. */
const NOTHING_LOST: readonly Fate[] = ['steered', 'refused'];
const NOT_MADE: readonly Fate[] = [...NOTHING_LOST, 'not made'];
const LET_THROUGH: readonly Fate[] = [...NOT_MADE, 'passed'];

interface Fault {
  /** Breaks something; its end is when nobody breaks it any more. */
  readonly harm: () => Promise<unknown>;
  /** Answers when gridgate does all of its work again. */
  readonly recovered: () => Promise<unknown>;
  /** What may become of the pods of the time. */
  readonly fates: readonly Fate[];
}

describe('chaos, with pods all the time, each of which is accounted for', () => {
  let cluster: LiveCluster;
  let scenes = 0;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: REGIONS,
      nodes: NODES,
      replicas: { controllers: 2, webhook: 2 },
    });
    await cluster.createNamespace('shop', { mode: 'enforce', regions: 'eu-*' });
    await untilSteered();
  });
  after(() => cluster?.stop());

  test('etcd stopped and started again', { skip }, (t) =>
    underPods(t, {
      harm: () => cluster.controlPlane.withoutEtcd(() => sleep(OUTAGE_MS)),
      recovered: untilLeaderWrites,
      fates: LET_THROUGH,
    }),
  );

  test('the API server restarted', { skip }, (t) =>
    underPods(t, { harm: cluster.controlPlane.restartApiServer, recovered: untilLeaderWrites, fates: LET_THROUGH }),
  );

  test('the leader stopped until another leads, and woken again', { skip }, (t) =>
    underPods(t, {
      async harm() {
        const { holder, process: leader } = await leading();
        process.kill(leader.pid, 'SIGSTOP');
        try {
          await untilOther(holder);
        } finally {
          process.kill(leader.pid, 'SIGCONT');
        }
      },
      recovered: untilLeaderWrites,
      fates: NOTHING_LOST,
    }),
  );

  test('the leader killed', { skip }, (t) =>
    underPods(t, {
      harm: async () => (await leading()).process.end('SIGKILL'),
      recovered: untilLeaderWrites,
      fates: NOTHING_LOST,
    }),
  );

  let authority = '';
  test('the Secrets of the certificate and of its authority deleted', { skip }, async (t) => {
    await underPods(t, WITHOUT_SECRETS);
    authority = await certificateOf('gridgate-ca');
  });

  test('all Regions deleted, and made again', { skip }, (t) =>
    underPods(t, {
      async harm() {
        for (const name of Object.keys(REGIONS)) await cluster.send('DELETE', `${REGIONS_PATH}/${name}`);
        await sleep(OUTAGE_MS);
        await createRegions();
      },
      recovered: untilLeaderWrites,
      fates: NOTHING_LOST,
    }),
  );

  test('the CustomResourceDefinition deleted with them, and applied again', { skip }, (t) =>
    underPods(t, {
      async harm() {
        await cluster.send('DELETE', CRD);
        await cluster.waitFor('Regions to be unknown', async () => (await regionsStatus()) === 404 || undefined);
        await sleep(OUTAGE_MS);
        const objects = await render(cluster.controlPlane, 'base');
        await applyObjects(cluster.controlPlane, ofKind(objects, 'CustomResourceDefinition'));
        await cluster.waitFor('Regions to be known', async () => (await regionsStatus()) === 200 || undefined);
        await createRegions();
      },
      recovered: untilLeaderWrites,
      fates: NOTHING_LOST,
    }),
  );

  test('the webhooks killed, and an impostor in their place: nobody hears what it says', { skip }, async (t) => {
    await using impostor = await startImpostor();
    await underPods(t, {
      async harm() {
        for (const instance of cluster.replicas('webhook')) {
          await instance.end('SIGKILL');
          await cluster.send('DELETE', `${SLICES}/${sliceFor(instance).metadata.name}`);
        }
        await cluster.send('POST', SLICES, impostor.slice);
        await cluster.waitFor('the API server to come', () => impostor.visited() > 3 || undefined);
        await cluster.send('DELETE', `${SLICES}/${impostor.slice.metadata.name}`);
        await cluster.startReplica('webhook');
      },
      recovered: untilSteered,
      fates: LET_THROUGH,
    });
    assert.deepEqual(impostor.heard, []);
  });

  test('a certificate of the new authority is served once every bundle has held that for a minute', {
    skip,
  }, async () => {
    assert.ok(fingerprints(authority).length > 0, 'the scene of the Secrets left no authority');
    await cluster.waitFor(
      'it',
      async () => {
        const ca = fingerprints(await certificateOf('gridgate-tls', 'ca.crt'));
        return fingerprints(authority).every((one) => ca.includes(one)) || undefined;
      },
      120_000,
    );
    await untilSteered();
  });

  /** Pods come and go on coming from before the fault until all is well again; each has one of the fates that it may have. */
  async function underPods(t: TestContext, { harm, recovered, fates }: Fault): Promise<void> {
    const pods = startSteadyPods({
      controlPlane: cluster.controlPlane,
      namespace: 'shop',
      nodes: NODES.map(({ name, labels = {} }) => ({ name, labels })),
      isAllowed: (region) => region.startsWith('eu-'),
      refusedRegion: 'us-east',
      perSecond: PODS_PER_SECOND,
      prefix: `scene${scenes++}`,
    });
    const began = performance.now();
    let accounts: readonly Account[] = [];
    try {
      await harm();
      const harmed = performance.now();
      await recovered();
      await untilSteered();
      const seconds = [harmed - began, performance.now() - harmed].map((ms) => (ms / 1_000).toFixed(1));
      t.diagnostic(`the fault took ${seconds[0]} s, recovery after it ${seconds[1]} s`);
      await sleep(AFTERWARDS_MS);
    } finally {
      accounts = await pods.stop();
      t.diagnostic(`${accounts.length} pods: ${summarise(accounts)}`);
    }
    // Those of the next scene find room: others would make way for them.
    await cluster.send('DELETE', '/api/v1/namespaces/shop/pods', AT_ONCE);
    const lost = accounts.filter(({ fate }) => UNACCOUNTED.includes(fate) || !fates.includes(fate));
    assert.deepEqual(lost, []);
    assert.ok(NOTHING_LOST.includes(accounts.at(-1)?.fate ?? 'unexplained'), 'the last pod');
  }

  /** Well again when there is another authority, which every bundle holds, and every replica is ready. */
  const WITHOUT_SECRETS: Fault = {
    async harm() {
      authority = await certificateOf('gridgate-ca');
      for (const name of ['gridgate-ca', 'gridgate-tls']) await cluster.send('DELETE', `${SYSTEM}/secrets/${name}`);
    },
    async recovered() {
      await cluster.waitFor('bundles that hold another authority', async () => {
        const now = await certificateOf('gridgate-ca');
        const { webhooks } = await cluster.send('GET', WEBHOOKS);
        const isHeld = webhooks.every(({ clientConfig }: Rendered) =>
          bundleHolds(clientConfig.caBundle, fingerprints(now)),
        );
        return (now !== authority && isHeld) || undefined;
      });
      await cluster.waitFor('every replica to be ready', async () => {
        const replicas = cluster.replicas('webhook').map(({ operators }) => fetch(`${operators}/readyz`));
        return (await Promise.all(replicas)).every(({ ok }) => ok) || undefined;
      });
    },
    fates: NOTHING_LOST,
  };

  async function certificateOf(name: string, key = name === 'gridgate-ca' ? 'ca.crt' : 'tls.crt'): Promise<string> {
    const { status, body } = await cluster.request('GET', `${SYSTEM}/secrets/${name}`);
    return status === 200 ? Buffer.from(body.data[key] ?? '', 'base64').toString() : '';
  }

  async function untilSteered(): Promise<void> {
    await cluster.waitFor('a pod to be steered', async () => {
      const { body } = await cluster.request('POST', '/api/v1/namespaces/shop/pods?dryRun=All', pod('asks'));
      return body?.metadata?.annotations?.['gridgate.dev/decision'] !== undefined || undefined;
    });
  }

  /** Something that changes is heard, decided and written by whoever leads. */
  async function untilLeaderWrites(): Promise<void> {
    const gramsPerKwh = 100 + scenes;
    await cluster.waitFor('a change to be taken', async () => {
      const patch = { spec: { gramsPerKwh } };
      const type = { 'content-type': 'application/merge-patch+json' };
      const { status } = await cluster.request('PATCH', `${REGIONS_PATH}/eu-west`, patch, type);
      return status === 200 || undefined;
    });
    await cluster.waitFor('the leader to write', async () => {
      return (await cluster.region('eu-west')).status?.reading?.gramsPerKwh === gramsPerKwh || undefined;
    });
  }

  async function createRegions(): Promise<void> {
    for (const [name, spec] of Object.entries(REGIONS)) {
      const region = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name }, spec };
      await cluster.send('POST', REGIONS_PATH, region);
    }
  }

  async function regionsStatus(): Promise<number> {
    return (await cluster.request('GET', REGIONS_PATH)).status;
  }

  async function holder(): Promise<string> {
    return (await cluster.send('GET', LEASE)).spec.holderIdentity;
  }

  async function untilOther(before: string): Promise<void> {
    await cluster.waitFor('another leader', async () => !['', before].includes(await holder()) || undefined);
  }

  async function leading(): Promise<{ readonly holder: string; readonly process: GridgateProcess }> {
    const process = await cluster.leader();
    return { holder: await holder(), process };
  }
});

/** Serves the webhook's name with a certificate of its own, and would make every pod privileged. */
async function startImpostor() {
  const now = Date.now();
  const pair = await issueCertificate({ names: [SERVICE], notBefore: now - 60_000, notAfter: now + 3_600_000 });
  const heard: string[] = [];
  let visits = 0;
  const server = createServer(pair, (request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  server.on('connection', () => {
    visits += 1;
  });
  server.listen(0, hostAddress());
  await once(server, 'listening');
  const webhook = `https://${hostAddress()}:${(server.address() as AddressInfo).port}`;
  return {
    heard,
    visited: () => visits,
    slice: sliceFor({ webhook, pid: 0 }),
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}

function bundleHolds(caBundle: string | undefined, authorities: readonly string[]): boolean {
  const held = fingerprints(Buffer.from(caBundle ?? '', 'base64').toString());
  return authorities.length > 0 && authorities.every((one) => held.includes(one));
}

function fingerprints(pem: string): readonly string[] {
  return parseCertificates(pem).map(({ fingerprint }) => fingerprint);
}
