import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { type Finished, finished } from '../process/finished.ts';
import { type Stored, startApi, worldOf, writeKubeconfig } from '../questions/explain/explain-api.ts';
import { NAMESPACES, NODE, REGIONS, writeDocuments } from './world-files.ts';

const FREE = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'c' }] },
};
const PINNED = { ...FREE, spec: { ...FREE.spec, nodeSelector: { [REGION_LABEL]: 'eu-central' } } };

/**
 * `@name` is a file of `writeFiles`. Those that are `alone` run in a process of their own, too, and end the same: each command
 * and each code does once.
 */
export const COMMAND_LINES: readonly (readonly [code: number, line: string, how?: 'alone'])[] = [
  [0, '--help', 'alone'],
  [0, '--version', 'alone'],
  [2, 'frobnicate', 'alone'],
  [0, 'serve --print-config true'],
  [0, 'serve --print-config true --log-format pretty'],
  [2, 'serve --port x', 'alone'],
  [0, 'serve --print-config true --loop-period 45 --scale-up-threshold 0.8'],
  [2, 'serve --loop-period 1s'],
  [2, 'serve --log-format xml'],
  [0, 'admit -f @free --regions @regions --namespaces @namespaces'],
  [1, 'admit -f @pinned --regions @regions --namespaces @namespaces', 'alone'],
  [0, 'admit -f @free --namespaces @namespaces'],
  [0, 'admit -f @free --kubeconfig @cluster', 'alone'],
  [3, 'admit -f @free --kubeconfig @away'],
  [2, 'admit -f @free --kubeconfig @cluster --namespaces @namespaces'],
  [0, 'audit -f @free'],
  [2, 'admit'],
  [0, 'explain pod web -n shop --kubeconfig @cluster', 'alone'],
  [1, 'explain pod web -n shop --kubeconfig @dirty'],
  [2, 'explain pod wob -n shop --kubeconfig @cluster'],
  [3, 'explain pod web -n shop --kubeconfig @away'],
  [0, 'audit -f @free --regions @regions --namespaces @namespaces'],
  [1, 'audit -f @pinned --regions @regions --namespaces @namespaces', 'alone'],
  [2, 'audit -f @regions --regions @free'],
  [2, 'audit -f @free -l app=web'],
  [3, 'audit --live --kubeconfig @away --regions @regions'],
  [0, 'regions --regions @regions'],
  [1, 'regions --regions @unknown --format shell'],
  [0, 'regions'],
  [0, 'regions --regions @regions -o name'],
  [2, 'regions --regions @regions -w'],
  [2, 'regions --regions @free'],
  [2, 'regions --format shell'],
  [3, 'regions --regions @regions --config @dead-source --check', 'alone'],
  [0, 'weights --regions @regions', 'alone'],
  [1, 'weights --regions @unknown'],
  [2, 'weights'],
  [0, 'overlays --carbon-price 0.1 --instance-types @types --regions @regions', 'alone'],
  [2, 'overlays --carbon-price 0.1 --from-cluster --kubeconfig @cluster --explain'],
  [1, 'overlays --carbon-price 0.1 --instance-types @types -f @clashing --regions @regions', 'alone'],
  [2, 'overlays --instance-types @types'],
  [2, 'overlays --carbon-price 0.1'],
  [2, 'overlays --carbon-price 0.1 --from-cluster -f @clashing --kubeconfig @cluster'],
  [2, 'overlays --carbon-price 0.1 --instance-types @regions'],
  [3, 'overlays --carbon-price 0.1 --from-cluster --kubeconfig @away'],
  [0, 'preflight -f @nodes --regions @regions --assume-policy none'],
  [1, 'preflight -f @nodes --regions @regions --baseline-watts 5'],
  [2, 'preflight'],
  [3, 'preflight --kubeconfig @away', 'alone'],
  [0, 'spillover --region us-west --to eu-central --bytes 1e12 --regions @regions', 'alone'],
  [2, 'spillover'],
  [
    3,
    'spillover --region us-west --to eu-central --start 2026-11-20T08:00:00Z --end 2026-11-20T09:00:00Z --prometheus-url http://127.0.0.1:1 --regions @regions',
  ],
  [0, 'budget --kubeconfig @cluster', 'alone'],
  [0, 'budget --by label:app -n shop -o json --kubeconfig @cluster'],
  [0, 'budget -A -n shop --kubeconfig @cluster'],
  [2, 'budget --by color --kubeconfig @cluster'],
  [2, 'budget -n nowhere --kubeconfig @cluster'],
  [3, 'budget --kubeconfig @away'],
  [3, 'budget --prometheus-url http://127.0.0.1:1 --kubeconfig @cluster'],
  [1, 'check --kubeconfig @cluster', 'alone'],
  [2, 'check -n nowhere --kubeconfig @cluster'],
  [3, 'check --kubeconfig @away'],
  [0, 'test manifests/samples'],
  [1, 'test @failing', 'alone'],
  [2, 'test test/questions'],
  [0, 'simulate --intensity eu-north=@series', 'alone'],
  [2, 'simulate'],
  [0, 'wait --region eu-north --regions @regions --print', 'alone'],
  [0, 'wait --region eu-north --regions @regions -- true'],
  [1, 'wait --region eu-north --kubeconfig @cluster -- false', 'alone'],
  [1, 'wait --region eu-north --kubeconfig @away -- false'],
  [2, 'wait', 'alone'],
  [2, 'wait --region eu-south --regions @regions --print'],
  [3, 'wait --region eu-north --config @dead-source --print'],
  [3, 'wait --region eu-north --kubeconfig @away --print', 'alone'],
  [0, 'outage list --kubeconfig @cluster', 'alone'],
  [0, 'outage list --kubeconfig @cluster -o name'],
  [3, 'outage list -w --kubeconfig @away'],
  [2, 'outage set eu-north'],
  [3, 'outage clear eu-north --kubeconfig @away'],
  [0, 'waiting -n shop --kubeconfig @cluster', 'alone'],
  [2, 'waiting -o csv --kubeconfig @cluster'],
  [3, 'waiting -w --kubeconfig @away'],
  [0, 'release --overdue -n shop --kubeconfig @cluster', 'alone'],
  [0, 'release pod/web -n shop --kubeconfig @cluster'],
  [2, 'release pod/wob -n shop --kubeconfig @cluster'],
  [2, 'release --overdue --all --kubeconfig @cluster'],
  [3, 'release --all --yes --kubeconfig @away'],
  [0, 'uninstall --dry-run --kubeconfig @cluster', 'alone'],
  [2, 'uninstall --kubeconfig @cluster'],
  [3, 'uninstall --yes --kubeconfig @away'],
  [0, 'certs --cert-dir @certs', 'alone'],
  [2, 'certs --cert-dir package.json'],
  [0, 'completion bash', 'alone'],
  [2, 'completion tcsh'],
];

