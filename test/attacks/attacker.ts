/** Attacks from a process of its own, so that what it costs to attack delays nobody but the attacked. */
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
  /** Empty objects, which take most memory for their bytes. */
  objects: () => whole(review(`{"metadata":{"name":"web"},"spec":{"tolerations":[${'{},'.repeat(2_300_000)}{}]}}`)),
} satisfies Record<string, () => Sent>;

process.on('message', (attack: Attack) => {
  void run(attack).then((outcomes) => process.send?.(outcomes));
});

async function run({ kind, count, port, ca }: Attack): Promise<Outcomes> {
  const { body, bytes } = ATTACKS[kind]();
  const head = `POST /mutate?timeout=10s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const ends = Array.from({ length: count }, async () => {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca });
    socket.write(head);
    socket.write(body.subarray(0, bytes));
    return endOf(socket);
  });
  const outcomes: Record<string, number> = {};
  for (const end of await Promise.all(ends)) outcomes[end] = (outcomes[end] ?? 0) + 1;
  return outcomes;
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
