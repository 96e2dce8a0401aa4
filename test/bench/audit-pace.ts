/** How fast `gridgate audit` is, and what it takes: 100,000 running pods, and 200 MB of YAML through a pipe. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPodApi } from '../questions/audit/pod-api.ts';
import { type Figure, report } from './figures.ts';
import { regionName } from './workload.ts';

interface AuditPace {
  readonly directory: string;
  /** A file of Regions. */
  readonly regions: string;
  readonly smoke: boolean;
}

const SAMPLED_EVERY_MS = 50;
const MOST_MB = 500;
const LEAST_PODS_PER_SECOND = 2_000;
const PODS_PER_OWNER = 4;
const NAMESPACES = 200;
/** Of the file. */
const REGIONS = 8;
/** The totals stand at the beginning of the report. */
const KEPT_CHARACTERS = 4_096;

/** Answers how many audits had a wrong result. */
export async function measureAuditPace(figures: Figure[], { directory, regions, smoke }: AuditPace): Promise<number> {
  const pods = smoke ? 2_000 : 100_000;
  const megabytes = smoke ? 4 : 200;
  const api = await startPodApi({
    pods: { count: pods, at: podAt },
    lists: { '/api/v1/nodes': nodes(), '/api/v1/namespaces': namespaces() },
    directory,
  });
  const live = await runAudit(['--live', '--kubeconfig', api.kubeconfig, '--regions', regions]);
  await api.stop();
  tell(figures, `audit of ${pods} running pods`, live, pods);

  const documents = documentsOf(megabytes * 1e6);
  const files = await runAudit(['-f', '-', '--regions', regions], documents.text());
  tell(figures, `audit of ${megabytes} MB of YAML`, files, documents.written() * REPLICAS);
  const pace = (megabytes / files.seconds).toFixed(1);
  process.stdout.write(`     ${documents.written()} documents, ${pace} MB/s\n`);
  return [live.pods === pods, files.pods === documents.written() * REPLICAS].filter((isRight) => !isRight).length;
}

interface Audited {
  readonly pods: number | undefined;
  readonly seconds: number;
  readonly peakMb: number;
}

function tell(figures: Figure[], name: string, { seconds, peakMb, pods }: Audited, expected: number): void {
  const limits = { keep: 'at least', limit: LEAST_PODS_PER_SECOND } as const;
  const wrong = pods === expected ? '' : `   WRONG: it counts ${pods} pods`;
  report(figures, { name, value: expected / seconds, unit: 'pods/s', ...limits }, `${seconds.toFixed(1)} s${wrong}`);
  report(figures, {
    name: `memory of the ${name}`,
    value: peakMb,
    unit: 'MB at most',
    limit: MOST_MB,
    keep: 'at most',
  });
}

async function runAudit(args: readonly string[], input?: Iterable<string>): Promise<Audited> {
  const started = performance.now();
  const child = spawn(process.execPath, ['dist/main.js', 'audit', '--output', 'json', ...args], {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const exited = once(child, 'close');
  let begin = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (begin.length < KEPT_CHARACTERS) begin += text;
  });
  const [peakMb] = await Promise.all([watchPeak(child, exited), input && feed(child, input), exited]);
  const totals = /"totals":\s*\{[^}]*?"pods":\s*(\d+)/.exec(begin)?.[1];
  return {
    pods: totals === undefined ? undefined : Number(totals),
    seconds: (performance.now() - started) / 1_000,
    peakMb,
  };
}

/** One that ends early tells so by its answer. */
async function feed({ stdin }: ChildProcess, input: Iterable<string>): Promise<void> {
  if (stdin) await pipeline(Readable.from(input), stdin).catch(() => {});
}

/** The high-water mark of resident memory, which only grows: the last look before the end has nearly all of it. */
async function watchPeak({ pid }: ChildProcess, exited: Promise<unknown>): Promise<number> {
  let peakMb = 0;
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
    if (kilobytes !== undefined) peakMb = (Number(kilobytes) * 1_024) / 1e6;
    await sleep(SAMPLED_EVERY_MS);
  }
  return peakMb;
}

function nodes(): readonly object[] {
  return Array.from({ length: 1_000 }, (_, index) => ({
    metadata: { name: `node-${index}`, labels: { 'topology.kubernetes.io/region': regionOf(index) } },
  }));
}

function namespaces(): readonly object[] {
  return Array.from({ length: NAMESPACES }, (_, index) => ({
    metadata: {
      name: `team-${index}`,
      resourceVersion: String(index),
      annotations: { 'gridgate.dev/mode': 'enforce' },
    },
  }));
}

function regionOf(index: number): string {
  return regionName(index % REGIONS);
}

/** About as large as kubectl shows one: 6 KB, most of it of no interest to us. */
function podAt(index: number): object {
  const owner = Math.floor(index / PODS_PER_OWNER);
  const hash = (owner * 2_654_435_761).toString(36).slice(-9);
  const name = `service-${owner}`;
  const env = Array.from({ length: 20 }, (_, at) => ({ name: `SETTING_${at}`, value: `${name}-${at}-`.repeat(4) }));
  return {
    metadata: {
      name: `${name}-${hash}-${index}`,
      namespace: `team-${owner % NAMESPACES}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      creationTimestamp: '2026-11-22T09:00:00Z',
      labels: { app: name, 'pod-template-hash': hash },
      annotations: { 'example.com/config': `${name} `.repeat(20), 'gridgate.dev/decision': '{"reason":"steered"}' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${hash}`, controller: true }],
      managedFields: [{ manager: 'kube-controller-manager', fieldsV1: { 'f:spec': { 'f:containers': env } } }],
    },
    spec: {
      nodeName: `node-${index % 1_000}`,
      ...(owner % 3 === 0 && { nodeSelector: { 'topology.kubernetes.io/region': regionOf(owner) } }),
      containers: [
        {
          name: 'main',
          image: `registry.example.com/${name}:1.${owner}`,
          env,
          resources: { requests: { cpu: `${100 + (owner % 40) * 50}m`, memory: `${128 * (1 + (owner % 16))}Mi` } },
        },
      ],
      volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
    },
    status: { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const REPLICAS = 3;

/** Deployments as `helm template` prints them, 2 KB each, until there are so many bytes. */
function documentsOf(bytes: number) {
  let written = 0;
  function* text(): Generator<string> {
    for (let left = bytes; left > 0; written++) {
      const document = deploymentText(written);
      left -= document.length;
      yield document;
    }
  }
  return { text, written: () => written };
}

function deploymentText(index: number): string {
  const env = Array.from(
    { length: 16 },
    (_, at) => `            - name: SETTING_${at}\n              value: "${`service-${index}-`.repeat(3)}"\n`,
  ).join('');
  const selector =
    index % 3 === 0 ? `      nodeSelector:\n        topology.kubernetes.io/region: ${regionOf(index)}\n` : '';
  return `---
# Source: chart/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-${index}
  namespace: team-${index % NAMESPACES}
  labels:
    app.kubernetes.io/name: service-${index}
    app.kubernetes.io/managed-by: Helm
spec:
  replicas: ${REPLICAS}
  selector:
    matchLabels:
      app: service-${index}
  template:
    metadata:
      labels:
        app: service-${index}
      annotations:
        example.com/notes: |
          a block of text
          --- that looks like a separator
    spec:
${selector}      containers:
        - name: main
          image: "registry.example.com/service-${index}:1.0"
          env:
${env}          resources:
            requests:
              cpu: ${100 + (index % 40) * 50}m
              memory: ${128 * (1 + (index % 16))}Mi
`;
}