const TYPES = [
  { name: 'm5.large', memory: '8Gi', offerings: [{ zone: 'eu-north-a', region: 'eu-north', price: 0.096 }] },
];
/** Two overlays that price the same with one weight. */
const CLASHING = {
  apiVersion: 'v1',
  kind: 'List',
  items: ['one', 'two'].map((name) => ({
    apiVersion: 'karpenter.sh/v1alpha1',
    kind: 'NodeOverlay',
    metadata: { name },
    spec: { weight: 5, price: '0.05', requirements: [] },
  })),
};

/** The words of a line, with the files that it names: of a world where eu-central is too dirty for shop. */
export async function wordsOf(test: TestContext, line: string): Promise<string[]> {
  const files = await writeFiles(test);
  const named = (word: string) => word.replace(/(?<=^|=)@([a-z-]+)$/, (all, name: string) => files[name] ?? all);
  return line.split(' ').map(named);
}

async function writeFiles(test: TestContext): Promise<Readonly<Record<string, string>>> {
  const directory = makeTemporaryDirectory(test);
  const json = (name: string, object: object) => {
    writeFileSync(join(directory, name), JSON.stringify(object));
    return join(directory, name);
  };
  const unknown = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'mars' }, spec: {} };
  const source = { type: 'file', path: join(directory, 'nowhere.json'), signal: 'average-lifecycle' };
  const failing = {
    ...{ now: '2026-11-29T12:00:00Z', regions: { 'eu-north': {} }, namespaces: { shop: { mode: 'enforce' } } },
    cases: [{ name: 'one', pod: FREE, expect: { decision: 'deny' } }],
  };
  return {
    failing: json('gridgate-test.yaml', failing),
    free: json('free.json', FREE),
    pinned: json('pinned.json', PINNED),
    nodes: json('nodes.json', NODE),
    types: json('types.json', TYPES),
    clashing: json('clashing.json', CLASHING),
    unknown: json('unknown.json', unknown),
    'dead-source': json('gridgate.yaml', { sources: [source] }),
    regions: writeDocuments(join(directory, 'regions.yaml'), REGIONS),
    namespaces: writeDocuments(join(directory, 'namespaces.yaml'), NAMESPACES),
    cluster: await startCluster(test, FREE),
    dirty: await startCluster(test, { ...FREE, spec: { ...FREE.spec, nodeSelector: { [REGION_LABEL]: 'us-east' } } }),
    series: writeSeries(join(directory, 'series.csv')),
    away: writeKubeconfig(test, 'http://127.0.0.1:1'),
    certs: join(directory, 'certs'),
  };
}

/** As many hours as a simulation needs. */
function writeSeries(path: string): string {
  const row = (_: unknown, hour: number) => `${new Date(hour * 3_600_000).toISOString()},${200 + (hour % 24)}`;
  writeFileSync(path, `timestamp,gramsPerKwh\n${Array.from({ length: 24 * 40 }, row).join('\n')}\n`);
  return path;
}

/** An API server with this pod, which waits. */
async function startCluster(test: TestContext, pod: object): Promise<string> {
  const pods = [{ ...pod, status: { phase: 'Pending' } } as unknown as Stored];
  return (await startApi(test, { ...worldOf(), '/api/v1/namespaces/shop/pods': pods })).kubeconfig;
}

/** What is another at the second time. */
export function timeless({ code, stdout, stderr }: Finished): Finished {
  const withoutTimes = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'NOW');
  return finished(code, withoutTimes(stdout).replace(/^created: /, 'still valid: '), withoutTimes(stderr));
}
