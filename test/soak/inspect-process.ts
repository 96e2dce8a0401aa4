import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { GridgateProcess } from '../process/gridgate-process.ts';

/** For a process that can be looked into. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

/** What a process holds at one moment, after its garbage is collected. */
export interface Holding {
  readonly heapMb: number;
  readonly externalMb: number;
  readonly rssMb: number;
  /** Open files, and sockets among them. */
  readonly files: number;
  readonly sockets: number;
  /** Timers that are set, also those that keep no process alive. */
  readonly timers: number;
  /** Whatever libuv works on: sockets, pipes, file watchers, requests. */
  readonly handles: number;
  /** Abort signals that are alive. */
  readonly signals: number;
}

const LONGEST_MS = 60_000;

const HELD = `JSON.stringify({ memory: process.memoryUsage(), resources: process.getActiveResourcesInfo() })`;
/** An object of each kind, for its prototype. */
const KINDS = {
  timers: 'Object.getPrototypeOf(setTimeout(() => {}, 0))',
  signals: 'AbortSignal.prototype',
} as const;
const COUNTED = 'function () { return this.filter((one) => !one._destroyed).length }';

type Reply = { readonly id?: number; readonly result?: Result; readonly error?: { readonly message: string } };
type Result = {
  readonly result?: { readonly value?: unknown; readonly objectId?: string };
  readonly objects?: { readonly objectId: string };
};

/** Asks a process through Node's inspector; it must have been started with `INSPECTED`. */
export async function inspectProcess(gridgate: GridgateProcess): Promise<Holding> {
  const before = openFiles(gridgate.pid); // the inspector's own connection does not count
  const url = gridgate
    .stderr()
    .match(/ws:\/\/\S+/g)
    ?.at(-1); // `serve` begins once more, with another flag
  if (!url) throw new Error('the process has no inspector');
  const session = await openSession(url);
  try {
    const counted: Record<string, number> = {};
    // Each collects garbage first, and so also what the finalizers of the one before let go.
    for (const [kind, expression] of Object.entries(KINDS)) counted[kind] = await countAlive(session, expression);
    const held = await session.ask('Runtime.evaluate', { expression: HELD, returnByValue: true });
    const { memory, resources } = JSON.parse(String(held.result?.value)) as {
      memory: NodeJS.MemoryUsage;
      resources: string[];
    };
    return {
      heapMb: memory.heapUsed / 1e6,
      externalMb: memory.external / 1e6,
      rssMb: residentMb(gridgate.pid),
      files: before.length,
      sockets: before.filter((link) => link.startsWith('socket:')).length,
      handles: resources.filter((name) => name !== 'Timeout' && name !== 'Immediate').length,
      timers: counted['timers'] ?? 0,
      signals: counted['signals'] ?? 0,
    };
  } finally {
    session.close();
  }
}

type Session = Awaited<ReturnType<typeof openSession>>;

async function countAlive({ ask }: Session, expression: string): Promise<number> {
  const objectGroup = 'counted';
  const { result: prototype } = await ask('Runtime.evaluate', { expression, objectGroup });
  const { objects } = await ask('Runtime.queryObjects', { prototypeObjectId: prototype?.objectId, objectGroup });
  const { result } = await ask('Runtime.callFunctionOn', {
    functionDeclaration: COUNTED,
    objectId: objects?.objectId,
    returnByValue: true,
  });
  await ask('Runtime.releaseObjectGroup', { objectGroup });
  return Number(result?.value);
}

async function openSession(url: string) {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<Result>>();
  let asked = 0;
  const fail = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(why));
  };
  socket.addEventListener('message', ({ data }) => {
    const { id = 0, result, error } = JSON.parse(String(data)) as Reply;
    if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result ?? {});
    waiting.delete(id);
  });
  socket.addEventListener('close', () => fail('the inspector hung up'));
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`no inspector on ${url}`)), { once: true });
  });
  return {
    ask(method: string, params: object): Promise<Result> {
      const answer = Promise.withResolvers<Result>();
      waiting.set(++asked, answer);
      setTimeout(() => answer.reject(new Error(`the inspector does not answer ${method}`)), LONGEST_MS).unref();
      socket.send(JSON.stringify({ id: asked, method, params }));
      return answer.promise;
    },
    close: () => socket.close(),
  };
}

/** What the file descriptors of a process lead to. */
function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${descriptor}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function residentMb(pid: number): number {
  return (Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024) / 1e6;
}
