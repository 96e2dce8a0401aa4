import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { namespaceYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { prefixed } from '../../e2e/objects.ts';
import { runCommand } from '../../process/run-command.ts';
import { startPodApi } from './pod-api.ts';

const HOUR_MS = 3_600_000;

it('gridgate audit counts what would wait for a cleaner hour, and nothing that cannot', async (t) => {
  const directory = makeTemporaryDirectory(t);
  const from = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const forecast = Array.from({ length: 24 }, (_, hour) => ({
    from: new Date(from + hour * HOUR_MS).toISOString(),
    gramsPerKwh: hour >= 6 ? 100 : 400,
  }));
  const write = (name: string, ...objects: readonly object[]) =>
    writeDocuments(
      join(directory, name),
      objects.map((object) => `${JSON.stringify(object)}\n`),
    );
  const regions = write('regions.yaml', {
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'Region',
    metadata: { name: 'us-east-1' },
    status: { forecast },
  });
  const workload = (kind: string, name: string, podSpec: object, labels: object = {}) => ({
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace: 'lab' },
    spec: {
      template: {
        metadata: { labels, annotations: { 'gridgate.dev/class': 'flexible' } },
        spec: { containers: [{ name: 'c' }], ...podSpec },
      },
    },
  });
  const never = { restartPolicy: 'Never' };
  const files = write(
    'workloads.yaml',
    workload('Job', 'train', never),
    workload('Job', 'queued', never, { 'kueue.x-k8s.io/queue-name': 'q' }),
    workload('Deployment', 'web', {}),
  );
  const namespaces = join(directory, 'namespaces.yaml');
  writeFileSync(namespaces, namespaceYaml('lab', { mode: 'enforce', defer: '12h', 'max-intensity': '500' }));
  const args = ['audit', '-f', files, '--regions', regions, '--namespaces', namespaces];
  assert.match((await runCommand(args)).stdout, /^ +Would wait +1 workload, made now, for a cleaner hour$/m);
  const { workloads, totals } = JSON.parse((await runCommand([...args, '-o', 'json'])).stdout);
  assert.equal(totals.wouldWait, 1);
  const byName = Object.fromEntries(workloads.map((one: { name: string; waits: object }) => [one.name, one.waits]));
  assert.deepEqual([byName['queued'], byName['web'], byName['train'].expected], [null, null, 100]);
});

it('gridgate audit --live counts Jobs that run and would wait, made again, whichever way their namespace has them wait', async (t) => {
  const directory = makeTemporaryDirectory(t);
  const from = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const forecast = Array.from({ length: 24 }, (_, hour) => ({
    from: new Date(from + hour * HOUR_MS).toISOString(),
    gramsPerKwh: hour >= 6 ? 100 : 400,
  }));
  const region = {
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'Region',
    metadata: { name: 'us-east-1' },
    status: { forecast },
  };
  const regions = writeDocuments(join(directory, 'regions.yaml'), [`${JSON.stringify(region)}\n`]);
  const namespaces = { gated: 'gate', suspended: 'suspend' };
  const names = Object.keys(namespaces);
  const api = await startPodApi({
    pods: {
      count: names.length,
      at: (index) => ({
        metadata: {
          name: 'train-1',
          namespace: names[index],
          uid: `uid-${index}`,
          annotations: { 'gridgate.dev/class': 'flexible' },
          ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'train', uid: 'uid-job', controller: true }],
        },
        spec: { nodeName: 'node-1', restartPolicy: 'Never', containers: [{ name: 'c' }] },
        status: { phase: 'Running' },
      }),
    },
    lists: {
      '/api/v1/namespaces': Object.entries(namespaces).map(([name, by]) => ({
        metadata: {
          name,
          resourceVersion: '1',
          annotations: prefixed({ mode: 'enforce', defer: '12h', 'max-intensity': '500', 'defer-by': by }),
        },
      })),
      '/api/v1/nodes': [{ metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/region': 'us-east-1' } } }],
    },
    directory,
  });
  t.after(api.stop);
  const args = ['audit', '--live', '--kubeconfig', api.kubeconfig, '--regions', regions, '-o', 'json'];
  const { workloads } = JSON.parse((await runCommand(args)).stdout);
  const waits = workloads.map((one: { namespace: string; waits: { expected: number } | null }) => [
    one.namespace,
    one.waits?.expected,
  ]);
  assert.deepEqual(
    waits.sort(),
    names.map((name) => [name, 100]),
  );
});
