import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BodyBudget, SMALL_BODY_BYTES } from './body-budget.ts';
import type { TakeTurns } from './one-at-a-time.ts';
import type { RejectionCause } from './rejections.ts';

/** The longest body that is read: what the API server can send of an object that it takes, each `<` as six bytes. */
export const MOST_BODY_BYTES = 20 * 1024 * 1024;
/** From the first byte that is read; less where the review itself has less time. */
const LONGEST_READ_MS = 3_000;
/** As long as the API server can be told to wait for a webhook. */
const LONGEST_WAIT_MS = 30_000;

export interface Reception {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `undefined`: it comes in chunks. */
  readonly length: number | undefined;
  /** What the review has altogether. */
  readonly timeoutMs: number;
  readonly onBody: (body: Buffer) => void;
  /** Called at most once, instead of `onBody`. */
  readonly onFailure: (cause: RejectionCause) => void;
}

/** Reads a body once there is room for it; answers what gives the room back, which a closed connection does as well. */
export type ReceiveBody = (reception: Reception) => () => void;

interface ReceiverDeps {
  readonly budget: BodyBudget;
  readonly takeTurns: TakeTurns;
}

export function createBodyReceiver({ budget, takeTurns }: ReceiverDeps): ReceiveBody {
  return ({ request, response, length, timeoutMs, onBody, onFailure }) => {
    // Without a length it may be as long as any.
    const reserved = length ?? MOST_BODY_BYTES;
    const isLarge = reserved > SMALL_BODY_BYTES;
    const bytes = gatherBytes(isLarge ? length : undefined);
    let timer: NodeJS.Timeout | undefined;
    let takeBack = () => {};
    let isOver = false;
    const place = budget.reserve({ bytes: reserved, onRoom: read, onStalled: () => fail('stalled_body') });
    // Not before there is room: where it is at once, this would be a timer more for each review.
    if (!timer) timer = setTimeout(() => fail('no_room'), Math.min(timeoutMs, LONGEST_WAIT_MS));

    function read(): void {
      clearTimeout(timer);
      timer = setTimeout(() => fail('slow_body'), Math.min(timeoutMs, LONGEST_READ_MS));
      request.on('data', take);
      request.on('end', finish);
    }

    function take(chunk: Buffer): void {
      if (isOver) return;
      place.received(chunk.length);
      if (bytes.add(chunk) > reserved) fail('too_large');
    }

    function finish(): void {
      if (isOver) return;
      clearTimeout(timer);
      place.complete();
      if (isLarge) takeBack = takeTurns(bytes.count(), handOver);
      else handOver();
    }

    function handOver(): void {
      onBody(bytes.whole());
      bytes.free();
    }

    function fail(cause: RejectionCause): void {
      if (isOver) return;
      end();
      onFailure(cause);
    }

    function end(): void {
      isOver = true;
      clearTimeout(timer);
      takeBack();
      place.release();
    }

    response.once('close', end);
    return end;
  };
}

interface Bytes {
  /** Answers how many there are now. */
  add(chunk: Buffer): number;
  count(): number;
  whole(): Buffer;
  /** The memory of a huge body is worth not waiting for the garbage collector. */
  free(): void;
}

/** Chunks, or one piece of memory where a large length is known: it takes no more of it than has come. */
function gatherBytes(length: number | undefined): Bytes {
  let chunks: Buffer[] = [];
  let memory: Buffer | undefined;
  let count = 0;
  return {
    add(chunk) {
      if (length === undefined) chunks.push(chunk);
      else {
        memory ??= Buffer.allocUnsafeSlow(length);
        chunk.copy(memory, count);
      }
      count += chunk.length;
      return count;
    },
    count: () => count,
    whole() {
      if (memory) return memory;
      const [first] = chunks;
      return first && chunks.length === 1 ? first : Buffer.concat(chunks);
    },
    free() {
      chunks = [];
      if (memory) (memory.buffer as ArrayBuffer).transfer(0);
      memory = undefined;
    },
  };
}
