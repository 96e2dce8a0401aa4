/** What is kept of input that somebody made to fill the memory: flows, Events, pods and bodies. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { toDenial } from '../../src/controllers/denial.ts';
import { reachableRegions } from '../../src/decision/reachable.ts';
import { makeNode, makePod, makeSnapshot, region, requires, term } from '../builders.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { ask, openTls } from '../webhook/client.ts';
import { startWebhook, stopWebhook } from '../webhook/start-webhook.ts';
import { type Figure, report } from './figures.ts';

interface HostileMemory {
  readonly directory: string;
  readonly smoke: boolean;
}

const MIB = 1024 * 1024;

/** Answers how many results were wrong. */
export async function measureHostileMemory(figures: Figure[], { directory, smoke }: HostileMemory): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const wrong = await measureFlows(figures, directory);
  const events = keptOfEvents(collect);
  tell(figures, 'memory kept of 100 Events of 1 MB', events.keptMb, 10);
  const words = keptOfWords(collect);
  tell(figures, 'memory kept of 120 MB of made-up words in pods', words.keptMb, 100);
  const bodies = await memoryOfBytes(smoke ? 200 : 4_000);
  tell(figures, 'memory of 50 bodies that come byte by byte', bodies, 150);
  return wrong + events.wrong + words.wrong;
}

function tell(figures: Figure[], name: string, value: number, limit: number): void {
  report(figures, { name, value, unit: 'MB', limit, keep: 'at most' });
}

/** More of them than are taken, whose parser's notes alone would fill the memory. */
const CROWDS: Readonly<Record<string, () => string>> = {
  'CSV of good rows': () => `from,to,bytes\n${'us-west-2,eu-central-1,1\n'.repeat(1_000_000)}`,
  'CSV of broken rows': () => `from,to,bytes\n${'a"x,b,1\n'.repeat(1_000_000)}`,
  JSON: () => `[${'1,'.repeat(5_000_000)}1]`,
};
const TELLS_PEAK = 'process.on("exit", () => console.error(process.resourceUsage().maxRSS, "kB"))';

/** In a heap of 256 MB they are refused, not held. */
async function measureFlows(figures: Figure[], directory: string): Promise<number> {
  let wrong = 0;
  for (const [name, text] of Object.entries(CROWDS)) {
    const flows = join(directory, 'flows');
    await writeFile(flows, text());
    const NODE_OPTIONS = `--max-old-space-size=256 --import=data:text/javascript,${encodeURIComponent(TELLS_PEAK)}`;
    const args = ['spillover', '--region', 'us-west-2', '--to', 'eu-central-1', '--from-file', flows];
    const { code, stderr } = await runGridgate(args, { script: 'dist/main.js', env: { NODE_OPTIONS } });
    if (code !== 2 || !/flows: holds more than 100000 flows; sum them up/.test(stderr)) wrong++;
    const [, kilobytes = 'NaN'] = /(\d+) kB$/m.exec(stderr) ?? [];
    tell(figures, `memory to refuse millions of flows in ${name}`, (Number(kilobytes) * 1_024) / 1e6, 400);
  }
  return wrong;
}

/** An Event as large as the API server takes, many times: the words of the denial are kept, and no more. */
function keptOfEvents(collect: () => void) {
  const huge = 'x'.repeat(1_000_000);
  const message = (index: number) =>
    `Error creating: admission webhook "pods.gridgate.dev" denied the request: gridgate refuses pod web-5d7f*: us-east is at 400 gCO2e/kWh [high_carbon]${index}${huge}`;
  const event = (index: number) => ({
    metadata: { name: 'web.18', namespace: 'shop', resourceVersion: '7' },
    involvedObject: { kind: 'ReplicaSet', name: 'web', uid: 'uid-web', namespace: 'shop' },
    reason: 'FailedCreate',
    message: message(index),
    lastTimestamp: '2026-11-22T09:03:00Z',
    eventTime: null,
  });
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 100 }, (_, index) => toDenial(JSON.parse(JSON.stringify(event(index)))));
  collect();
  const keptMb = (process.memoryUsage().heapUsed - before) / 1e6;
  return { keptMb, wrong: kept.filter((one) => one === undefined).length };
}

/** Selectors and terms of words that no node has: answered, not remembered. */
function keptOfWords(collect: () => void) {
  const snapshot = makeSnapshot({ 'eu-a': 100 }, { nodes: [makeNode('n1', 'eu-a')] });
  let wrong = 0;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 300; index++) {
    const long = `${index}${'x'.repeat(200_000)}`;
    const pod = makePod({ nodeSelector: { [long]: long }, ...requires(term(region('In', long, 'eu-a'))) });
    wrong += reachableRegions(pod, snapshot).regions.length;
  }
  collect();
  return { keptMb: (process.memoryUsage().heapUsed - before) / 1e6, wrong };
}

/** The most that the memory grows by, in MB, while so many bytes of each body come in packets of their own and wait for room. */
async function memoryOfBytes(bytes: number): Promise<number> {
  const webhook = await startWebhook();
  const head = `POST /mutate?timeout=30s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${18.5 * MIB}\r\n\r\n`;
  const sockets = await Promise.all(Array.from({ length: 50 }, () => openTls(webhook)));
  for (const socket of sockets) socket.on('error', () => {}).write(head);
  const probe = async () => webhook.app.bodies().large.waiting === 49 || undefined;
  await pollUntil({ what: 'bodies that wait', probe, deadlineMs: 60_000 });
  const used = () => {
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 1e6;
  };
  const before = used();
  let most = 0;
  for (let sent = 0; sent < bytes; sent++) {
    for (const socket of sockets) socket.write(' ');
    if (sent % 100 > 0) continue;
    await ask(webhook, '/mutate', { object: makePod() });
    most = Math.max(most, used());
  }
  const closed = sockets.map((socket) => (socket.destroyed ? undefined : once(socket.destroy(), 'close')));
  await Promise.all(closed);
  await stopWebhook(webhook);
  return most - before;
}
