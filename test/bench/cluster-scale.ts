import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { type Figure, median, report } from './figures.ts';
import { inTurns, type Rounds } from './in-turns.ts';
import type { Load } from './load.ts';
import { residentMb, SERVER_CPU } from './processes.ts';
import { regionName, writeNamespaces, writeRegions, writeReviews } from './workload.ts';

interface ClusterScale {
  readonly directory: string;
  readonly smoke: boolean;
  readonly rounds: Rounds;
  /** Of a round. */
  readonly seconds: number;
  /** Absent: what needs it is left out. */
  readonly load: Load | undefined;
}

const REGIONS = 200;
const ZONES = 20;
/** Of what is created at once: each request has a deadline. */
const BATCH = 500;
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const REGIONS_PATH = '/apis/gridgate.dev/v1alpha1/regions';
const FOLLOWED_MS = 20_000;

/** A large cluster on a real API server: how soon gridgate is ready, what it holds, what it serves, what it asks. */
export async function measureClusterScale(figures: Figure[], options: ClusterScale): Promise<void> {
  const { directory, smoke, seconds, load } = options;
  const [namespaces, nodes] = smoke ? [200, 50] : [10_000, 5_000];
  const files = {
    regions: await writeRegions(directory, REGIONS),
    namespaces: await writeNamespaces(directory, namespaces, 500),
    bodiesFile: await writeReviews(directory, 2_000, namespaces),
  };
  await using controlPlane = await startControlPlane({ workers: ['kwok'], deadlineMs: 180_000 });
  await fill(controlPlane, files, nodes);
  const provider = await startGridProvider();
  const config = join(directory, 'scale.yaml');
  const sources = [{ type: 'electricity-maps', token: { env: 'TOKEN' }, url: provider.url }];
  await writeFile(config, stringify({ sources }));
  const certificate = ['--cert-file', join(directory, 'tls.crt'), '--key-file', join(directory, 'tls.key')];
  const inCluster = ['--kubeconfig', controlPlane.kubeconfig, '--config', config, '--shutdown-delay', '0'];
  const begin = (args: readonly string[], name: string) =>
    startGridgate({
      args: [...args, ...certificate],
      env: { TOKEN: 'bench' },
      cpu: SERVER_CPU,
      compiled: true,
      logFile: join(directory, `${name}.log`),
    });

  const started = performance.now();
  const replica = await begin(inCluster, 'replica');
  await untilReady(controlPlane, replica);
  const size = `${REGIONS} regions, ${namespaces} namespaces, ${nodes} nodes`;
  const readySeconds = (performance.now() - started) / 1000;
  report(figures, { name: `ready with ${size}`, value: readySeconds, unit: 's', limit: 10, keep: 'at most' });

  const second = await begin(inCluster, 'second');
  const alone = await begin(['--regions', files.regions, '--namespaces', files.namespaces], 'alone');
  if (load) {
    const { bodiesFile } = files;
    const pairs = await inTurns(
      options.rounds,
      () => load({ url: `${alone.webhook}/mutate`, pid: alone.pid, bodiesFile, seconds }),
      () => load({ url: `${replica.webhook}/mutate`, pid: replica.pid, bodiesFile, seconds }),
    );
    const value = median(pairs.map(([one, other]) => other.requestsPerSecond / one.requestsPerSecond));
    const throughput = { name: `throughput with ${size}, in a cluster`, value, unit: 'of stand-alone' };
    report(figures, { ...throughput, limit: 0.9, keep: 'at least' });
  }
  await alone.end();
  const memory = { name: `memory with ${size}`, value: await residentMb(replica.pid), unit: 'MB resident' };
  report(figures, { ...memory, limit: 300, keep: 'at most' });

  await measureCalls(figures, controlPlane, provider);
  await Promise.all([replica.end(), second.end()]);
  await provider[Symbol.asyncDispose]();
}

/** Every region changes from a fixed value to its zone's, ten regions a zone, while two replicas look on. */
async function measureCalls(figures: Figure[], controlPlane: ControlPlane, provider: GridProvider): Promise<void> {
  const began = performance.now();
  for (let index = 0; index < REGIONS; index++) {
    const spec = { gramsPerKwh: null, gridZone: `ZONE-${index % ZONES}` };
    await controlPlane.request('PATCH', `${REGIONS_PATH}/${regionName(index)}`, { spec }, MERGE_PATCH);
  }
  await controlPlane.waitFor('the regions to be measured', async () => {
    const { body } = await controlPlane.request('GET', REGIONS_PATH);
    const measured = body.items.filter((item: Measured) => item.status?.reading?.source === 'electricity-maps');
    return measured.length === REGIONS || undefined;
  });
  const left = FOLLOWED_MS - (performance.now() - began);
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  const callsByZone = Map.groupBy(provider.asked, ({ zone }) => zone);
  const most = Math.max(...[...callsByZone.values()].map(({ length }) => length));
  const name = `most calls to a source for one zone, ${REGIONS} regions in ${ZONES} zones, 2 replicas, within 5 minutes`;
  report(figures, { name, value: most, unit: 'calls', limit: 1, keep: 'at most' });
}

interface Measured {
  readonly status?: { readonly reading?: { readonly source: string } };
}

async function fill(controlPlane: ControlPlane, files: Record<'regions' | 'namespaces', string>, nodes: number) {
  const { code, stderr } = await controlPlane.kubectl(['apply', '-k', 'manifests/crd']);
  if (code !== 0) throw new Error(stderr);
  const { request } = controlPlane;
  // Where the Lease is.
  await request('POST', '/api/v1/namespaces', { metadata: { name: 'gridgate-system' } });
  await controlPlane.waitFor(
    'the Region resource',
    async () => (await request('GET', REGIONS_PATH)).status === 200 || undefined,
  );
  await createAll(controlPlane, REGIONS_PATH, await itemsOf(files.regions));
  await createAll(controlPlane, '/api/v1/namespaces', await itemsOf(files.namespaces));
  for (let index = 0; index < nodes; index += BATCH)
    await controlPlane.addNodes(
      Array.from({ length: Math.min(BATCH, nodes - index) }, (_, offset) => ({
        name: `node-${index + offset}`,
        labels: { 'topology.kubernetes.io/region': regionName((index + offset) % REGIONS) },
      })),
    );
}

async function itemsOf(file: string): Promise<readonly object[]> {
  return JSON.parse(await readFile(file, 'utf8')).items;
}

async function createAll({ request }: ControlPlane, path: string, objects: readonly object[]): Promise<void> {
  for (let index = 0; index < objects.length; index += BATCH) {
    const answers = await Promise.all(
      objects.slice(index, index + BATCH).map((object) => request('POST', path, object)),
    );
    const refused = answers.find(({ status }) => status !== 201);
    if (refused) throw new Error(`creating in ${path} answers ${refused.status}: ${JSON.stringify(refused.body)}`);
  }
}

function untilReady({ waitFor }: ControlPlane, { operators }: GridgateProcess): Promise<true> {
  return waitFor('gridgate to be ready', async () => (await fetch(`${operators}/readyz`)).ok || undefined);
}
