interface Turn {
  readonly size: number;
  readonly run: () => void;
}

/** Has work done, or answers a function that takes it back while it waits. */
export type TakeTurns = (size: number, run: () => void) => () => void;

/**
 * Runs one piece of work in a turn of the event loop, the smallest that waits: parsing a huge body takes its time, and what
 * is small gets in between.
 */
export function createTurns(): TakeTurns {
  const waiting: Turn[] = [];
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || waiting.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      let next = 0;
      waiting.forEach(({ size }, index) => {
        if (size < (waiting[next]?.size ?? 0)) next = index;
      });
      const [turn] = waiting.splice(next, 1);
      schedule();
      turn?.run();
    });
  }

  return (size, run) => {
    const turn = { size, run };
    waiting.push(turn);
    schedule();
    return () => {
      const index = waiting.indexOf(turn);
      if (index >= 0) waiting.splice(index, 1);
    };
  };
}
