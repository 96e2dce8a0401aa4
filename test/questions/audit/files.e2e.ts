import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AuditedWorkload, AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { REGION_LABEL } from '../../builders.ts';
import { skip } from '../../control-plane/assets.ts';
import { type LiveCluster, startLiveCluster } from '../../e2e/live-cluster.ts';
import { deployment, namespace, pod } from '../../e2e/objects.ts';
import { runGridgate } from '../../process/run-gridgate.ts';

/** `us-east-1` is above the default ceiling of 300. */
const REGIONS = {
  'eu-north-1': { gramsPerKwh: 40 },
  'eu-west-3': { gramsPerKwh: 50 },
  'us-east-1': { gramsPerKwh: 379.1 },
};
const inRegion = (region: string) => ({ nodeSelector: { [REGION_LABEL]: region } });

describe('gridgate audit of what kubectl prints', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (!skip) cluster = await startLiveCluster({ regions: REGIONS });
  });
  after(() => cluster?.stop());

  test('answers what the webhook then does, with the policies and nodes of the cluster', { skip }, async () => {
    // Namespaces are off while their workloads are made: nothing is denied or steered yet.
    for (const name of ['shop', 'lab']) await apply(namespace(name, {}));
    const workloads = [
      deployment('free', 2),
      deployment('pinned', 1, inRegion('us-east-1')),
      deployment('clean', 1, inRegion('eu-west-3')),
    ];
    for (const name of ['shop', 'lab']) for (const workload of workloads) await apply(workload, name);
    await annotate('shop', 'enforce');
    await annotate('lab', 'audit');

    const printed = await cluster.kubectl(['get', 'deploy', '-n', 'shop', '-o', 'json']);
    const ofLab = await cluster.kubectl(['get', 'deploy', '-n', 'lab', '-o', 'json']);
    const finished = await runGridgate(
      ['audit', '-f', '-', '--kubeconfig', cluster.controlPlane.kubeconfig, '--output', 'json'],
      { input: printed.stdout + ofLab.stdout },
    );
    assert.equal(finished.code, 1, finished.stderr);
    const report = JSON.parse(finished.stdout) as AuditReport;
    const found = report.workloads.map(({ namespace, name, mode, decision, reason, denied, region }) => [
      ...[`${namespace}/${name}`, mode, decision, reason, denied, region],
    ]);
    assert.deepEqual(found, [
      ['shop/clean', 'enforce', 'allow', 'acceptable', false, 'eu-west-3'],
      ['shop/free', 'enforce', 'steer', 'steered', false, 'eu-north-1'],
      ['shop/pinned', 'enforce', 'deny', 'high_carbon', true, null],
      ['lab/clean', 'audit', 'allow', 'acceptable', false, 'eu-west-3'],
      ['lab/free', 'audit', 'steer', 'steered', false, 'eu-north-1'],
      ['lab/pinned', 'audit', 'deny', 'high_carbon', false, null],
    ]);

    for (const workload of report.workloads) await assertWebhookAgrees(workload);
  });

  async function assertWebhookAgrees({ namespace: where, name, denied, message }: AuditedWorkload): Promise<void> {
    const spec = name === 'free' ? {} : inRegion(name === 'pinned' ? 'us-east-1' : 'eu-west-3');
    const path = `/api/v1/namespaces/${where}/pods?dryRun=All`;
    const answer = await cluster.request('POST', path, pod(`${name}-x`, spec));
    assert.equal(answer.status === 403, denied, `${where}/${name}: ${answer.status}`);
    // The names of the pods differ, and so may the age of the reading.
    const why = message.split(': ')[1]?.split(' (')[0] ?? 'nothing';
    if (denied) assert.ok(JSON.stringify(answer.body).includes(why), JSON.stringify(answer.body));
  }

  async function apply(object: object, where?: string): Promise<void> {
    const args = ['apply', '-f', '-', ...(where === undefined ? [] : ['-n', where])];
    const { code, stderr } = await cluster.kubectl(args, JSON.stringify(object));
    assert.equal(code, 0, stderr);
  }

  /** And waits until the webhook is called for the namespace. */
  async function annotate(name: string, mode: string): Promise<void> {
    const { code, stderr } = await cluster.kubectl(['annotate', 'namespace', name, `gridgate.dev/mode=${mode}`]);
    assert.equal(code, 0, stderr);
    await cluster.waitFor(`the label of ${name}`, async () => {
      const { stdout } = await cluster.kubectl(['get', 'namespace', name, '-o', 'json']);
      return JSON.parse(stdout).metadata.labels?.['gridgate.dev/managed'] === 'true' || undefined;
    });
  }
});
