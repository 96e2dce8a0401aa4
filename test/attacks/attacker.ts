/** Attacks from a process of its own, so that what it costs to attack delays nobody but the attacked. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { toReview } from '../webhook/reviews.ts';

export interface Attack {
  readonly kind: keyof typeof ATTACKS;
  readonly count: number;
  readonly port: number;
  readonly ca: string;
}

/** How many ended in which way: a status, or `closed`. */
export type Outcomes = Readonly<Record<string, number>>;

interface Sent {
  readonly body: Buffer;
  /** Less than it is: the rest never comes. */
  readonly bytes: number;
  /** It says no length, and comes a byte a chunk. */
  readonly isInCrumbs?: true;
}

const HUGE = 7 * 1024 * 1024;
const SMALL = 256 * 1024;
const CONTAINER = '"containers":[{"name":"main","image":"main"}]';
const POD = `{"metadata":{"name":"web"},"spec":{${CONTAINER}}}`;

function many(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join();
}

function review(object: string): Buffer {
  return Buffer.from(JSON.stringify(toReview({ object: 'OBJECT' })).replace('"OBJECT"', object));
}

function padded(bytes: number): Buffer {
  const body = review(POD);
  return Buffer.concat([body, Buffer.alloc(bytes - body.length, ' ')]);
}

function whole(body: Buffer): Sent {
  return { body, bytes: body.length };
}

function half(body: Buffer): Sent {
  return { body, bytes: body.length >> 1 };
}

function withTerms(count: number): Buffer {
  const terms = many(count, (i) => `{"matchExpressions":[{"key":"pool","operator":"NotIn","values":["p${i}"]}]}`);
  const required = `"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[${terms}]}`;
  return review(`{"metadata":{"name":"web"},"spec":{${CONTAINER},"affinity":{"nodeAffinity":{${required}}}}}`);
}

/** Of this process: another one's are others. */
function keys(count: number): string {
  return many(count, (i) => `"${process.pid.toString(36)}x${i}":""`);
}

/** All as long and nearly the same. */
const LONG_LIST = `{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"topology.kubernetes.io/region","operator":"NotIn","values":[${many(9_000, (i) => `"region-of-a-long-name-${i}"`)}]}]}]}}}`;

const ATTACKS = {
  /** Pods of 1.24 MB that are full of `<`, each of which the API server writes as six bytes. */
  'less-than': () =>
    whole(
      review(`{"metadata":{"name":"web","annotations":{"a":"${'\\u003c'.repeat(1_240_000)}"}},"spec":{${CONTAINER}}}`),
    ),
  terms: () => whole(withTerms(50_000)),
  names: () => whole(review(`{"metadata":{"name":"${'n'.repeat(2_900_000)}"},"spec":{${CONTAINER}}}`)),
  huge: () => whole(padded(HUGE)),
  'huge, half': () => half(padded(HUGE)),
  'small, half': () => half(padded(SMALL)),
  /** Keys that no object had before, which take longest to parse. */
  labels: () => whole(review(`{"metadata":{"name":"web","labels":{${keys(90_000)}}},"spec":{${CONTAINER}}}`)),
  'small, keys': () =>
    whole(review(`{"metadata":{"name":"web"},"spec":{${CONTAINER},"nodeSelector":{${keys(18_000)}}}}`)),
  values: () => whole(review(`{"metadata":{"name":"web"},"spec":{${CONTAINER},"affinity":${LONG_LIST}}}`)),
  crumbs: () => ({ ...half(Buffer.from('1\r\n \r\n'.repeat(80_000))), isInCrumbs: true }),
  /** Connections that ask nothing. */
  idle: () => ({ body: Buffer.alloc(0), bytes: 0 }),
  /** Empty objects, which take most memory for their bytes. */
  objects: () => whole(review(`{"metadata":{"name":"web"},"spec":{"tolerations":[${'{},'.repeat(2_300_000)}{}]}}`)),
} satisfies Record<string, () => Sent>;

process.on('message', (attack: Attack) => {
  void run(attack).then((outcomes) => process.send?.(outcomes));
});

async function run({ kind, count, port, ca }: Attack): Promise<Outcomes> {
  const sent: Sent = ATTACKS[kind]();
  const ends: Promise<string>[] = [];
  const sockets: TLSSocket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca });
    ends.push(endOf(socket));
    sockets.push(socket);
    if (sent.bytes > 0) {
      socket.write(headOf(sent));
      socket.write(sent.body.subarray(0, sent.bytes));
    } else await once(socket, 'secureConnect').catch(() => {});
  }
  // Nobody answers those that ask nothing.
  if (sent.bytes === 0) for (const socket of sockets) socket.destroy();
  const outcomes: Record<string, number> = {};
  for (const end of await Promise.all(ends)) outcomes[end] = (outcomes[end] ?? 0) + 1;
  return outcomes;
}

function headOf({ body, isInCrumbs }: Sent): string {
  const framing = isInCrumbs ? 'transfer-encoding: chunked' : `content-length: ${body.length}`;
  return `POST /mutate?timeout=10s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`;
}

function endOf(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve('closed'));
    socket.once('data', (data) => {
      resolve(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1] ?? 'nonsense');
      socket.destroy();
    });
  });
}
