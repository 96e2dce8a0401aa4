import type { RejectionCause } from './rejections.ts';

/** A place in the budget for the bytes of one body. */
export interface Reservation {
  /** So many bytes have come by now. */
  received(bytes: number): void;
  /** The whole body is here: its sender can no longer delay it. */
  complete(): void;
  /** Gives the place back; a second call does nothing. */
  release(): void;
}

interface Wish {
  readonly bytes: number;
  /** How long it may take to come once there is room, milliseconds. */
  readonly readMs: number;
  /** Called once, at once where there is room. */
  readonly onRoom: () => void;
  /**
   * It took too long, or others wait and nothing has come for a while: called instead of going on. The place is given
   * back already.
   */
  readonly onLost: (why: Extract<RejectionCause, 'slow_body' | 'stalled_body'>) => void;
}

export interface BodyBudget {
  reserve(wish: Wish): Reservation;
  /** Bytes reserved, and how many wait for room, by lane. */
  readonly state: () => Readonly<Record<Lane, { readonly bytes: number; readonly waiting: number }>>;
}

type Lane = 'small' | 'large';

/** The longest body that is read: what the API server can send of an object that it takes, each `<` as six bytes. */
export const MOST_BODY_BYTES = 20 * 1024 * 1024;
/** Bodies up to this size have a budget of their own: an ordinary review, of 7 KB, never waits for a huge one. */
export const SMALL_BODY_BYTES = 256 * 1024;
const SMALL_BUDGET_BYTES = 16 * 1024 * 1024;
const LARGE_BUDGET_BYTES = 48 * 1024 * 1024;
/** The last quarter of a budget is for bodies of at most an eighth of its largest: many large ones leave room for them. */
const HEADROOM = 1 / 4;
const MODEST = 1 / 8;

const LOOK_MS = 50;
/**
 * Looks without progress after which a sender counts as stalled; a turn of the loop that takes long is one look. Ordinary
 * reviews come whole and have no time to lose; of a large one something may be lost on its way.
 */
const PATIENCE_LOOKS = { small: 5, large: 20 } as const;
/** Progress is a part of the body, or so many bytes. */
const PART = 1 / 16;
const ENOUGH_BYTES = 64 * 1024;

interface Place extends Wish {
  state: 'waiting' | 'reading' | 'complete' | 'released';
  /** When it has taken too long; set once there is room. */
  lateAt: number;
  received: number;
  /** Bytes that had come when the sender last made progress. */
  seen: number;
  looks: number;
}

interface Queue {
  readonly budget: number;
  readonly modestBytes: number;
  readonly patience: number;
  bytes: number;
  /**
   * Smallest first, of equal ones the newest first: whoever has waited long was probably given up by the API server, or
   * never meant it.
   */
  waiting: Place[];
  readonly reading: Set<Place>;
}

/**
 * How many bytes of bodies are in memory at once. Each reserves its length before it is read, and waits its turn: nobody
 * is refused. The smallest goes first, of equal ones the newest. While somebody waits, whoever holds a place and sends nothing loses it.
 */
export function createBodyBudget(largestBytes: number): BodyBudget {
  const lanes: Readonly<Record<Lane, Queue>> = {
    small: openQueue(SMALL_BUDGET_BYTES, SMALL_BODY_BYTES, PATIENCE_LOOKS.small),
    large: openQueue(LARGE_BUDGET_BYTES, largestBytes, PATIENCE_LOOKS.large),
  };
  let looking: NodeJS.Timeout | undefined;

  function reserve(wish: Wish): Reservation {
    const queue = lanes[wish.bytes <= SMALL_BODY_BYTES ? 'small' : 'large'];
    const place: Place = { ...wish, state: 'waiting', lateAt: 0, received: 0, seen: 0, looks: 0 };
    if (queue.waiting.length === 0 && fits(queue, place)) admit(queue, place);
    else {
      insert(queue.waiting, place);
      admitWaiting(queue);
    }
    look();
    return {
      received(bytes) {
        place.received += bytes;
      },
      complete() {
        if (place.state === 'reading') place.state = 'complete';
        queue.reading.delete(place);
      },
      release: () => release(queue, place),
    };
  }

  /** One timer for all bodies, and none where there is no body: nearly all are here before it has run once. */
  function look(): void {
    if (looking || !(isBusy(lanes.small) || isBusy(lanes.large))) return;
    looking = setTimeout(() => {
      looking = undefined;
      const now = performance.now();
      dismiss(lanes.small, now);
      dismiss(lanes.large, now);
      look();
    }, LOOK_MS).unref();
  }

  return { reserve, state: () => ({ small: stateOf(lanes.small), large: stateOf(lanes.large) }) };
}

function openQueue(budget: number, largestBytes: number, patience: number): Queue {
  return { budget, modestBytes: largestBytes * MODEST, patience, bytes: 0, waiting: [], reading: new Set() };
}

function stateOf({ bytes, waiting }: Queue): { bytes: number; waiting: number } {
  return { bytes, waiting: waiting.length };
}

function fits({ budget, modestBytes, bytes }: Queue, place: Place): boolean {
  return bytes + place.bytes <= (place.bytes <= modestBytes ? budget : budget * (1 - HEADROOM));
}

function admit(queue: Queue, place: Place): void {
  queue.bytes += place.bytes;
  queue.reading.add(place);
  place.state = 'reading';
  place.lateAt = performance.now() + place.readMs;
  place.onRoom();
}

function admitWaiting(queue: Queue): void {
  for (let [next] = queue.waiting; next && fits(queue, next); [next] = queue.waiting) {
    queue.waiting.shift();
    admit(queue, next);
  }
}

function insert(waiting: Place[], place: Place): void {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((waiting[middle]?.bytes ?? 0) < place.bytes) low = middle + 1;
    else high = middle;
  }
  waiting.splice(low, 0, place);
}

function release(queue: Queue, place: Place): void {
  if (place.state === 'released') return;
  if (place.state === 'waiting') queue.waiting.splice(queue.waiting.indexOf(place), 1);
  else {
    queue.bytes -= place.bytes;
    queue.reading.delete(place);
  }
  place.state = 'released';
  if (queue.waiting.length > 0) admitWaiting(queue);
}

function isBusy({ waiting, reading }: Queue): boolean {
  return waiting.length > 0 || reading.size > 0;
}

function dismiss(queue: Queue, now: number): void {
  const othersWait = queue.waiting.length > 0;
  for (const place of [...queue.reading]) {
    const isLate = now >= place.lateAt;
    const hasStalled = othersWait && isStalled(place, queue.patience);
    // Admitting a waiting body can finish others of this list.
    if (!(isLate || hasStalled) || place.state !== 'reading') continue;
    release(queue, place);
    place.onLost(isLate ? 'slow_body' : 'stalled_body');
  }
}

function isStalled(place: Place, patience: number): boolean {
  if (place.received - place.seen >= Math.min(ENOUGH_BYTES, place.bytes * PART)) {
    place.seen = place.received;
    place.looks = 0;
  } else place.looks += 1;
  return place.looks >= patience;
}
