import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { GridgateProcess } from '../process/gridgate-process.ts';

/** Node's option for a process that can be looked into. */
export const INSPECTED = '--inspect=127.0.0.1:0';

/** What a process holds at one moment, after its garbage is collected. */
export interface Holding {
  readonly heapMb: number;
  readonly externalMb: number;
  readonly rssMb: number;
  /** Open files, and sockets among them. */
  readonly files: number;
  readonly sockets: number;
  /** Whatever libuv works on: sockets, pipes, file watchers, requests. */
  readonly handles: number;
}

/** What only a search of its whole heap can tell. */
export interface Counted {
  /** Timers that are set, also those that keep no process alive. */
  readonly timers: number;
  /** Abort signals that are alive. */
  readonly signals: number;
}

const LONGEST_MS = 60_000;

const HELD = `JSON.stringify({ memory: process.memoryUsage(), resources: process.getActiveResourcesInfo() })`;
/** `this`: every object there is. */
const COUNT = `function () {
  const Timeout = setTimeout(() => {}, 0).constructor;
  const count = (isOne) => this.filter(isOne).length;
  return JSON.stringify({
    timers: count((one) => one instanceof Timeout && !one._destroyed),
    signals: count((one) => one instanceof AbortSignal),
  });
}`;
/** The second takes what finalizers of the first let go. */
const COLLECTIONS = 2;

type Reply = { readonly id?: number; readonly result?: Result; readonly error?: { readonly message: string } };
type Result = {
  readonly result?: { readonly value?: unknown; readonly objectId?: string };
  readonly objects?: { readonly objectId: string };
};

/** Asks a process through Node's inspector; it must have been started with `INSPECTED`. */
export async function inspectProcess(gridgate: GridgateProcess): Promise<Holding> {
  const before = openFiles(gridgate.pid); // the inspector's own connection does not count
  using session = await openSession(gridgate);
  for (let times = 0; times < COLLECTIONS; times++) await session.ask('HeapProfiler.collectGarbage', {});
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
  };
}

/** Takes as long as some ten collections of garbage (seen: 0.5 s of one, 4 to 8 s of this, at a load of 30). */
export async function countObjects(gridgate: GridgateProcess): Promise<Counted> {
  using session = await openSession(gridgate);
  const { result: prototype } = await session.ask('Runtime.evaluate', { expression: 'Object.prototype' });
  const { objects } = await session.ask('Runtime.queryObjects', { prototypeObjectId: prototype?.objectId });
  const { result } = await session.ask('Runtime.callFunctionOn', {
    functionDeclaration: COUNT,
    objectId: objects?.objectId,
    returnByValue: true,
  });
  return JSON.parse(String(result?.value)) as Counted;
}

async function openSession(gridgate: GridgateProcess) {
  const url = gridgate
    .stderr()
    .match(/ws:\/\/\S+/g)
    ?.at(-1); // `serve` begins once more, with another flag
  if (!url) throw new Error('the process has no inspector');
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
    [Symbol.dispose]: () => socket.close(),
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
