import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyBudget } from './body-budget.ts';
import { gatherBytes } from './gather-bytes.ts';
import { holdBack } from './hold-back.ts';
import type { TakeTurns } from './one-at-a-time.ts';
import { SHORT_BODY_BYTES } from './prune-body.ts';
import type { RejectionCause } from './rejections.ts';

/** From the first byte that is read; less where the review itself has less time. */
const LONGEST_READ_MS = 3_000;
/** As long as the API server can be told to wait for a webhook. */
const LONGEST_WAIT_MS = 30_000;

export interface Reception {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Bytes of the whole body, as its Content-Length says. */
  readonly length: number;
  /** Time that the review has altogether. */
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
    const bytes = gatherBytes();
    let waiting: NodeJS.Timeout | undefined;
    let letGo = () => {};
    let takeBack = () => {};
    let isReading = false;
    let isOver = false;
    const readMs = Math.min(timeoutMs, LONGEST_READ_MS);
    const place = budget.reserve({ bytes: length, readMs, onRoom: read, onLost: fail });
    if (!isReading) {
      waiting = setTimeout(() => fail('no_room'), Math.min(timeoutMs, LONGEST_WAIT_MS));
      letGo = holdBack(request.socket);
    }
    request.on('data', take);
    request.on('end', finish);
    response.once('close', end);
    return end;

    function read(): void {
      isReading = true;
      clearTimeout(waiting);
      bytes.expect(length);
      letGo();
      if (request.readableEnded) finish();
    }

    function take(chunk: Buffer): void {
      if (isOver) return;
      bytes.add(chunk);
      place.received(chunk.length);
    }

    function finish(): void {
      // What came with its head may be all of it, and still wait for room.
      if (isOver || !isReading) return;
      place.complete();
      if (bytes.count() > SHORT_BODY_BYTES) takeBack = takeTurns(bytes.count(), handOver);
      else handOver();
    }

    function handOver(): void {
      onBody(bytes.take());
    }

    function fail(cause: RejectionCause): void {
      if (isOver) return;
      end();
      onFailure(cause);
    }

    function end(): void {
      isOver = true;
      clearTimeout(waiting);
      takeBack();
      place.release();
      letGo();
    }
  };
}
