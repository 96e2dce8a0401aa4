import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { createDeniedOwners, type DeniedOwners } from '../../src/controllers/denied-owners.ts';
import { createOwnerNudger, NUDGED_ANNOTATION } from '../../src/controllers/owner-nudger/controller.ts';
import { REGION_LABEL } from '../builders.ts';
import { CONTROLLERS_ACCOUNT, untilGuarded } from '../cluster/controllers-account.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type Cluster, skip, startCluster } from '../e2e/cluster.ts';
import { REGIONS } from '../e2e/regions-file.ts';

const DIRTY = { nodeSelector: { [REGION_LABEL]: 'us-east' } };
const NAMESPACE = 'stuck';
/** The pause between tries doubles, from 5 ms on, of a Job from 1 s on: after so many none tries again by itself within 20 s. */
const TRIES = { web: 14, db: 14, batch: 6 };
const LONG_MS = 120_000;
const FEW_SECONDS_MS = 15_000;

describe('an owner in backoff after denials', () => {
  const log = pino({ level: 'silent' });
  let cluster: Cluster;
  let api: ReturnType<typeof createApiClient>;
  let deniedOwners: DeniedOwners;
  let nudger: ReturnType<typeof createOwnerNudger>;
  let isClean = false;

  before(async () => {
    if (skip) return;
    cluster = await startCluster();
    await untilGuarded(cluster.controlPlane);
    // With the rights that the controllers have: through its status alone may an owner be written.
    api = createApiClient(loadKubeConfig({ file: cluster.controlPlane.kubeconfigFor(CONTROLLERS_ACCOUNT) }));
    deniedOwners = createDeniedOwners({ api, mayDeny: () => true, log });
    nudger = createOwnerNudger({
      api,
      deniedOwners,
      writer: createApiWriter({ api, mayWrite: () => {} }),
      wouldAdmit: () => isClean,
      mayDeny: () => true,
      now: Date.now,
      log,
    });
  });
  after(async () => {
    await Promise.all([nudger?.stop(), deniedOwners?.stop()]);
    api?.close();
    await cluster?.stop();
  });

  test('gets its pods within seconds of the end of the refusal', { skip }, async (t) => {
    await cluster.createNamespace(NAMESPACE, { mode: 'enforce', 'max-intensity': '250' });
    const { spec } = await cluster.createDeployment(NAMESPACE, 'web', 2, DIRTY);
    const { selector, template } = spec;
    const statefulSet = { metadata: { name: 'db' }, spec: { selector, template, serviceName: 'db', replicas: 1 } };
    await cluster.send('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets`, statefulSet);
    const jobTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } };
    const job = { metadata: { name: 'batch' }, spec: { template: jobTemplate } };
    await cluster.send('POST', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`, job);

    const triesOf = (name: string) =>
      cluster.reviews(NAMESPACE).filter((review) => review.owner.includes(`/${name}`) && review.decision === 'deny')
        .length;
    deniedOwners.start();
    nudger.start(); // refused still: nobody is nudged
    await cluster.waitFor(
      'backoff to grow',
      () => Object.entries(TRIES).every(([name, tries]) => triesOf(name) >= tries) || undefined,
      LONG_MS,
    );
    await cluster.setRegions({ ...REGIONS, 'us-east': 100 });
    isClean = true;
    const startedAt = performance.now();
    nudger.changed();

    await cluster.waitFor('the pods', async () => {
      const names = (await cluster.podsOf(NAMESPACE)).map(({ metadata }) => metadata.name.split('-')[0]);
      return names.sort().join() === 'batch,db,web,web' || undefined;
    });
    const tookMs = performance.now() - startedAt;
    t.diagnostic(`pods came ${Math.round(tookMs)} ms after the change`);
    assert.ok(tookMs < FEW_SECONDS_MS, `${tookMs} ms`);
    for (const kind of ['apps/v1/replicasets', 'apps/v1/statefulsets', 'batch/v1/jobs']) {
      const [group, version, plural] = kind.split('/');
      const path = `/apis/${group}/${version}/namespaces/${NAMESPACE}/${plural}`;
      const [owner]: Rendered[] = (await cluster.send('GET', path)).items;
      assert.match(owner?.metadata.annotations[NUDGED_ANNOTATION], /^\d{4}-\d\d-\d\dT.*Z$/, kind);
    }
  });
});
