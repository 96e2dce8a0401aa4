import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { type Figure, median, report, round } from './figures.ts';
import { DISTINCT_SELECTORS, FLEET_CLASSES, FLEET_REGIONS, fleetConstraints } from './fleet.ts';
import { inTurns, type Rounds } from './in-turns.ts';
import type { Load } from './load.ts';
import { type NodeApi, startNodeApi } from './node-api.ts';
import { residentMb, SERVER_CPU } from './processes.ts';
import { writeNamespaces, writeRegions, writeReviews } from './workload.ts';

interface NodeScale {
  /** Where the certificate is, and files may go. */
  readonly directory: string;
  readonly smoke: boolean;
  readonly rounds: Rounds;
  /** Of a round. */
  readonly seconds: number;
  readonly load: Load;
}

const NAMESPACES = 1_000;
const POLICIES = 100;

/**
 * The nodes of a large cluster, whole and never at rest, and pods of which every one asks for some of them, against the same
 * reviews, regions and namespaces without a cluster.
 */
export async function measureNodeScale(figures: Figure[], options: NodeScale): Promise<void> {
  const { directory, smoke, seconds, load } = options;
  const nodes = smoke ? 400 : 5_000;
  const files = join(directory, 'fleet');
  await mkdir(files);
  const regions = await writeRegions(files, FLEET_REGIONS);
  const namespaces = await writeNamespaces(files, NAMESPACES, POLICIES);
  const bodiesFile = await writeReviews(files, 2 * DISTINCT_SELECTORS, NAMESPACES, fleetConstraints);
  const api = await startNodeApi({ nodes, namespaces: await itemsOf(namespaces), directory: files });
  const begin = (name: string, args: readonly string[]) =>
    startGridgate({
      args: [...args, '--regions', regions, '--cert-dir', directory],
      cpu: SERVER_CPU,
      compiled: true,
      logFile: join(files, `${name}.log`),
    });
  const replica = await begin('replica', inCluster(api));
  await untilReady(replica);
  const alone = await begin('alone', ['--namespaces', namespaces]);
  const measure = ({ webhook, pid }: GridgateProcess) => load({ url: `${webhook}/mutate`, pid, bodiesFile, seconds });
  const pairs = await inTurns(
    options.rounds,
    () => measure(alone),
    () => measure(replica),
  );
  const ratio = (key: 'requestsPerSecond' | 'microseconds') =>
    median(pairs.map(([one, other]) => other[key] / one[key]));
  await alone.end();
  const resident = await residentMb(replica.pid);
  const { heartbeats, changes } = api.sent();
  await replica.end();
  await api.stop();

  const size = `${nodes} whole nodes that report and change, ${FLEET_CLASSES} classes, ${DISTINCT_SELECTORS} selectors`;
  report(
    figures,
    {
      name: `throughput with ${size}`,
      value: ratio('requestsPerSecond'),
      unit: 'of no cluster',
      limit: 0.9,
      keep: 'at least',
    },
    `${round(ratio('microseconds'))} times the processor time a review, ${heartbeats} heartbeats, ${changes} changes`,
  );
  report(figures, { name: `memory with ${size}`, value: resident, unit: 'MB resident', limit: 300, keep: 'at most' });
}

function inCluster({ kubeconfig }: NodeApi): readonly string[] {
  return ['--roles', 'webhook', '--kubeconfig', kubeconfig, '--shutdown-delay', '0'];
}

async function untilReady({ operators }: GridgateProcess): Promise<void> {
  while (!(await fetch(`${operators}/readyz`)).ok) await sleep(50);
}

async function itemsOf(file: string): Promise<readonly object[]> {
  return JSON.parse(await readFile(file, 'utf8')).items;
}
