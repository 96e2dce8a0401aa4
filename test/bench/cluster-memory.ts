import { join } from 'node:path';
import { startControlPlane } from '../control-plane/start.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { type Figure, report } from './figures.ts';
import { residentMb, SERVER_CPU } from './processes.ts';

interface ClusterMemory {
  readonly bodiesFile: string;
  readonly regions: string;
  readonly directory: string;
  readonly reviews: number;
  readonly loadReviews: (server: GridgateProcess, bodiesFile: string, count: number) => Promise<void>;
}

/** Resident memory beside a real API server. */
export async function measureClusterMemory(figures: Figure[], options: ClusterMemory): Promise<void> {
  const { bodiesFile, regions, directory, reviews, loadReviews } = options;
  await using controlPlane = await startControlPlane({ workers: [] });
  await controlPlane.request('POST', '/api/v1/namespaces', {
    metadata: {
      name: 'shop',
      labels: { 'gridgate.dev/managed': 'true' },
      annotations: { 'gridgate.dev/mode': 'enforce' },
    },
  });
  const args = [
    '--roles',
    'webhook',
    '--regions',
    regions,
    '--kubeconfig',
    controlPlane.kubeconfig,
    '--cert-dir',
    directory,
    '--shutdown-delay',
    '0',
  ];
  const server = await startGridgate({
    args,
    cpu: SERVER_CPU,
    compiled: true,
    logFile: join(directory, 'cluster.log'),
  });
  await controlPlane.waitFor('gridgate ready', async () => (await fetch(`${server.operators}/readyz`)).ok || undefined);
  await loadReviews(server, bodiesFile, reviews);
  const early = await residentMb(server.pid);
  await loadReviews(server, bodiesFile, 2 * reviews);
  const late = await residentMb(server.pid);
  await server.end();
  const name = `memory in a cluster after ${3 * reviews} reviews`;
  report(figures, { name, value: late, unit: 'MB resident', limit: 230, keep: 'at most' });
  report(figures, {
    name: `${name}, against ${reviews}`,
    value: late / early,
    unit: 'times',
    limit: 1.05,
    keep: 'at most',
  });
}
