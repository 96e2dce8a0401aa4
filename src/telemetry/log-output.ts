import { fstatSync, writeSync } from 'node:fs';
import { escapeUnseen } from '../units/legible.ts';
import { type Metric, oneSeries } from './metric.ts';

/** Where log lines go. Nothing here ever waits for a reader, but at the very end, and then not for long. */
export interface LogOutput {
  write(line: string): void;
  /** Calls back once every line so far is written or dropped, or a second has passed without either. */
  flush(done?: () => void): void;
  /** Lines that could not be written: nobody reads, or there is no room where they go. */
  dropped(): number;
}

/** Counts the lines that an output has dropped. */
export function droppedLines({ dropped }: Pick<LogOutput, 'dropped'>): Metric {
  return {
    type: 'counter',
    name: 'gridgate_log_lines_dropped_total',
    help: 'Log lines that could not be written, since nobody reads stdout or there is no room',
    labelNames: [],
    read: () => oneSeries(dropped()),
  };
}

interface OutputOptions {
  readonly fd?: number;
  /** As `writeSync` of node:fs; throws EAGAIN where it would have to wait. */
  readonly write?: (fd: number, bytes: Buffer) => number;
}

const GATHERED_CHARACTERS = 65_536;
const RELEASE_INTERVAL_MS = 200;
const RETRY_MS = 20;
/** What waits for a reader; beyond it the newest lines are dropped. */
const MOST_WAITING_BYTES = 1_024 * 1_024;
const FLUSH_PATIENCE_MS = 1_000;
const EXIT_PATIENCE_MS = 500;
const PAUSE_AT_EXIT_MS = 5;
const NEWLINE = 0x0a;

/**
 * Writes lines to stdout. One line per decision is logged on the request path, and a write each would cost more than the
 * decision: they are gathered for at most 200 ms. Writes happen on this thread: one on libuv's pool that waits for a
 * reader would keep the process from ending.
 */
export function createLogOutput({ fd = 1, write = writeSync }: OutputOptions = {}): LogOutput {
  makeNonBlocking(fd);
  let gathered = '';
  /** Whole lines, but for the first, of which a part may be written already. */
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isMidLine = false;
  let droppedLines = 0;
  let retries = false;
  let onDone: (() => void)[] = [];

  function release(): void {
    if (gathered !== '') {
      const bytes = Buffer.from(forTerminal(gathered));
      gathered = '';
      waiting.push(bytes);
      waitingBytes += bytes.length;
    }
    pump();
  }

  /** Writes what can be written without waiting. */
  function pump(): void {
    try {
      for (let next = waiting[0]; next; next = waiting[0]) advance(next, write(fd, next));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') later();
      else dropWaiting();
    }
    settle();
  }

  function advance(bytes: Buffer, written: number): void {
    waitingBytes -= written;
    isMidLine = written > 0 ? bytes[written - 1] !== NEWLINE : isMidLine;
    if (written === bytes.length) waiting.shift();
    else waiting[0] = bytes.subarray(written);
  }

  function later(): void {
    if (retries) return;
    retries = true;
    setTimeout(() => {
      retries = false;
      pump();
    }, RETRY_MS).unref();
  }

  function dropWaiting(): void {
    for (const bytes of waiting) droppedLines += countLines(bytes);
    // The rest of a line of which some is written would otherwise run into the next one.
    waiting = isMidLine ? [Buffer.from('\n')] : [];
    waitingBytes = waiting.length;
    if (!isMidLine) return;
    isMidLine = false;
    later();
  }

  function settle(): void {
    if (waiting.length > 0) return;
    const done = onDone;
    onDone = [];
    for (const call of done) call();
  }

  function flush(done: () => void = () => {}): void {
    const patience = setTimeout(finish, FLUSH_PATIENCE_MS);
    function finish(): void {
      clearTimeout(patience);
      onDone = onDone.filter((call) => call !== finish);
      done();
    }
    onDone.push(finish);
    release();
  }

  /** Gives a reader a moment to make room before the process ends. */
  function writeLast(): void {
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    let left = waitingBytes;
    release();
    for (let waitedMs = 0; waiting.length > 0 && waitedMs < EXIT_PATIENCE_MS; waitedMs += PAUSE_AT_EXIT_MS) {
      if (waitingBytes < left) waitedMs = 0;
      left = waitingBytes;
      Atomics.wait(sleeper, 0, 0, PAUSE_AT_EXIT_MS);
      pump();
    }
  }

  setInterval(release, RELEASE_INTERVAL_MS).unref();
  process.on('beforeExit', release);
  process.on('exit', writeLast);
  return {
    write(line) {
      if (waitingBytes + gathered.length > MOST_WAITING_BYTES) droppedLines += 1;
      else gathered += line;
      if (gathered.length >= GATHERED_CHARACTERS) release();
    },
    flush,
    dropped: () => droppedLines,
  };
}

/** JSON escapes the first control characters alone, and names hold any others; plain text, which nearly all of it is, costs one look. */
function forTerminal(lines: string): string {
  return PLAIN.test(lines) ? lines : escapeUnseen(lines, 'json');
}

const PLAIN = /^[\n -~]*$/;

/** Pipes wait for their reader otherwise; opening one as a stream is what makes it stop that. Files never wait. */
function makeNonBlocking(fd: number): void {
  if (fd !== 1) return;
  try {
    const stat = fstatSync(fd);
    if (stat.isFIFO() || stat.isSocket()) process.stdout.on('error', () => {});
  } catch {} // closed: each write will say so, and its lines are counted
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
